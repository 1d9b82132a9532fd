// What else Exim writes, known by its first words: the end of a message, freezing and thawing, queue runs, start and
// stop, warnings and troubles of its own. The words are those of the log_write(…LOG_MAIN…) calls in Exim's sources.
#include <algorithm>
#include <array>

#include "parsers/exim_line.h"
#include "parsers/scan.h"

namespace mtalens::exim {
namespace {

struct Words {
  std::string_view head;
  Ended ended = Ended::none;
};

constexpr auto kDeleted = Ended::deleted;

// Sorted, so that only those with the line's first letter are looked at.
constexpr std::array kWords{
    Words{"\"discard\" verb not allowed in "},
    Words{"\"drop\" verb not allowed in "},
    Words{"\"timeout_dns\" is no longer available "},
    Words{"*** Frozen"},
    Words{"*WARNING*"},
    Words{"2nd fork for serialized ETRN failed: "},
    Words{"ACL \"warn\" with \"message\" setting found "},
    Words{"ACL for "},
    Words{"ALPN unusable "},
    Words{"ARC: "},
    Words{"Abandon queue run: "},
    Words{"Attempt to exec tainted path: "},
    Words{"Bad db record size "},
    Words{"Bad expansion for socks_proxy "},
    Words{"CNAME loop for "},
    Words{"Child mail process returned status "},
    Words{"Connection aborted; STARTTLS support by "},
    Words{"Could not "},
    Words{"Couldn't "},
    Words{"DANE attempt failed; "},
    Words{"DANE error: "},
    Words{"DCC: "},
    Words{"DKIM: "},
    Words{"DMARC "},
    Words{"DNS list lookup "},
    Words{"Delivery deferred by system filter"},
    Words{"Delivery status for "},
    Words{"Duplicate lookup name "},
    Words{"EHLO/HELO response must not contain newlines"},
    Words{"End '"},
    Words{"End queue run: "},
    Words{"Error in "},
    Words{"Error loading "},
    Words{"Error reading spool file "},
    Words{"Error while "},
    Words{"Error/short write "},
    Words{"Exim configuration error"},
    Words{"Expansion of "},
    Words{"Failed "},
    Words{"Format error in spool file "},
    Words{"Frozen"},
    Words{"Header modification in data ACLs will not take effect"},
    Words{"IPv4 socket creation failed: "},
    Words{"IPv6 socket creation failed: "},
    Words{"Lookup module "},
    Words{"MIME acl condition warning"},
    Words{"Message abandoned: "},
    Words{"Message is frozen"},
    Words{"Message removed because older than ", kDeleted},
    Words{"More than one path given in log_file_path"},
    Words{"No server certificate defined"},
    Words{"OCSP "},
    Words{"PRDR "},
    Words{"Process failed ("},
    Words{"Received TLS cert status response"},
    Words{"Removed by ", kDeleted},
    Words{"Required TLS certificate status not received"},
    Words{"Rewrite of "},
    Words{"SEGV_"},
    Words{"SIGINT received while reading local message"},
    Words{"SIGSEGV "},
    Words{"SIGTERM received while reading local message"},
    Words{"SSL channel closed on write"},
    Words{"SSL verify denied by event-action: "},
    Words{"SSL_write"},
    Words{"Server certificate revoked"},
    Words{"Server certificate status unknown"},
    Words{"Setting IPV6_V6ONLY "},
    Words{"Spool error "},
    Words{"Spool error:"},
    Words{"Spool file "},
    Words{"Spool write error"},
    Words{"Start '"},
    Words{"Start ODMR '"},
    Words{"Start ODMR queue run: "},
    Words{"Start queue run: "},
    Words{"Stat failed on "},
    Words{"TLS ALPN ("},
    Words{"TLS cache "},
    Words{"TLS client "},
    Words{"TLS error ("},
    Words{"TLS error in certificate "},
    Words{"Tainted "},
    Words{"Temporary error with DCC: "},
    Words{"Timeout on nmh lookup "},
    Words{"Unable to "},
    Words{"Unfrozen by "},
    Words{"Unknown DCC response: "},
    Words{"Unrecognised socks auth method "},
    Words{"WARNING: "},
    Words{"Warning: "},
    Words{"Write failed "},
    Words{"Wrong header from DCC"},
    Words{"Wrong ownership on "},
    Words{"acl_smtp_mime: "},
    Words{"address <"},
    Words{"already initialised GnuTLS"},
    Words{"arc: "},
    Words{"attempt to open journal for reading gave: "},
    Words{"attempt to use tainted "},
    Words{"attempt to used tainted "},
    Words{"backtrace"},
    Words{"bad addresses found in headers"},
    Words{"bad local_part "},
    Words{"bad memory reference"},
    Words{"bad protocol option in transport: "},
    Words{"bad router variable name "},
    Words{"bad value for "},
    Words{"bind of ["},
    Words{"bounce_message_file is not "},
    Words{"callout transport "},
    Words{"cancelled by ", kDeleted},
    Words{"cannot "},
    Words{"chown("},
    Words{"configured error code starts with incorrect digit "},
    Words{"could not "},
    Words{"cwd="},
    Words{"daemon: "},
    Words{"debug tag may not contain "},
    Words{"debugging Exim in inetd wait mode starting"},
    Words{"delivery re-exec "},
    Words{"delivery setrlimit("},
    Words{"dlfunc{"},
    Words{"dmarc: "},
    Words{"dns_again_means_nonexist recursion "},
    Words{"dnslist query is too long"},
    Words{"dnslists domain "},
    Words{"dnssec fail on SRV for "},
    Words{"exim user lost privilege "},
    Words{"expansion of "},
    Words{"failed to "},
    Words{"failure to "},
    Words{"fork of "},
    Words{"frozen by "},
    Words{"getrlimit("},
    Words{"getsockname() failed: "},
    Words{"home directory \""},
    Words{"host name alias list truncated"},
    Words{"ident connection to "},
    Words{"internal error: "},
    Words{"internal scanner error (ignored): "},
    Words{"invalid message_size_limit: "},
    Words{"invalid return "},
    Words{"link(\""},
    Words{"list matching forced to fail: "},
    Words{"listen backlog "},
    Words{"local_scan() function "},
    Words{"log directory space check failed: "},
    Words{"lost connection "},
    Words{"malware acl condition: "},
    Words{"mime_regex acl condition "},
    Words{"moved from "},
    Words{"nmh lookup: "},
    Words{"no @ found in the subject of an address list match: "},
    Words{"no host name found for IP address "},
    Words{"no immediate delivery: "},
    Words{"no recipients found in headers"},
    Words{"notify triggered queue run"},
    Words{"null conn-context pointer"},
    Words{"original recipients ignored (system filter)"},
    Words{"partial matching is not applicable "},
    Words{"peer close after all rcpt responses"},
    Words{"qualify/rewrite: "},
    Words{"queue run: "},
    Words{"re-exec of exim "},
    Words{"readsock fdopen: "},
    Words{"recipient <"},
    Words{"recipient verify "},
    Words{"redirection internal problem in "},
    Words{"regex acl condition"},
    Words{"remote delivery process count got out of step"},
    Words{"remote host address is the local host: "},
    Words{"removed by ", kDeleted},
    Words{"rescind the above message-accept", kDeleted},
    Words{"responsible-mailbox truncated"},
    Words{"rewrite rule repeat ignored "},
    Words{"rmdir("},
    Words{"routing loop for "},
    Words{"sender address changed to <"},
    Words{"sender verify "},
    Words{"setrlimit("},
    Words{"setsockopt("},
    Words{"setup fail for "},
    Words{"shadow transport "},
    Words{"signing: "},
    Words{"signing_init: "},
    Words{"smtp-wait database entry for "},
    Words{"socket bind() to port "},
    Words{"socks auth failed"},
    Words{"socks_"},
    Words{"spam acl condition: "},
    Words{"spool directory space check failed: "},
    Words{"string too large in smtp_printf()"},
    Words{"syntax error "},
    Words{"tainted search query "},
    Words{"timed out while reading local message"},
    Words{"tls_verify_certificates "},
    Words{"too many lookups open"},
    Words{"transferred from "},
    Words{"unable to "},
    Words{"unfrozen by "},
    Words{"unknown item in dnslist"},
    Words{"unknown log name "},
    Words{"unknown named"},
    Words{"unlink("},
    Words{"warn_message_file is not "},
    Words{"writing error "},
};

constexpr bool is_before(const Words& a, const Words& b) {
  return a.head < b.head;
}
static_assert(std::is_sorted(kWords.begin(), kWords.end(), is_before));

// Where the words of each first letter begin in kWords.
constexpr auto kFirstOf = [] {
  std::array<std::uint16_t, 129> first{};
  for (std::size_t letter = 0; letter < first.size(); ++letter) {
    std::size_t at = 0;
    while (at < kWords.size() && static_cast<unsigned char>(kWords[at].head.front()) < letter)
      ++at;
    first[letter] = static_cast<std::uint16_t>(at);
  }
  return first;
}();

const Words* find_words(std::string_view text) {
  const auto letter = static_cast<unsigned char>(text.front());
  if (letter >= 128) return nullptr;
  for (std::size_t at = kFirstOf[letter]; at < kFirstOf[letter + 1]; ++at) {
    if (text.starts_with(kWords[at].head)) return &kWords[at];
  }
  return nullptr;
}

// exim 4.96 daemon started: pid=…, -q30m, listening for SMTP on port 25 (IPv4). SIGHUP has it start anew, too.
bool is_start(std::string_view text) {
  if (!scan::take(text, "exim ")) return false;
  take_value(text);
  return scan::starts(text, " daemon started: ");
}

// exim 4.96 daemon terminating, pid 123: SIGHUP received, 3 select() failures
bool is_daemon_line(std::string_view text) {
  if (scan::take(text, "exim ")) {
    take_value(text);
    return scan::starts(text, " daemon terminating");
  }
  if (scan::take(text, "pid ")) {
    take_value(text);
    return scan::starts(text, " SIG");
  }
  if (!scan::take_number(text)) return false;
  return scan::starts(text, " select() failure") || scan::starts(text, " accept() failure") ||
         scan::starts(text, " poll() failure");
}

// [192.0.2.1] SSL verify error: depth=0 error=self signed certificate cert=/CN=…
bool is_address_line(std::string_view text) {
  Host host;
  if (!text.starts_with('[') || !take_host(text, host) || !scan::take(text, " ")) return false;
  const auto verb = text;
  take_value(text);
  return scan::starts(verb, "SSL verify error") || scan::starts(text, " verify denied by event-action: ") ||
         scan::starts(text, " Received TLS cert (DN: ") || scan::starts(verb, "after QUIT, client reset TCP ");
}

// Process 1234 crashed with signal 11 while delivering …, Long A lookup for 'a.example': 5123 msec
bool is_about_process_or_lookup(std::string_view text) {
  if (scan::take(text, "process ") || scan::take(text, "Process ")) {
    take_value(text);
    return scan::starts(text, " crashed with signal ") || scan::starts(text, " finished: not found in ");
  }
  if (!scan::take(text, "Long ")) return false;
  take_value(text);
  return scan::starts(text, " lookup for '");
}

// Ci=1234 SMTP peer appears to have seen our banner
bool is_banner_line(std::string_view text) {
  if (!scan::take(text, "Ci=")) return false;
  take_value(text);
  return scan::starts(text, " SMTP peer appears to have ");
}

// The name of a router, a transport or a list first, then Exim's words.
bool is_driver_line(std::string_view text) {
  take_value(text);
  if (scan::take(text, " router: ")) {
    return scan::starts(text, "skipped error: ") || scan::starts(text, "reroute string ");
  }
  return scan::starts(text, " router failed to expand ") ||
         scan::starts(text, " transport process vanished unexpectedly") ||
         scan::starts(text, " transport process returned non-zero status ");
}

// `jo@a.example: error ignored`, `jo@a.example <list@a.example>: error ignored…`, `<jo@a.example>: t1 transport output:
// …`, `jo@a.example is …: accepted by +include_unknown`
bool is_about_address(std::string_view text) {
  if (text.front() == '<') {
    if (!scan::take_angle(text) || !scan::take(text, ": ")) return false;
    const auto words = text;
    take_value(text);
    return scan::starts(text, " transport output: ") || scan::starts(words, "failed to expand transport's ");
  }
  if (text.ends_with(": accepted by +include_unknown") || text.ends_with(": accepted by +include_defer")) return true;
  const auto error = text.find(": error ignored");
  return error != std::string_view::npos && text.substr(0, error).find('@') != std::string_view::npos;
}

// "new" from env-from rewritten as "old" by rule 1: log_selector = +address_rewrite
bool is_rewriting(std::string_view text) {
  if (!take_quoted(text) || !scan::take(text, " from ")) return false;
  return text.find(" rewritten as \"") != std::string_view::npos ||
         text.find(" rewritten with (address part of) \"") != std::string_view::npos;
}

bool is_known_shape(std::string_view text) {
  return is_daemon_line(text) || is_address_line(text) || is_about_process_or_lookup(text) || is_banner_line(text) ||
         is_driver_line(text) || is_about_address(text) || is_rewriting(text);
}

// Completed, Completed QT=3m2s
bool parse_end(const Line& line, std::vector<Event>& events) {
  auto text = line.text;
  if (!scan::take(text, "Completed")) return false;
  const bool has_time = scan::take(text, " QT=");
  if (!has_time && !text.empty()) return false;
  Event& event = append(events, line, EventKind::ended);
  event.ended = Ended::removed;
  if (has_time) event.delay_us = duration_us(text);
  return true;
}

}  // namespace

bool parse_words(const Line& line, std::vector<Event>& events) {
  const auto text = line.text;
  if (text.empty()) return false;
  if (!line.queue_id.empty() && parse_end(line, events)) return true;
  if (is_start(text)) {
    append(events, line, EventKind::restart).reply = text;
    return true;
  }
  const Words* words = find_words(text);
  const bool ends = words != nullptr && words->ended != Ended::none;
  if (ends && line.queue_id.empty()) return false;  // these are said of a message
  if (words == nullptr && !is_known_shape(text)) return false;
  Event& event = append(events, line, ends ? EventKind::ended : EventKind::note);
  if (ends) event.ended = words->ended;
  event.reply = text;
  return true;
}

}  // namespace mtalens::exim

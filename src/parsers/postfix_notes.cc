// Everything else that Postfix says in words we know: warnings and errors by Postfix's own severities (msg(3)),
// statistics, start and stop, and what single programs tell of themselves.
//
//   warning: problem talking to service private/scache: Application error
//   statistics: max connection rate 1/60s for (smtpd:192.0.2.7) at Oct 26 18:13:50
//   daemon started -- version 3.7.11, configuration /etc/postfix
#include "parsers/postfix_line.h"

namespace mtalens::postfix {
namespace {

using scan::take;

bool add_note(const Line& line) {
  add(line, EventKind::note);
  return true;
}

bool begins_with_any(std::string_view text, std::initializer_list<std::string_view> beginnings) {
  for (const auto begin : beginnings) {
    if (text.starts_with(begin)) return true;
  }
  return false;
}

// What any of the programs may say.
bool parse_common(const Line& line) {
  const auto text = line.text;
  if (scan::starts(text, "table ")) {  // table hash:/etc/postfix/x(0,lock|fold_fix) has changed -- restarting
    return (text.ends_with(" has changed -- restarting") ||
            text.ends_with(" has changed - finishing in the background")) &&
           add_note(line);
  }
  if (scan::starts(text, "cache ")) {  // cache btree:/var/lib/postfix/x full cleanup: retained=242 dropped=7 entries
    return text.find(" cleanup: retained=") != std::string_view::npos && add_note(line);
  }
  return begins_with_any(text,
                         {"statistics: ", "using backwards-compatible default", "using using backwards-compatible",
                          "discarding EHLO keywords: ", "skipping address family ", "redirecting ",
                          "running: ", "close database ", "Run-time linked against Berkeley DB: "}) &&
         add_note(line);
}

bool parse_master(const Line& line) {
  if (begins_with_any(line.text, {"daemon started -- version ", "reload -- version "})) {
    add(line, EventKind::restart);
    return true;
  }
  return begins_with_any(line.text, {"terminating on signal ", "master exit time has arrived",
                                     "ignoring status update from child pid "}) &&
         add_note(line);
}

// `postfix start`, `stop`, …: the script, or the command itself under the bare tag.
bool parse_script(const Line& line) {
  static constexpr std::string_view kEnd = " the Postfix mail system";
  const auto text = line.text;
  for (const auto verb : {"starting", "stopping", "refreshing", "aborting"}) {
    if (text.starts_with(verb) && text.substr(std::string_view(verb).size()).starts_with(kEnd)) return add_note(line);
  }
  return begins_with_any(text, {"waiting for the Postfix mail system to terminate", "the Postfix mail system is ",
                                "Postfix is running with backwards-compatible default settings",
                                "Postfix is using backwards-compatible default settings", "See http://www.postfix.org/",
                                "See https://www.postfix.org/", "To disable backwards compatibility use "}) &&
         add_note(line);
}

bool parse_postsuper_summary(const Line& line) {
  return begins_with_any(line.text, {"Deleted: ", "Requeued: ", "Placed on hold: ", "Released from hold: ",
                                     "Force-expired: ", "Renamed to match inode number: "}) &&
         add_note(line);
}

// An SMTP client about the message at hand or the host it talks to, beyond what parse_smtp_trouble reads.
bool parse_smtp_client(const Line& line) {
  return begins_with_any(
             line.text, {"TLS is required, ", "Server certificate not ", "enabling PIX workarounds: ",
                         "breaking line > ", "Sender requested REQUIRETLS", "replace: ", "prepend: ", "strip: ",
                         "warn: ", "info: ", "pass: ", "SMTPS wrappermode (TCP port 465) requires setting ",
                         "CLIENT wrappermode (port smtps/465) ", "instead, send to (port submission/587) with STARTTLS",
                         "unable to look up host ", "Host or domain name not found. ", "mail for ",
                         "network address conversion failed", "skipping SRV lookup"}) &&
         add_note(line);
}

// postscreen's and smtpd's notes that begin with the client: host[address]: replacing command "…" with "…"
bool parse_client_note(const Line& line) {
  auto rest = line.text;
  const auto peer = take_peer(rest);
  if (!peer || !take(rest, ": ")) return false;
  if (!begins_with_any(rest, {"replacing command \"", "discarding EHLO keywords: ", "reply filter "})) return false;
  Event& event = add(line, EventKind::note);
  event.client = peer->host;
  event.client_address = peer->address;
  return true;
}

bool parse_postscreen_state(const Line& line) {
  return begins_with_any(line.text, {"entering STRESS mode with ", "leaving STRESS mode with "}) && add_note(line);
}

// The SPF policy servers that log under Postfix's tag.
bool parse_spf_policy(const Line& line) {
  auto rest = line.text;
  take(rest, ": ");
  return begins_with_any(rest, {"Policy action=", "SPF ", "handler ", "prepend Received-SPF: ",
                                "prepend Authentication-Results: ", "Pass;", "None;", "Neutral;", "Softfail;", "Fail;",
                                "Permerror;", "Temperror;", "550 5.7.23 ", "451 4.7.24 ", "action=", "spfcheck: "}) &&
         add_note(line);
}

// Notes of one message from whatever program: what a failed bounce or a hand-over to another transport leaves behind.
bool parse_queued_note(const Line& line) {
  if (line.queue_id.empty()) return false;
  return begins_with_any(line.text, {"status=deferred (", "passing <", "replacing command ", "replacing server reply ",
                                     "reply filter "}) &&
         add_note(line);
}

bool parse_by_daemon(const Line& line) {
  switch (line.daemon) {
    case Daemon::smtp:
    case Daemon::lmtp:
      return parse_smtp_client(line) ||
             (scan::starts(line.text, "host ") && line.text.ends_with(" offers SMTPUTF8 support, but not 8BITMIME") &&
              add_note(line));
    case Daemon::smtpd:
      return parse_client_note(line) || (scan::starts(line.text, "mapping DSN status ") && add_note(line));
    case Daemon::postscreen:
      return parse_postscreen_state(line) || parse_client_note(line);
    case Daemon::master:
      return parse_master(line);
    case Daemon::script:
    case Daemon::none:
      return parse_script(line);
    case Daemon::postsuper:
      return parse_postsuper_summary(line);
    case Daemon::dnsblog:
      return scan::starts(line.text, "addr ") && line.text.find(" listed by domain ") != std::string_view::npos &&
             add_note(line);
    case Daemon::tlsproxy:
      return begins_with_any(line.text, {"CONNECT from ", "CONNECT to ", "DISCONNECT "}) && add_note(line);
    case Daemon::spf_policy:
      return parse_spf_policy(line);
    default:
      return false;
  }
}

}  // namespace

// A severity, and behind it the client or the id of the message it is about:
//   warning: c.example[192.0.2.7]: SASL LOGIN authentication failed: UGFzc3dvcmQ6
//   warning: 5A2C63F1: queue file size limit exceeded
bool parse_severity(const Line& line) {
  auto rest = line.text;
  if (!take(rest, "warning: ") && !take(rest, "error: ") && !take(rest, "fatal: ") && !take(rest, "panic: ")) {
    return false;
  }
  if (take(rest, "TLS library problem: ")) return parse_tls_library(line, rest);
  Event& event = add(line, EventKind::note);
  event.reply = rest;
  if (const auto id = rest.substr(0, rest.find(':')); event.queue_id.empty() && is_queue_id(id)) event.queue_id = id;
  if (line.daemon != Daemon::smtpd) return true;
  if (const auto peer = take_peer(rest); peer && take(rest, ": ")) {
    event.client = peer->host;
    event.client_address = peer->address;
    if (scan::starts(rest, "SASL ")) event.stage = Stage::auth;
  }
  return true;
}

bool parse_note(const Line& line) {
  return parse_common(line) || parse_by_daemon(line) || parse_queued_note(line) || parse_severity(line);
}

}  // namespace mtalens::postfix

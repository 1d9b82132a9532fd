// Handshakes that failed, as Exim with GnuTLS and with OpenSSL tells of them (tls-gnu.c, tls-openssl.c, smtp.c):
//   TLS error on connection from (mail-qg0-f50.google.com) [192.0.2.50]:38870 (gnutls_handshake): No supported cipher
//      suites have been found.
//   1xVY7A-0002ys-0H TLS session: (gnutls_handshake): Handshake failed: delivering unencrypted to H=mx.old.example
//      [192.0.2.4] (not in hosts_require_tls)
// What goes wrong on a session that stands, `(recv)`, `(send)`, is no failed handshake: it closes many a good delivery.
#include <array>

#include "parsers/exim_line.h"
#include "parsers/scan.h"

namespace mtalens::exim {
namespace {

struct CauseWords {
  std::string_view part;
  TlsCause cause;
};

// GnuTLS's and OpenSSL's words. The order matters: a certificate alert may well speak of an unsupported certificate.
constexpr std::array<CauseWords, 30> kCauses{{
    {"No supported cipher suites", TlsCause::no_shared_cipher},
    {"no shared cipher", TlsCause::no_shared_cipher},
    {"no ciphers available", TlsCause::no_shared_cipher},
    {"No or insufficient priorities", TlsCause::no_shared_cipher},
    {"No common application protocol", TlsCause::other},
    {"certificate", TlsCause::certificate},
    {"Certificate", TlsCause::certificate},
    {"Unknown CA", TlsCause::certificate},
    {"unknown ca", TlsCause::certificate},
    {"Verification failed", TlsCause::certificate},
    {"cert/key setup", TlsCause::certificate},
    {"unsupported protocol", TlsCause::protocol_version},
    {"unsupported version", TlsCause::protocol_version},
    {"version too low", TlsCause::protocol_version},
    {"protocol version", TlsCause::protocol_version},
    {"unsupported SSL", TlsCause::protocol_version},
    {"TLS version packet was received", TlsCause::protocol_version},  // "A packet with illegal or unsupported version"
    {"illegal or unsupported version", TlsCause::protocol_version},
    {"An unexpected TLS packet was received", TlsCause::not_tls},
    {"wrong version number", TlsCause::not_tls},
    {"http request", TlsCause::not_tls},
    {"unknown protocol", TlsCause::not_tls},
    {"non-properly terminated", TlsCause::connection_lost},
    {"unexpected eof", TlsCause::connection_lost},
    {"Error in the pull function", TlsCause::connection_lost},
    {"Error in the push function", TlsCause::connection_lost},
    {"connection closed by peer", TlsCause::connection_lost},
    {"Connection reset by peer", TlsCause::connection_lost},
    {"Broken pipe", TlsCause::connection_lost},
    {"timed out", TlsCause::timeout},
}};

TlsCause cause_of(std::string_view words) {
  for (const auto& known : kCauses) {
    if (words.find(known.part) != std::string_view::npos) return known.cause;
  }
  return TlsCause::other;
}

void fail(std::string_view words, Event& event) {
  event.handshake = Handshake::failed;
  event.cause = cause_of(words);
  event.reply = words;
}

void set_peer(const Host& host, Event& event) {
  event.peer = scan::without_final_dot(name_of(host));
  event.peer_address = host.address;
}

// The step that went wrong, `(recv): …`, is one of a session that stands. An alert in its place is the peer's last
// word on the handshake: with TLS 1.3 it comes when this side thinks all is well.
bool is_after_handshake(std::string_view words) {
  const bool io = scan::take(words, "(recv): ") || scan::take(words, "(send): ");
  if (io) return !scan::starts(words, "A TLS fatal alert has been received");
  return scan::starts(words, "(SSL_read)") || scan::starts(words, "(SSL_write)") || scan::starts(words, "(tls_close)");
}

// TLS error on connection from host (helo) [address]:port I=[…]:25 (step): reason
bool parse_inbound(const Line& line, std::string_view text, std::vector<Event>& events) {
  Host host;
  if (!take_host(text, host)) return false;
  while (scan::take(text, " ") && !text.starts_with('(')) {
    if (scan::starts(text, "(via inetd)") || !scan::starts(text, "I=")) break;
    skip_field(text);
  }
  scan::take(text, "(via inetd) ");
  const bool after = is_after_handshake(text);
  Event& event = append(events, line, after ? EventKind::note : EventKind::tls);
  event.client = after ? name_of(host) : std::string_view{};
  event.client_address = after ? host.address : std::string_view{};
  event.reply = text;
  if (after) return true;
  event.direction = Direction::inbound;
  set_peer(host, event);
  fail(text, event);
  return true;
}

// TLS error on connection to host [address] (step): reason: up to 4.89, which then writes the fallback apart
bool parse_outbound(const Line& line, std::string_view text, std::vector<Event>& events) {
  Host host;
  if (!take_host(text, host)) return false;
  scan::take(text, " ");
  if (is_after_handshake(text)) {
    append(events, line, EventKind::note).reply = text;
    return true;
  }
  append_outbound_tls_failure(line, host, text, false, events);
  return true;
}

// `…: delivering unencrypted to H=host [address] (not in hosts_require_tls)`. The reason may hold what the peer chose
// (its certificate's name), hence the last such words.
bool parse_fallback(const Line& line, std::string_view text, std::vector<Event>& events) {
  constexpr std::string_view kTail = " (not in hosts_require_tls)";
  if (!text.ends_with(kTail)) return false;
  text.remove_suffix(kTail.size());
  constexpr std::array<std::string_view, 2> kMarks{": delivering unencrypted to ", ": callout unencrypted to "};
  for (const auto mark : kMarks) {
    const auto at = text.rfind(mark);
    if (at == std::string_view::npos) continue;
    auto peer = text.substr(at + mark.size());
    scan::take(peer, "H=");
    Host host;
    if (!take_host(peer, host)) return false;
    const bool is_delivery = mark == kMarks[0];
    append_outbound_tls_failure(line, host, text.substr(0, at), is_delivery, events);
    return true;
  }
  return false;
}

// TLS session failure: delivering unencrypted to host [address] (not in hosts_require_tls): up to 4.89, behind the
// `TLS error on connection to` that was counted.
bool parse_old_fallback(const Line& line, std::string_view text, std::vector<Event>& events) {
  if (!scan::take(text, "TLS session failure: delivering unencrypted to ")) return false;
  scan::take(text, "H=");
  Host host;
  if (!take_host(text, host)) return false;
  Event& event = append(events, line, EventKind::tls_detail);
  event.direction = Direction::outbound;
  event.fallback = true;
  set_peer(host, event);
  return true;
}

}  // namespace

void append_outbound_tls_failure(const Line& line, const Host& host, std::string_view words, bool fallback,
                                 std::vector<Event>& events) {
  Event& event = append(events, line, EventKind::tls);
  event.direction = Direction::outbound;
  event.fallback = fallback;
  set_peer(host, event);
  fail(words, event);
}

bool parse_tls(const Line& line, std::vector<Event>& events) {
  auto text = line.text;
  if (scan::take(text, "TLS error on connection ")) {
    if (scan::starts(text, "Ci=")) {  // log_selector = +connection_id
      skip_field(text);
      scan::take(text, " ");
    }
    if (scan::take(text, "from ")) return parse_inbound(line, text, events);
    if (scan::take(text, "to ")) return parse_outbound(line, text, events);
    append(events, line, EventKind::note).reply = text;  // (recv), (send) of 4.8x
    return true;
  }
  if (scan::take(text, "TLS session: ")) {
    if (parse_fallback(line, text, events)) return true;
    if (!text.starts_with('(')) return false;
    append_outbound_tls_failure(line, Host{}, text, false, events);  // the end of the line is lost
    return true;
  }
  if (scan::starts(text, "bad first read from TLS conn: ")) return parse_fallback(line, text, events);
  return parse_old_fallback(line, text, events);
}

}  // namespace mtalens::exim

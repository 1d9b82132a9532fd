// Handshakes: `STARTTLS=server|client, …`, what OpenSSL said of them, and the rulesets' verdicts.
//
// One failure is several lines of one process: the error, OpenSSL's own words (log level 10 on) and, outbound,
// the ruleset tls_server, the only one that names the peer.
#include <array>

#include "parsers/sendmail_lines.h"

namespace mtalens::sendmail {
namespace {

struct CauseWords {
  std::string_view words;
  TlsCause cause;
};

// OpenSSL's reasons, of 0.9.8 to 3.x, by words that tell them. The first that is found counts.
constexpr std::array kCauses{
    CauseWords{"no shared cipher", TlsCause::no_shared_cipher},
    CauseWords{"no ciphers available", TlsCause::no_shared_cipher},
    CauseWords{"alert handshake failure", TlsCause::no_shared_cipher},
    CauseWords{"no suitable signature algorithm", TlsCause::protocol_version},
    CauseWords{"legacy sigalg disallowed", TlsCause::protocol_version},
    CauseWords{"unsupported protocol", TlsCause::protocol_version},
    CauseWords{"protocol version", TlsCause::protocol_version},
    CauseWords{"no protocols available", TlsCause::protocol_version},
    CauseWords{"inappropriate fallback", TlsCause::protocol_version},
    CauseWords{"wrong version number", TlsCause::not_tls},
    CauseWords{"http request", TlsCause::not_tls},
    CauseWords{"unknown protocol", TlsCause::not_tls},
    CauseWords{"certificate", TlsCause::certificate},
    CauseWords{"unknown ca", TlsCause::certificate},
    CauseWords{"eof while reading", TlsCause::connection_lost},
    CauseWords{"timeout", TlsCause::timeout},
    CauseWords{"timed out", TlsCause::timeout},
};

TlsCause cause_of(std::string_view reason) {
  for (const auto& known : kCauses) {
    if (reason.find(known.words) != std::string_view::npos) return known.cause;
  }
  return TlsCause::other;
}

// Where OpenSSL gave no reason: what the call itself returned (SSL_get_error(3), tls_retry() in sfsasl.c).
TlsCause cause_without_words(std::string_view ssl_error, std::string_view retry) {
  if (retry == "0") return TlsCause::timeout;
  if (ssl_error == "5" || ssl_error == "6") return TlsCause::connection_lost;
  return TlsCause::other;
}

void set_peer(Event& event, std::string_view relay) {
  const auto peer = event.direction == Direction::inbound ? client_of(relay) : relay_of(relay);
  event.peer = peer.host;
  event.peer_address = peer.address;
}

// error: accept failed=-1, reason=no shared cipher, SSL_error=1, errno=0, retry=-1, relay=host [address]
bool parse_failure(const Line& line, Direction direction, std::string_view rest, std::vector<Event>& events) {
  Event& event = append_event(line, EventKind::tls, events);
  event.direction = direction;
  event.handshake = Handshake::failed;
  std::string_view ssl_error, retry;
  do {
    const auto field = take_field(rest);
    if (!field) break;
    if (field->name == "reason" && field->value != "unknown") event.reply = field->value;
    if (field->name == "SSL_error") ssl_error = field->value;
    if (field->name == "retry") retry = field->value;
    if (field->name == "relay") set_peer(event, field->value);
  } while (scan::take(rest, ", "));
  event.cause = event.reply.empty() ? cause_without_words(ssl_error, retry) : cause_of(event.reply);
  return true;
}

// relay=mx.example.net., version=TLSv1.3, verify=OK, cipher=TLS_AES_256_GCM_SHA384, bits=256/256
bool parse_established(const Line& line, Direction direction, std::string_view rest, std::vector<Event>& events) {
  Event& event = append_event(line, EventKind::tls, events);
  event.direction = direction;
  do {
    const auto field = take_field(rest);
    if (!field) break;
    if (field->name == "relay") set_peer(event, field->value);
    if (field->name == "version") event.tls_version = field->value;
    if (field->name == "cipher") event.tls_cipher = field->value;
  } while (scan::take(rest, ", "));
  // Without a version it is talk about the certificate's names, DANE or another try.
  if (event.tls_version.empty()) {
    event.kind = EventKind::note;
  } else {
    event.handshake = Handshake::established;
  }
  return true;
}

// [84848:]error:1408A0C1:SSL routines:SSL3_GET_CLIENT_HELLO:no shared cipher:/usr/src/…:1073:
bool parse_library_words(const Line& line, Direction direction, std::string_view rest, std::vector<Event>& events) {
  scan::take_number(rest);
  scan::take(rest, ":");
  if (!scan::take(rest, "error:")) return append(line, EventKind::note, events);
  Event& event = append_event(line, EventKind::tls_detail, events);
  event.direction = direction;
  event.reply = rest;
  const auto code = scan::take_until(rest, ":");
  const auto library = scan::take_until(rest, ":");
  const auto function = scan::take_until(rest, ":");
  const auto reason = scan::take_until(rest, ":");
  if (code && library && function && reason) event.reply = *reason;
  event.cause = cause_of(event.reply);
  return true;
}

bool parse_side(const Line& line, Direction direction, std::string_view rest, std::vector<Event>& events) {
  if (scan::take(rest, ": ")) return parse_library_words(line, direction, rest, events);
  if (!scan::take(rest, ", ")) return false;
  if (scan::starts(rest, "relay=")) return parse_established(line, direction, rest, events);
  if (scan::take(rest, "error: ") && (scan::starts(rest, "accept failed=") || scan::starts(rest, "connect failed="))) {
    return parse_failure(line, direction, rest, events);
  }
  return append(line, EventKind::note, events);  // init=1, cert-subject=…, get_verify: …, error: SSL_new failed
}

}  // namespace

bool parse_tls(const Line& line, std::vector<Event>& events) {
  auto rest = line.text;
  if (!scan::take(rest, "STARTTLS")) return false;
  if (scan::take(rest, "=server")) return parse_side(line, Direction::inbound, rest, events);
  if (scan::take(rest, "=client")) return parse_side(line, Direction::outbound, rest, events);
  // Reads, writes and shutdowns after the handshake (`STARTTLS: read error=…`), start-up (`STARTTLS=init, …`).
  if (scan::starts(rest, ": ") || scan::starts(rest, "=")) return append(line, EventKind::note, events);
  return false;
}

}  // namespace mtalens::sendmail

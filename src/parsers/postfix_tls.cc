// TLS handshakes, in and out, and what the TLS library says of those that failed.
//
//   smtp:  Untrusted TLS connection established to mx.example.org[192.0.2.2]:25: TLSv1.3 with cipher
//              TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519 …
//   smtpd: SSL_accept error from mail-qg0-f50.google.com[192.0.2.9]: -1
//   smtpd: warning: TLS library problem: error:0A0000C1:SSL routines::no shared cipher:../ssl/statem/….c:2220:
#include <utility>

#include "parsers/postfix_line.h"

namespace mtalens::postfix {
namespace {

using scan::take;

bool holds(std::string_view text, std::string_view words) {
  return text.find(words) != std::string_view::npos;
}

// OpenSSL's reasons (err/openssl.txt, and those of 1.0) and the operating system's. The order matters: an alert about a
// certificate may be said "unknown", a peer without TLS is told by OpenSSL 1.0 as "unknown protocol".
TlsCause cause_of(std::string_view words) {
  static constexpr std::pair<std::string_view, TlsCause> kCauses[] = {
      {"no shared cipher", TlsCause::no_shared_cipher},
      {"no ciphers available", TlsCause::no_shared_cipher},
      {"alert handshake failure", TlsCause::no_shared_cipher},  // what a peer sends that shares nothing with us
      {"wrong version number", TlsCause::not_tls},              // the first bytes were no TLS record
      {"http request", TlsCause::not_tls},
      {"unknown protocol", TlsCause::not_tls},
      {"packet length too long", TlsCause::not_tls},
      {"unsupported protocol", TlsCause::protocol_version},
      {"protocol version", TlsCause::protocol_version},
      {"version too low", TlsCause::protocol_version},
      {"no protocols available", TlsCause::protocol_version},
      {"inappropriate fallback", TlsCause::protocol_version},
      {"certificate", TlsCause::certificate},
      {"unknown ca", TlsCause::certificate},
      {"timed out", TlsCause::timeout},
      {"unexpected eof", TlsCause::connection_lost},
      {"lost connection", TlsCause::connection_lost},
      {"onnection reset", TlsCause::connection_lost},
      {"roken pipe", TlsCause::connection_lost},
  };
  for (const auto& [known, cause] : kCauses) {
    if (holds(words, known)) return cause;
  }
  return TlsCause::other;
}

void set_peer(Event& event, const scan::HostAndAddress& peer) {
  event.peer = scan::without_final_dot(peer.host);
  event.peer_address = peer.address;
}

// Which side of a handshake a program is on; tlsproxy and the rest may be either.
Direction direction_of(Daemon daemon) {
  switch (daemon) {
    case Daemon::smtp:
    case Daemon::lmtp:
      return Direction::outbound;
    case Daemon::smtpd:
      return Direction::inbound;
    default:
      return Direction::none;
  }
}

// SSL_accept error from host[address]: -1     SSL_connect error to host[address]:25: Connection reset by peer
bool parse_failure(const Line& line) {
  auto rest = line.text;
  const bool inbound = take(rest, "SSL_accept error from ");
  if (!inbound && !take(rest, "SSL_connect error to ")) return false;
  const auto peer = take_peer(rest);
  if (!peer || !take(rest, ": ")) return false;
  Event& event = add(line, EventKind::tls);
  event.handshake = Handshake::failed;
  event.direction = inbound ? Direction::inbound : Direction::outbound;
  set_peer(event, *peer);
  event.reply = rest;
  event.cause = cause_of(rest);
  return true;
}

// [Anonymous |Untrusted |Trusted |Verified ]TLS connection established from|to host[address][:port][ to name]: VERSION
// with cipher CIPHER (…
bool parse_connection(const Line& line) {
  auto rest = line.text;
  for (const auto trust : {"Anonymous ", "Untrusted ", "Trusted ", "Verified "}) {
    if (take(rest, trust)) break;
  }
  if (!take(rest, "TLS connection ")) return false;
  const bool established = take(rest, "established ");
  if (!established && !take(rest, "reused ")) return false;
  const bool inbound = take(rest, "from ");
  if (!inbound && !take(rest, "to ")) return false;
  const auto peer = take_peer(rest);
  if (!peer || !scan::take_until(rest, ": ")) return false;

  Event& event = add(line, established ? EventKind::tls : EventKind::note);
  if (established) event.handshake = Handshake::established;
  event.direction = inbound ? Direction::inbound : Direction::outbound;
  set_peer(event, *peer);
  event.tls_version = rest.substr(0, rest.find(' '));
  if (scan::take_until(rest, " with cipher ")) event.tls_cipher = rest.substr(0, rest.find(' '));
  return true;
}

// What tlsproxy says of a handshake that failed: TLS handshake failed for service=smtpd peer=[192.0.2.7]:51637
bool parse_proxy_failure(const Line& line) {
  auto rest = line.text;
  if (!take(rest, "TLS handshake failed for service=")) return false;
  const auto service = scan::take_until(rest, " peer=");
  const auto peer = take_peer(rest);
  if (!service || !peer) return false;
  Event& event = add(line, EventKind::tls_detail);
  event.direction = *service == "smtpd" || *service == "postscreen" ? Direction::inbound : Direction::outbound;
  event.cause = TlsCause::other;
  set_peer(event, *peer);
  return true;
}

bool add_note(const Line& line) {
  add(line, EventKind::note);
  return true;
}

// What tls_loglevel 1 and 2 add to handshakes.
bool parse_chatter(const Line& line) {
  for (const auto begin : {"setting up TLS connection ",
                           "initializing the client-side TLS engine",
                           "initializing the server-side TLS engine",
                           "certificate verification failed for ",
                           "client certificate verification failed for ",
                           "server certificate verification failed for ",
                           "SSL_connect:",
                           "SSL_accept:",
                           "SSL_set_fd error to ",
                           "SSL3 alert ",
                           "looking for session ",
                           "reloaded session ",
                           "save session ",
                           "remove session ",
                           "TLS SNI ",
                           "TLSRPT: status=",
                           "subject=",
                           "issuer=",
                           "Host offered STARTTLS: [",
                           "TLS protocol trace for ",
                           "skipping TLS trace output"}) {
    if (line.text.starts_with(begin)) return add_note(line);
  }
  // host[address]:25: subject_CN=…
  auto rest = line.text;
  if (!take_peer(rest) || !take(rest, ": ")) return false;
  for (const auto begin : {"subject_CN=",
                           "Trusted: ",
                           "Untrusted: ",
                           "Verified: ",
                           "certificate verification ",
                           "matched peername: ",
                           "Matched ",
                           "TLS cipher list ",
                           "SNI hostname: ",
                           "Reusing old session",
                           "re-using session ",
                           "save session ",
                           "looking up session ",
                           "reloaded session ",
                           "remove session ",
                           "Issuing session ticket",
                           "Decrypting session ticket",
                           "raw public key fingerprint=",
                           "depth=",
                           "verify="}) {
    if (rest.starts_with(begin)) return add_note(line);
  }
  return false;
}

}  // namespace

bool parse_tls(const Line& line) {
  return parse_connection(line) || parse_failure(line) || parse_proxy_failure(line) || parse_chatter(line);
}

// [pid:]error:CODE:library:function:reason:file:line:[more]
bool parse_tls_library(const Line& line, std::string_view words) {
  auto rest = words;
  if (scan::take_number(rest)) take(rest, ":");
  if (!take(rest, "error:")) rest = words;
  Event& event = add(line, EventKind::tls_detail);
  event.direction = direction_of(line.daemon);
  const bool parted = scan::take_until(rest, ":") && scan::take_until(rest, ":") && scan::take_until(rest, ":");
  event.reply = parted ? rest.substr(0, rest.find(':')) : words;
  event.cause = cause_of(event.reply);
  return true;
}

}  // namespace mtalens::postfix

// Clients whose STARTTLS goes wrong at Exim 4.96 (GnuTLS) and sendmail 8.17 (OpenSSL), recorded. Twelve came to each, in
// this order: silent until it was given up on; a reset at once; an HTTP request; gone after the server's hello, with TLS
// 1.3, 1.2, and by a reset; a hello cut short; our certificate not trusted, with TLS 1.2 and 1.3; a good handshake and then
// gone without a word; a key share by P-521 alone; h2 alone as its protocol (ALPN).
#include <catch2/catch.hpp>

#include "log_files.h"

using namespace mtalens;
using namespace mtalens::test;

namespace {

constexpr std::string_view kExim = R"(2026-11-25 08:42:13 TLS error on connection from (mail-qg0-f50.google.com) [127.9.8.50]:33177 (gnutls_handshake): timed out
2026-11-25 08:42:21 SMTP command timeout on connection from (mail-qg0-f50.google.com) [127.9.8.50]:33177
2026-11-25 08:42:32 TLS error on connection from (mail-qg0-f50.google.com) [127.9.8.50]:56501 (gnutls_handshake): Error in the pull function.
2026-11-25 08:42:34 TLS error on connection from (mail-qg0-f50.google.com) [127.9.8.50]:35585 (gnutls_handshake): An unexpected TLS packet was received.
2026-11-25 08:42:36 TLS error on connection from (mail-qg0-f50.google.com) [127.9.8.50]:56761 (gnutls_handshake): The TLS connection was non-properly terminated.
2026-11-25 08:42:37 TLS error on connection from (mail-qg0-f50.google.com) [127.9.8.50]:44209 (gnutls_handshake): The TLS connection was non-properly terminated.
2026-11-25 08:42:39 TLS error on connection from (mail-qg0-f50.google.com) [127.9.8.50]:35577 (gnutls_handshake): Error in the pull function.
2026-11-25 08:42:41 TLS error on connection from (mail-qg0-f50.google.com) [127.9.8.50]:43207 (gnutls_handshake): Error decoding the received TLS packet.
2026-11-25 08:42:43 TLS error on connection from (mail-qg0-f50.google.com) [127.9.8.50]:38409 (gnutls_handshake): CA is unknown
2026-11-25 08:42:44 TLS error on connection from (mail-qg0-f50.google.com) [127.9.8.50]:37017 (gnutls_handshake): Decryption has failed.
2026-11-25 08:42:45 TLS error on connection from (x.example) [127.9.8.50]:48383 (recv): The TLS connection was non-properly terminated.
2026-11-25 08:42:47 TLS error on connection from [127.9.8.50]:59387 (recv): The TLS connection was non-properly terminated.
2026-11-25 08:42:49 TLS error on connection from (mail-qg0-f50.google.com) [127.9.8.50]:44485 (gnutls_handshake): No common application protocol could be negotiated.
)";

constexpr std::string_view kSendmail = R"(Nov 25 09:06:49 lab sm-mta[16853]: STARTTLS=server, error: accept failed=-1, reason=unexpected eof while reading, SSL_error=1, errno=0, retry=-1, relay=mail-qg0-f50.google.com [127.9.8.50]
Nov 25 09:06:51 lab sm-mta[17006]: STARTTLS=server, error: accept failed=-1, reason=unknown, SSL_error=5, errno=0, retry=-1, relay=mail-qg0-f50.google.com [127.9.8.50]
Nov 25 09:06:52 lab sm-mta[17055]: STARTTLS=server, error: accept failed=-1, reason=http request, SSL_error=1, errno=0, retry=-1, relay=mail-qg0-f50.google.com [127.9.8.50]
Nov 25 09:06:55 lab sm-mta[17103]: STARTTLS=server, error: accept failed=-1, reason=unexpected eof while reading, SSL_error=1, errno=0, retry=-1, relay=mail-qg0-f50.google.com [127.9.8.50]
Nov 25 09:06:57 lab sm-mta[17161]: STARTTLS=server, error: accept failed=-1, reason=unexpected eof while reading, SSL_error=1, errno=0, retry=-1, relay=mail-qg0-f50.google.com [127.9.8.50]
Nov 25 09:06:59 lab sm-mta[17211]: STARTTLS=server, error: accept failed=-1, reason=unknown, SSL_error=5, errno=0, retry=-1, relay=mail-qg0-f50.google.com [127.9.8.50]
Nov 25 09:07:01 lab sm-mta[17261]: STARTTLS=server, error: accept failed=-1, reason=unexpected eof while reading, SSL_error=1, errno=0, retry=-1, relay=mail-qg0-f50.google.com [127.9.8.50]
Nov 25 09:07:03 lab sm-mta[17312]: STARTTLS=server, error: accept failed=-1, reason=tlsv1 alert unknown ca, SSL_error=1, errno=0, retry=-1, relay=mail-qg0-f50.google.com [127.9.8.50]
Nov 25 09:07:04 lab sm-mta[17356]: STARTTLS=server, error: accept failed=-1, reason=tlsv1 alert unknown ca, SSL_error=1, errno=0, retry=-1, relay=mail-qg0-f50.google.com [127.9.8.50]
Nov 25 09:07:06 lab sm-mta[17402]: STARTTLS=server, relay=mail-qg0-f50.google.com [127.9.8.50], version=TLSv1.3, verify=NO, cipher=TLS_AES_256_GCM_SHA384, bits=256/256
Nov 25 09:07:08 lab sm-mta[17453]: STARTTLS=server, error: accept failed=-1, reason=no suitable key share, SSL_error=1, errno=0, retry=-1, relay=mail-qg0-f50.google.com [127.9.8.50]
Nov 25 09:07:10 lab sm-mta[17497]: STARTTLS=server, relay=mail-qg0-f50.google.com [127.9.8.50], version=TLSv1.3, verify=NO, cipher=TLS_AES_256_GCM_SHA384, bits=256/256
Nov 25 09:07:10 lab sm-mta[17497]: STARTTLS: read error=syscall error (-1), errno=104, get_error=error:00000000:lib(0)::reason(0), retry=1, ssl_err=5
)";

std::uint64_t of(const TlsPeer& peer, TlsCause cause) { return peer.causes[static_cast<std::size_t>(cause)]; }

}  // namespace

TEST_CASE("inbound TLS: ten of twelve clients fail at Exim; one gone after its handshake, and a P-521 share, do not", "[tls]") {
  const auto said = analyze_text(kExim);
  REQUIRE(said.tls.size() == 1);
  const auto& peer = said.tls[0];
  CHECK(peer.peer == "mail-qg0-f50.google.com");
  CHECK(peer.address == "127.9.8.50");
  CHECK(peer.failed == 10);
  CHECK(of(peer, TlsCause::timeout) == 1);
  CHECK(of(peer, TlsCause::connection_lost) == 4);
  CHECK(of(peer, TlsCause::not_tls) == 1);
  CHECK(of(peer, TlsCause::certificate) == 1);
  // GnuTLS cannot read the hello that was cut short, nor the alert of the one that does not trust it with TLS 1.3.
  CHECK(of(peer, TlsCause::other) == 3);
  CHECK(said.input.unrecognized_lines == 0);
}

TEST_CASE("inbound TLS: ten of twelve clients fail at sendmail; one gone after its handshake, and one with ALPN, do not", "[tls]") {
  const auto said = analyze_text(kSendmail);
  REQUIRE(said.tls.size() == 1);
  const auto& peer = said.tls[0];
  CHECK(peer.peer == "mail-qg0-f50.google.com");
  CHECK(peer.address == "127.9.8.50");
  CHECK(peer.handshakes == 12);
  CHECK(peer.failed == 10);
  CHECK(of(peer, TlsCause::connection_lost) == 6);
  CHECK(of(peer, TlsCause::not_tls) == 1);
  CHECK(of(peer, TlsCause::certificate) == 2);
  CHECK(of(peer, TlsCause::no_shared_cipher) == 1);
  CHECK(said.input.unrecognized_lines == 0);
}

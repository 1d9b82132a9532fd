// Writes a Postfix log of as many distinct things as asked for, to be piped: what no disk should have to hold.
//
//   flood KIND COUNT > /dev/stdout
//
// Message i has the queue id of i in hexadecimal digits, a second holds a hundred messages, and unless the kind says otherwise it
// comes in, is delivered and is removed. The same arguments give the same bytes.
//
//   destinations  a domain and a relay for each message
//   relays        one domain, a relay for each message
//   domains       one relay, a domain for each message, each refused once before it is taken
//   senders       a forward: its address, its sender's domain, its target are new each time
//   lists         a mailing list for each message
//   logins        a login for each message
//   replies       "421 …" with words of their own each time, as long as `longest`, then delivered
//   open          comes in and is never heard of again
//   deferred      comes in, is deferred once and never heard of again
//   clients       a TLS client for each message, every second handshake fails
//   peers         a TLS server for each message, every second handshake fails
//   hosts         a syslog host for each message
//   instances     a Postfix instance for each message
//   recipients    one message with so many recipients
//   hours         a stamp of another hour each time, over seven thousand years, in no order
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

constexpr std::size_t kPiece = 1 << 20;

std::string out;

void write_out() {
  if (std::fwrite(out.data(), 1, out.size(), stdout) != out.size()) std::exit(0);  // the reader has gone
  out.clear();
}

// As Postfix makes them: five hexadecimal digits of the microsecond, then the inode's.
std::string queue_id(std::uint64_t number) {
  std::string id = "00000100000000";
  for (std::size_t i = id.size(); number > 0 && i-- > 0; number /= 16) id[i] = "0123456789ABCDEF"[number % 16];
  return id;
}

std::string two(std::uint64_t number) {
  std::string digits = std::to_string(number);
  return digits.size() < 2 ? "0" + digits : digits;
}

struct Line {
  std::uint64_t second = 0;  // since 1 January 2026; no year has more than 360 days here
  std::string host = "mx";
  std::string instance = "postfix";

  void operator()(std::string_view daemon, std::string_view text) const {
    const auto day = second / 86400 % 360, year = 2026 + second / 86400 / 360;
    out += std::to_string(year) + '-' + two(day / 30 + 1) + '-' + two(day % 30 % 28 + 1) + 'T' + two(second / 3600 % 24) + ':' + two(second / 60 % 60) +
           ':' + two(second % 60) + "+00:00 " + host + ' ' + instance + '/';
    out += daemon;
    out += "[77]: ";
    out += text;
    out += '\n';
    if (out.size() > kPiece) write_out();
  }
};

void message(std::string_view kind, std::uint64_t i) {
  const std::string n = std::to_string(i), id = queue_id(i);
  Line line{i / 100};
  if (kind == "hours") line.second = i * 2654435761u % (7000ULL * 360 * 24) * 3600;
  if (kind == "hosts") line.host = "h" + n;
  if (kind == "instances") line.instance = "postfix-" + n;

  std::string from = "jo@us.example", to = "fred@there.example", relay = "mx.there.example[192.0.2.1]:25";
  if (kind == "destinations") to = "fred@d" + n + ".example", relay = "mx.d" + n + ".example[192.0.2.1]:25";
  if (kind == "relays") relay = "mx" + n + ".there.example[192.0.2.1]:25";
  if (kind == "domains") to = "fred@d" + n + ".example";
  if (kind == "senders") from = "jo@s" + n + ".example", to = "t" + n + "@there.example>, orig_to=<f" + n + "@us.example";
  if (kind == "lists") from = "talk" + n + "-bounces@lists.example";
  if (kind == "peers") relay = "mx" + n + ".example[192.0.2.1]:25", to = "fred@d" + std::to_string(i % 100) + ".example";

  if (kind == "recipients") {
    if (i == 0) line("qmgr", queue_id(0) + ": from=<jo@us.example>, size=500, nrcpt=1 (queue active)");
    line("smtp", queue_id(0) + ": to=<u" + n + "@there.example>, relay=" + relay + ", delay=1, dsn=4.2.1, status=deferred (host mx.there.example[192.0.2.1] said: 451 later)");
    return;
  }
  if (kind == "clients") {
    const std::string client = "c" + n + ".example[192.0.2.9]";
    if (i % 2 == 0) line("smtpd", "SSL_accept error from " + client + ": -1");
    else line("smtpd", "Anonymous TLS connection established from " + client + ": TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)");
    return;
  }
  line("smtpd", id + ": client=" + (kind == "logins" ? "pc[192.0.2.8], sasl_method=PLAIN, sasl_username=u" + n : "localhost[127.0.0.1]"));
  line("qmgr", id + ": from=<" + from + ">, size=500, nrcpt=1 (queue active)");
  if (kind == "open") return;
  if (kind == "peers") {
    if (i % 2 == 0) line("smtp", "SSL_connect error to " + relay + ": -1");
    else line("smtp", "Untrusted TLS connection established to " + relay + ": TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)");
  }
  if (kind == "domains" || kind == "replies" || kind == "deferred") {
    const std::string words = kind != "replies" ? "421 Too many messages" : "421 " + std::to_string(i * 2654435761u) + " " + queue_id(i * 40503) + " quux " + std::string(1, static_cast<char>('a' + i % 26)) + queue_id(i * 7919);
    line("smtp", id + ": to=<" + to + ">, relay=" + relay + ", delay=1, dsn=4.0.0, status=deferred (host mx.there.example[192.0.2.1] said: " + words + ")");
    if (kind == "deferred") return;
  }
  line("smtp", id + ": to=<" + to + ">, relay=" + relay + ", delay=1, dsn=2.0.0, status=sent (250 ok)");
  line("qmgr", id + ": removed");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return std::fprintf(stderr, "flood KIND COUNT\n"), 2;
  const auto count = std::strtoull(argv[2], nullptr, 10);
  for (std::uint64_t i = 0; i < count; ++i) message(argv[1], i);
  write_out();
}

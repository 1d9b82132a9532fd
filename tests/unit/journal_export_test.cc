// What `journalctl -o export` writes, as systemd's "Journal Export Format" describes it.
#include "input/journal_export.h"

#include <catch2/catch.hpp>
#include <string>

using namespace mtalens;

namespace {

std::string value(std::string_view name, std::string_view bytes) {
  std::string out = std::string(name) + '\n';
  for (int i = 0; i < 8; ++i) out += static_cast<char>(bytes.size() >> (8 * i) & 0xFF);
  return out + std::string(bytes) + '\n';
}

std::string entry(std::string_view message) {
  return "__CURSOR=s=1;i=2\n__REALTIME_TIMESTAMP=1795455966800285\n_HOSTNAME=mx\nSYSLOG_IDENTIFIER=postfix/smtp\n"
         "_PID=7\nSYSLOG_PID=4711\n" + std::string(message) + "\n";
}

std::string lines_of(std::string_view bytes, std::size_t piece) {
  JournalExport out;
  std::string lines;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    out.feed(bytes.substr(at, piece));
    lines += out.take_lines();
  }
  out.finish();
  return lines + out.take_lines();
}

}  // namespace

TEST_CASE("journal export: entries are lines, however the bytes are cut", "[input]") {
  const auto bytes = entry("MESSAGE=A1: removed\n") + entry(value("MESSAGE", "caf\xe9") + "OTHER=1\n") +
                     entry(value("COREDUMP", std::string(300, '\n')) + "MESSAGE=B2: removed\n");
  const std::string begin = "2026-11-23T17:46:06.800285+00:00 mx postfix/smtp[4711]: ";
  const auto expected = begin + "A1: removed\n" + begin + "caf\xe9\n" + begin + "B2: removed\n";
  for (std::size_t piece = 1; piece <= bytes.size(); piece += piece < 20 ? 1 : 97) CHECK(lines_of(bytes, piece) == expected);
}

TEST_CASE("journal export: a newline in a message begins no line", "[input]") {
  const auto lines = lines_of(entry(value("MESSAGE", "x\nNov 23 10:00:00 mx postfix/smtp[1]: A1: to=<a@b>\n")), 64);
  CHECK(lines == "2026-11-23T17:46:06.800285+00:00 mx postfix/smtp[4711]: x#012Nov 23 10:00:00 mx postfix/smtp[1]: A1: to=<a@b>\n");
}

TEST_CASE("journal export: the last entry may lack its end, a value may be longer than its line allows", "[input]") {
  const auto whole = entry("MESSAGE=A1: removed\n");
  CHECK(lines_of(whole.substr(0, whole.size() - 2), 8).ends_with("A1: removed\n"));
  const auto lines = lines_of(entry("MESSAGE=" + std::string(3 << 20, 'x') + "\n") + whole, 1 << 16);
  CHECK(lines.ends_with("\n2026-11-23T17:46:06.800285+00:00 mx postfix/smtp[4711]: A1: removed\n"));
  CHECK(lines.size() < (2u << 20));
}

TEST_CASE("journal export: a length beyond all values is damage, and what follows is read", "[input]") {
  const auto damaged = "MESSAGE\n" + std::string(8, '\xff') + "\n\n" + entry("MESSAGE=A1: removed\n");
  CHECK(lines_of(damaged, 16).ends_with("A1: removed\n"));
}

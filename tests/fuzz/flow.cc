// Mail that the fuzzer's bytes invent, as an MTA would log it, in any form of header, among lines of other daemons,
// with strangers' words in it, read in blocks of any size and with a state between two halves: the numbers are the
// truth.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <random>

#include "../unit/agreement.h"
#include "../unit/flow_generator.h"
#include "input/line_blocks.h"
#include "knowledge/knowledge.h"
#include "state/archive.h"
#include "target.h"
#include "track/tracker.h"

namespace mtalens::fuzz {
namespace {

using test::Flow;

// What a mail host may say in a reply, as an MTA logs it: one printable line.
std::string printable(std::string_view bytes) {
  std::string out;
  for (const char c : bytes)
    out += c >= ' ' && c < 0x7F ? c : '?';
  return out;
}

// What may stand in a local part without quotes (RFC 5322's atext).
std::string local_part(std::string_view bytes) {
  std::string out = "user";
  for (const char c : bytes) {
    const bool is_atext = std::isalnum(static_cast<unsigned char>(c)) ||
                          std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
    out += is_atext ? c : '.';
  }
  return out;
}

// `Nov 23 10:00:00 mx tag[7]: text` as other daemons write it.
std::string in_form(std::string_view line, unsigned form) {
  const auto day = line.substr(4, 2), time = line.substr(7, 8), behind = line.substr(16);
  const auto stamp = fmt::format("2026-11-{}T{}", day, time);
  if (form == 1) return stamp + ".000000+00:00 " + std::string(behind);
  const auto tag = behind.substr(3, behind.find('[') - 3);
  const auto pid = behind.substr(behind.find('[') + 1, behind.find(']') - behind.find('[') - 1);
  const auto text = behind.substr(behind.find(": ") + 2);
  if (form == 2) return fmt::format("<22>1 {}Z mx {} {} - - {}", stamp, tag, pid, text);
  const std::int64_t seconds =
      1'795'392'000 + (std::stoll(std::string(day)) - 23) * 86'400 + std::stoll(std::string(time.substr(0, 2))) * 3600 +
      std::stoll(std::string(time.substr(3, 2))) * 60 + std::stoll(std::string(time.substr(6, 2)));
  return nlohmann::json{{"__REALTIME_TIMESTAMP", std::to_string(seconds * 1'000'000)},
                        {"_HOSTNAME", "mx"},
                        {"SYSLOG_IDENTIFIER", tag},
                        {"_PID", pid},
                        {"MESSAGE", text}}
      .dump();
}

// How the log is written and read.
struct Manner {
  unsigned form = 0;    // of header; Exim has its own
  unsigned others = 0;  // every so many lines another daemon's
  unsigned halves = 0;  // of 256, where a state is between; 0: nowhere
  std::size_t block_bytes = 0;
};

std::vector<std::string> lines_of(const Flow& flow, const Manner& manner, bool has_syslog_header,
                                  const std::string& words) {
  std::vector<std::string> lines;
  for (std::string_view rest = flow.log; !rest.empty();) {
    const auto line = take_line(rest);
    if (manner.others > 0 && lines.size() % manner.others == 0) {
      lines.push_back(has_syslog_header ? fmt::format("{} mx sshd[7]: {}", line.substr(0, 15), words)
                                        : "no line of a log: " + words);
    }
    lines.push_back(has_syslog_header && manner.form > 0 ? in_form(line, manner.form) : std::string(line));
  }
  return lines;
}

std::string joined(const std::vector<std::string>& lines, std::size_t from, std::size_t to) {
  std::string out;
  for (auto i = from; i < to; ++i)
    out += lines[i] + "\n";
  return out;
}

// As if the program had ended and another one had gone on.
void pass_through_state(const Tracker& from, Tracker& to) {
  Writer writer;
  writer(const_cast<Tracker&>(from));
  Reader reader(writer.bytes());
  reader(to);
  must(reader.at_end(), "all of a state is read");
}

}  // namespace

void flow(std::string_view bytes) {
  in_zone("UTC");
  Decisions decisions(bytes);
  constexpr std::string_view kMtas[] = {"postfix", "sendmail", "exim"};
  const auto mta = kMtas[decisions.byte() % 3];
  const int messages = 1 + decisions.byte() % 16;
  Manner manner;
  manner.form = decisions.byte() % 4u;
  manner.others = decisions.byte() % 8u;
  manner.halves = decisions.byte();
  manner.block_bytes = 1 + decisions.byte() * 16u;
  const test::Strangers strangers{local_part(decisions.text(decisions.byte() % 16)),
                                  printable(decisions.text(decisions.byte() % 64))};
  std::mt19937 further(static_cast<unsigned>(bytes.size()));
  const auto draw = [&] { return decisions.used_up() ? static_cast<std::uint32_t>(further()) : decisions.two_bytes(); };
  const auto invented = test::invent_flow(mta, draw, messages, strangers);

  const auto lines = lines_of(invented, manner, mta != "exim", strangers.reply_end);
  const auto half = lines.size() * manner.halves / 256;
  Tracker first(Knowledge::builtin(), {.keep_queue = true, .our_domains = {}});
  Tracker second(Knowledge::builtin(), {.keep_queue = true, .our_domains = {}});
  auto options = reading({file_with(joined(lines, 0, half))});
  options.block_bytes = manner.block_bytes;
  if (half > 0) read_into(options, [&](const Batch& batch, const auto& names) { first.add(batch, names); });
  pass_through_state(first, second);
  options.inputs = {file_with(joined(lines, half, lines.size()), 1)};
  auto input = read_into(options, [&](const Batch& batch, const auto& names) { second.add(batch, names); });
  const auto difference = test::disagreement(second.analysis(std::move(input)), invented);
  must(difference.empty(), difference);
}

}  // namespace mtalens::fuzz

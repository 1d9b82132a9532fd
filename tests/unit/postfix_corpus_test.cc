// Postfix's parser against recorded and collected logs: nothing goes unrecognized, and where others named a line's
// fields, we name the same. Without the corpora beside the project these tests pass with a word.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "mtalens/parser.h"

namespace mtalens {
const Parser& postfix_parser();
}

namespace {

using namespace mtalens;
namespace fs = std::filesystem;

// Where the corpora are, or nothing.
std::optional<fs::path> corpora() {
  if (const char* shared = std::getenv("MTALENS_SHARED")) return fs::path(shared) / "corpora";
  const auto beside = fs::path(MTALENS_SOURCE_DIR) / "../shared/corpora";
  if (fs::exists(beside)) return beside;
  WARN("no corpora beside the project: nothing was compared");
  return std::nullopt;
}

std::vector<std::string> lines_of(const fs::path& path) {
  std::ifstream in(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  return lines;
}

// `Nov 23 09:13:57 host tag[pid]: text`, or the same behind an ISO 8601 stamp. A plain reading, enough for these files.
std::optional<LogLine> split_header(std::string_view raw) {
  const auto word = [](std::string_view& text) {
    while (text.starts_with(' '))
      text.remove_prefix(1);
    const auto taken = text.substr(0, text.find(' '));
    text.remove_prefix(taken.size());
    return taken;
  };
  auto rest = raw;
  if (rest.empty() || rest.front() == '#') return std::nullopt;
  const int stamp_words = rest.front() >= '0' && rest.front() <= '9' ? 1 : 3;
  for (int i = 0; i < stamp_words; ++i)
    word(rest);
  LogLine line;
  line.form = stamp_words == 1 ? HeaderForm::iso8601 : HeaderForm::rfc3164;
  line.raw = raw;
  line.host = word(rest);
  const auto tag = word(rest);
  line.program = tag.substr(0, tag.find_first_of("[:"));
  line.text = rest.substr(std::min<std::size_t>(1, rest.size()));
  return line;
}

void check_all_recognized(const fs::path& path) {
  if (!fs::exists(path)) {
    WARN(path.string() + " is not there: not read");
    return;
  }
  std::size_t read = 0;
  std::vector<Event> events;
  for (const auto& raw : lines_of(path)) {
    const auto line = split_header(raw);
    if (!line || !postfix_parser().claims_program(line->program)) continue;
    ++read;
    events.clear();
    INFO(raw);
    CHECK(postfix_parser().parse(*line, events));
    CHECK(events.size() == 1);
  }
  INFO(path);
  CHECK(read > 0);
}

// Recipients by outcome, as the log has them and as we read it.
void check_outcomes(const fs::path& path) {
  if (!fs::exists(path)) return;
  std::map<Outcome, std::size_t> said, parsed;
  std::vector<Event> events;
  for (const auto& raw : lines_of(path)) {
    said[Outcome::delivered] += raw.find(", status=sent (") != std::string::npos;
    said[Outcome::deferred] += raw.find(", status=deferred (") != std::string::npos;
    said[Outcome::bounced] += raw.find(", status=bounced (") != std::string::npos;
    const auto line = split_header(raw);
    if (!line) continue;
    events.clear();
    postfix_parser().parse(*line, events);
    for (const auto& event : events) {
      if (event.kind == EventKind::attempt) ++parsed[event.outcome];
    }
  }
  INFO(path);
  CHECK(said == parsed);
}

// What a receiving host saw of this machine, one for each transaction and each handshake.
struct Seen {
  long accepted = 0, refused = 0, established = 0, failed = 0;
};

// The recordings' hosts by the names that their truth.json has for them.
std::string listener_of(std::string_view host) {
  for (const auto& [part, listener] : std::map<std::string, std::string>{{"cpcloud.co.uk", "bt"},
                                                                         {"google.com", "gmail"},
                                                                         {"yahoodns.net", "yahoo"},
                                                                         {"nocipher", "nocipher"},
                                                                         {"drop", "drop"},
                                                                         {"garbage", "garbage"},
                                                                         {"oldtls", "oldtls"},
                                                                         {"quiet", "quiet"}}) {
    if (host.find(part) != std::string_view::npos) return listener;
  }
  return "";
}

std::map<std::string, Seen> seen_from_log(const fs::path& path) {
  std::map<std::string, Seen> seen;
  std::set<std::tuple<std::string, std::string, std::string, Outcome>> transactions;
  std::vector<Event> events;
  for (const auto& raw : lines_of(path)) {
    const auto line = split_header(raw);
    if (!line) continue;
    events.clear();
    postfix_parser().parse(*line, events);
    if (events.empty()) continue;
    const auto& event = events.front();
    if (event.kind == EventKind::tls && event.direction == Direction::outbound) {
      auto& host = seen[listener_of(event.peer)];
      ++(event.handshake == Handshake::failed ? host.failed : host.established);
    }
    if (event.kind != EventKind::attempt || event.relay.empty()) continue;
    auto& host = seen[listener_of(event.relay)];
    const bool is_new =
        transactions
            .emplace(std::string(line->host) + std::string(event.queue_id) + std::string(line->raw.substr(0, 15)),
                     event.relay, event.conversation, event.outcome)
            .second;
    if (!is_new && event.stage != Stage::rcpt) continue;
    if (event.outcome == Outcome::delivered) ++host.accepted;
    if (event.counts_refusal) ++host.refused;
  }
  return seen;
}

std::map<std::string, Seen> seen_by_hosts(const fs::path& truth) {
  std::ifstream in(truth);
  std::map<std::string, Seen> seen;
  const auto hosts = nlohmann::json::parse(in);
  for (const auto& [listener, counts] : hosts.items()) {
    if (listener == "days") continue;
    for (const auto& [what, count] : counts.items()) {
      auto& host = seen[listener];
      if (what.rfind("accepted_", 0) == 0) host.accepted += count.get<long>();
      if (what.rfind("throttled_", 0) == 0) host.refused += count.get<long>();
      if (what == "tls_ok") host.established += count.get<long>();
      for (const auto failure : {"tls_failed", "tls_dropped", "tls_garbage"}) {
        if (what.rfind(failure, 0) == 0) host.failed += count.get<long>();
      }
    }
  }
  return seen;
}

// A line and its fields, as a file of the Grok patterns' tests has them:
//   pattern: ^%{POSTFIX_SMTP}$
//   data: "0D9633D: to=<…>, …"
//   results:
//       postfix_queueid: 0D9633D
struct GrokCase {
  std::string name;
  std::string data;
  std::map<std::string, std::string> results;
};

std::string unquoted(std::string value) {
  while (!value.empty() && (value.back() == ' ' || value.back() == '\r'))
    value.pop_back();
  if (value.size() < 2 || value.front() != '"' || value.back() != '"') return value;
  std::string out;
  for (std::size_t i = 1; i + 1 < value.size(); ++i) {
    if (value[i] == '\\' && i + 2 < value.size()) ++i;
    out += value[i];
  }
  return out;
}

GrokCase read_grok(const fs::path& path) {
  GrokCase test{path.stem().string(), {}, {}};
  for (const auto& line : lines_of(path)) {
    const auto begin = line.find_first_not_of(' ');
    const auto colon = line.find(": ");
    if (begin == std::string::npos || line[begin] == '#' || colon == std::string::npos) continue;
    const auto key = line.substr(begin, colon - begin);
    const auto value = unquoted(line.substr(colon + 2));
    if (begin > 0) {
      test.results[key] = value;
    } else if (key == "data") {
      test.data = value;
    }
  }
  return test;
}

// `to=<…>, relay=…, delay=…,` as names and values; the patterns leave that to their user.
std::map<std::string, std::string> key_values(std::string_view text) {
  std::map<std::string, std::string> pairs;
  while (!text.empty()) {
    const auto equals = text.find('=');
    if (equals == std::string_view::npos) break;
    const auto key = text.substr(0, equals);
    text.remove_prefix(equals + 1);
    const auto end = std::min(text.find_first_of(", "), text.size());
    auto value = text.substr(0, end);
    text.remove_prefix(end);
    text.remove_prefix(std::min(text.find_first_not_of(", "), text.size()));
    if (value.starts_with('<') && value.ends_with('>')) value = value.substr(1, value.size() - 2);
    pairs.emplace(key, value);
  }
  return pairs;
}

// What our event has under the patterns' name; nothing where we have no field for it.
std::optional<std::string> field(const Event& event, const std::string& name) {
  const auto outcome = [&]() -> std::string {
    switch (event.outcome) {
      case Outcome::delivered:
        return "sent";
      case Outcome::deferred:
        return "deferred";
      case Outcome::bounced:
        return "bounced";
      default:
        return event.ended == Ended::expired ? "expired" : "";
    }
  };
  const bool of_relay = event.kind == EventKind::tls || event.kind == EventKind::tls_detail;
  const auto host = std::string(of_relay ? event.peer : event.relay);
  const auto address = std::string(of_relay ? event.peer_address : event.relay_address);
  const auto client = std::string(of_relay ? event.peer : event.client);
  const auto client_address = std::string(of_relay ? event.peer_address : event.client_address);
  if (name == "postfix_queueid") return event.queue_id.empty() ? "NOQUEUE" : std::string(event.queue_id);
  if (name == "postfix_bounce_queueid") return std::string(event.other_queue_id);
  if (name == "postfix_status") return outcome();
  if (name == "postfix_relay_hostname") return host;
  if (name == "postfix_relay_ip") return address;
  if (name == "postfix_client_hostname") return client;
  if (name == "postfix_client_ip") return client_address;
  if (name == "postfix_status_code") return std::to_string(event.code);
  if (name == "postfix_status_code_enhanced") return std::string(event.enhanced_code);
  if (name == "postfix_proxy_status_code") return std::to_string(event.code);
  if (name == "postfix_proxy_status_code_enhanced") return std::string(event.enhanced_code);
  if (name == "postfix_message-id") return std::string(event.message_id);
  if (name == "postfix_from") return std::string(event.sender);
  if (name == "postfix_tls_version") return std::string(event.tls_version);
  if (name == "postfix_tls_cipher") return std::string(event.tls_cipher);
  return std::nullopt;
}

// The same for what stands in a delivery's or a refusal's key=value list.
std::optional<std::string> listed_field(const Event& event, const std::string& key) {
  if (key == "to") return std::string(event.recipient);
  if (key == "orig_to") return std::string(event.original_recipient);
  if (key == "from") return std::string(event.sender);
  if (key == "size") return std::to_string(event.size_bytes);
  if (key == "nrcpt") return std::to_string(event.recipients);
  if (key == "delays") return std::string(event.conversation);
  if (key == "dsn") return std::string(event.enhanced_code);
  return std::nullopt;
}

// A relay as our fields write it again, to compare it with the line's.
std::string relay_again(const Event& event, const std::string& theirs) {
  if (theirs == "none") return event.kind == EventKind::attempt ? "none" : "";
  std::string ours(event.relay);
  if (!event.relay_address.empty()) ours += "[" + std::string(event.relay_address) + "]";
  if (event.relay_port) ours += ":" + std::to_string(event.relay_port);
  return ours;
}

// Which program writes the lines of a file of that name; empty for files that test a part of a line.
std::string program_of(const std::string& name) {
  const auto kind = name.substr(0, name.rfind('_'));
  static const std::set<std::string> kParts{"command_counter_data", "delays", "relay"};
  if (kParts.count(kind)) return "";
  if (kind == "script") return "postfix/postfix-script";
  if (kind == "tls_features") return "postfix/smtp";
  return "postfix/" + kind;
}

}  // namespace

TEST_CASE("postfix: every line of the recordings is recognized", "[postfix][corpus]") {
  const auto root = corpora();
  if (!root) return;
  for (const auto file : {"a/postfix/maillog", "a/postfix/maillog.iso", "week/postfix/maillog"}) {
    check_all_recognized(*root / "lab" / file);
  }
}

TEST_CASE("postfix: the recordings' recipients are delivered, deferred and bounced as the log says",
          "[postfix][corpus]") {
  const auto root = corpora();
  if (!root) return;
  for (const auto file : {"a/postfix/maillog", "week/postfix/maillog"})
    check_outcomes(*root / "lab" / file);
}

TEST_CASE("postfix: transactions, refusals and handshakes are as many as the other side counted", "[postfix][corpus]") {
  const auto root = corpora();
  if (!root) return;
  for (const auto scenario : {"a", "week"}) {
    const auto folder = *root / "lab" / scenario / "postfix";
    if (!fs::exists(folder / "truth.json")) continue;
    auto ours = seen_from_log(folder / "maillog");
    for (const auto& [listener, theirs] : seen_by_hosts(folder / "truth.json")) {
      INFO(scenario << ": " << listener);
      CHECK(ours[listener].accepted == theirs.accepted);
      CHECK(ours[listener].refused == theirs.refused);
      CHECK(ours[listener].established == theirs.established);
      CHECK(ours[listener].failed == theirs.failed);
    }
  }
}

TEST_CASE("postfix: every line of an attacked server is recognized", "[postfix][corpus]") {
  if (const auto root = corpora()) check_all_recognized(*root / "fail2ban/postfix.log");
}

TEST_CASE("postfix: fields agree with those that the Grok patterns' tests name", "[postfix][corpus]") {
  const auto root = corpora();
  if (!root || !fs::exists(*root / "postfix-grok")) return;
  std::size_t lines = 0, fields = 0;
  for (const auto& entry : fs::directory_iterator(*root / "postfix-grok")) {
    const auto test = read_grok(entry.path());
    const auto program = program_of(test.name);
    if (test.data.empty() || program.empty()) continue;
    if (test.name == "tls_features_0012") continue;  // the value of tls= alone, no line

    INFO(test.name << ": " << test.data);
    LogLine line;
    line.program = program;
    line.text = line.raw = test.data;
    std::vector<Event> events;
    CHECK(postfix_parser().parse(line, events));
    if (events.empty()) continue;
    ++lines;
    const auto& event = events.front();

    for (const auto& [name, theirs] : test.results) {
      INFO(name);
      const auto ours = field(event, name);
      // A note may name less than a pattern made for it: statistics keep no client.
      if (ours && !(ours->empty() && event.kind == EventKind::note)) {
        CHECK(*ours == theirs);
        ++fields;
      }
      if (name != "postfix_keyvalue_data") continue;
      for (const auto& [key, value] : key_values(theirs)) {
        INFO(key);
        if (key == "relay" && value != "none" && value.find('/') == std::string::npos) {
          CHECK(relay_again(event, value) == value);
          ++fields;
        } else if (const auto listed = listed_field(event, key)) {
          CHECK(*listed == value);
          ++fields;
        }
      }
    }
  }
  CHECK(lines > 80);
  CHECK(fields > 150);
}

// The sendmail parser against whole recordings: every line known, every outcome counted as a plain search of
// the text counts it, and what the other side counted.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "mtalens/parser.h"

namespace mtalens {
const Parser& sendmail_parser();
}

using namespace mtalens;

namespace {

namespace fs = std::filesystem;

// Where the recordings lie, or an empty path.
fs::path corpora() {
  const char* shared = std::getenv("MTALENS_SHARED");
  for (const auto& root : {fs::path(shared ? shared : ""), fs::path(MTALENS_SOURCE_DIR) / ".." / "shared"}) {
    if (!root.empty() && fs::exists(root / "corpora")) return root / "corpora";
  }
  return {};
}

std::vector<std::string> lines_of(const fs::path& file) {
  std::vector<std::string> lines;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  return lines;
}

void skip_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find(' '), text.size()));
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
}

// Program and text by hand: `Nov 23 09:13:57 host tag[pid]: text`, the same with an ISO stamp, or with a
// priority `<mail.info>` before the host.
LogLine read_by_hand(std::string_view raw) {
  LogLine line;
  line.raw = raw;
  auto rest = raw;
  const int words_of_stamp = raw.size() > 4 && raw[4] == '-' ? 1 : 3;
  for (int i = 0; i < words_of_stamp; ++i)
    skip_word(rest);
  if (rest.starts_with('<')) skip_word(rest);
  skip_word(rest);
  const auto tag = rest.substr(0, rest.find(": "));
  line.program = tag.substr(0, tag.find('['));
  if (tag.size() < rest.size()) line.text = rest.substr(tag.size() + 2);
  return line;
}

struct Reading {
  std::vector<Event> events;
  std::vector<std::string_view> unknown;
};

Reading read(const std::vector<std::string>& lines) {
  Reading reading;
  for (const auto& raw : lines) {
    const auto line = read_by_hand(raw);
    if (!sendmail_parser().claims_program(line.program)) continue;
    if (!sendmail_parser().parse(line, reading.events)) reading.unknown.push_back(raw);
  }
  return reading;
}

const std::vector<const char*> kRecordings{"lab/a/sendmail/maillog", "lab/a/sendmail/maillog.iso",
                                           "lab/week/sendmail/maillog"};

// How many recipients a `to=` line of the lab names: its addresses hold neither commas nor blanks.
long recipients_in(std::string_view raw) {
  const auto from = raw.find(": to=");
  const auto list = raw.substr(from, raw.find(", ", from) - from);
  return 1 + std::count(list.begin(), list.end(), ',');
}

std::map<std::string, long> outcomes_by_search(const std::vector<std::string>& lines) {
  std::map<std::string, long> count;
  for (const auto& raw : lines) {
    if (raw.find(": to=") == std::string::npos) continue;
    const auto recipients = recipients_in(raw);
    if (raw.find(", stat=Sent") != std::string::npos) count["delivered"] += recipients;
    if (raw.find(", stat=Deferred") != std::string::npos) count["deferred"] += recipients;
    if (raw.find(", stat=User unknown") != std::string::npos) count["bounced"] += recipients;
    if (raw.ends_with(", stat=Deferred")) count["bare"] += recipients;
  }
  return count;
}

long attempts(const Reading& reading, Outcome outcome) {
  return std::count_if(reading.events.begin(), reading.events.end(), [&](const Event& event) {
    return event.kind == EventKind::attempt && event.outcome == outcome;
  });
}

struct Tally {
  long accepted = 0, refused = 0, handshakes_failed = 0;
};

// What happened at each relay, as its own side counts it.
std::map<std::string, Tally, std::less<>> tallies(const Reading& reading) {
  std::map<std::string, Tally, std::less<>> relays;
  for (const auto& event : reading.events) {
    if (event.kind == EventKind::tls_detail) ++relays[std::string(event.peer)].handshakes_failed;
    if (event.kind != EventKind::attempt || event.local) continue;
    auto& tally = relays[std::string(event.relay)];
    if (event.outcome == Outcome::delivered && !event.same_transaction) ++tally.accepted;
    if (event.counts_refusal) ++tally.refused;
  }
  return relays;
}

}  // namespace

TEST_CASE("sendmail: every line of the recordings and of the attacks is known", "[sendmail][corpus]") {
  const auto root = corpora();
  if (root.empty()) {
    WARN("no corpora here");
    return;
  }
  auto files = kRecordings;
  files.insert(files.end(), {"fail2ban/sendmail-auth.log", "fail2ban/sendmail-reject.log"});
  for (const auto* file : files) {
    const auto lines = lines_of(root / file);
    const auto reading = read(lines);
    INFO(file);
    CHECK_FALSE(lines.empty());
    CHECK_FALSE(reading.events.empty());
    for (const auto line : reading.unknown)
      FAIL_CHECK(line);
  }
}

TEST_CASE("sendmail: attempts are counted as a search of the text counts them", "[sendmail][corpus]") {
  const auto root = corpora();
  if (root.empty()) {
    WARN("no corpora here");
    return;
  }
  for (const auto* file : kRecordings) {
    INFO(file);
    const auto lines = lines_of(root / file);
    const auto reading = read(lines);
    auto expected = outcomes_by_search(lines);
    CHECK(attempts(reading, Outcome::delivered) == expected["delivered"]);
    CHECK(attempts(reading, Outcome::deferred) == expected["deferred"]);
    CHECK(attempts(reading, Outcome::bounced) == expected["bounced"]);
    const auto bare = std::count_if(reading.events.begin(), reading.events.end(),
                                    [](const Event& event) { return event.secondary && event.reply.empty(); });
    CHECK(bare == expected["bare"]);
  }
}

TEST_CASE("sendmail: what the other side accepted, refused and failed is what its own count says",
          "[sendmail][corpus]") {
  const auto root = corpora();
  if (root.empty()) {
    WARN("no corpora here");
    return;
  }
  for (const auto* recording : {"a", "week"}) {
    INFO(recording);
    const auto folder = root / "lab" / recording / "sendmail";
    const auto truth = nlohmann::json::parse(std::ifstream(folder / "truth.json"));
    const auto lines = lines_of(folder / "maillog");
    const auto reading = read(lines);
    auto relays = tallies(reading);
    const auto count = [&](const char* listener, const char* what) { return truth[listener].value(what, 0L); };

    CHECK(relays["mx.bt.lon5.cpcloud.co.uk"].accepted == count("bt", "accepted_plain"));
    CHECK(relays["mx.bt.lon5.cpcloud.co.uk"].refused == count("bt", "throttled_eod"));
    CHECK(relays["mta7.am0.yahoodns.net"].accepted == count("yahoo", "accepted_tls"));
    CHECK(relays["gmail-smtp-in.l.google.com"].accepted == count("gmail", "accepted_tls"));
    CHECK(relays["mx.quiet.example.net"].accepted == count("quiet", "accepted_tls"));
    CHECK(relays["mx.nocipher.example.org"].handshakes_failed == count("nocipher", "tls_failed: NO_SHARED_CIPHER"));
    CHECK(relays["mx.drop.example.org"].handshakes_failed == count("drop", "tls_dropped"));
    // A few of the week's refusals came while sendmail gave up waiting: it never heard them.
    const auto lost = count("yahoo", "throttled_mail") - relays["mta7.am0.yahoodns.net"].refused;
    CHECK(lost >= 0);
    CHECK(lost <= (truth.contains("days") ? 5 : 0));
  }
}

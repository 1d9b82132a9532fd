// What the knowledge says of the replies and hosts in our recordings, and that every entry of patterns/ proves itself.
#include "knowledge/knowledge.h"

#include <fmt/format.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "knowledge/pattern_file.h"
#include "knowledge/pattern_list.h"
#include "knowledge/pattern_test.h"
#include "knowledge/reply_text.h"

using namespace mtalens;

namespace {
const Knowledge& known() {
  return Knowledge::builtin();
}

Event refused(std::string_view relay, std::string_view reply, std::uint16_t code, std::string_view enhanced = {}) {
  Event event;
  event.kind = EventKind::attempt;
  event.outcome = Outcome::deferred;
  event.relay = relay;
  event.reply = reply;
  event.code = code;
  event.enhanced_code = enhanced;
  return event;
}
}  // namespace

TEST_CASE("knowledge: the recordings' three throttles are told apart, and whose they are", "[knowledge]") {
  Classifier classifier(known());
  auto bt = refused("mx.bt.lon5.cpcloud.co.uk", "421 Too many messages (1.5.6.1) from 127.0.0.1", 421);
  auto yahoo = refused("mta7.am0.yahoodns.net",
                       "421 4.7.0 [TSS04] Messages from 127.0.0.1 temporarily deferred due to unexpected volume or "
                       "user complaints - 4.16.55.1; see https://postmaster.yahooinc.com/error-codes",
                       421, "4.7.0");
  auto google = refused("gmail-smtp-in.l.google.com",
                        R"(421-4.7.28 Gmail has detected an unusual rate of unsolicited mail originating\n421-4.7.28 )"
                        R"(from your IP address [127.0.0.1]. To protect our users from spam, mail sent\n421 4.7.28 )"
                        R"(from your IP address has been temporarily rate limited. - gsmtp)",
                        421, "4.7.28");
  for (auto* event : {&bt, &yahoo, &google})
    classifier.classify(*event);
  CHECK(name(Meaning(bt.meaning)) == "throttle/too-many-messages");
  CHECK(known().operator_name(bt.operator_id) == "BT Internet");
  CHECK(name(Meaning(yahoo.meaning)) == "throttle/reputation");
  CHECK(known().operator_name(yahoo.operator_id) == "Yahoo");
  CHECK(name(Meaning(google.meaning)) == "throttle/rate");
  CHECK(known().operator_name(google.operator_id) == "Google");
}

TEST_CASE("knowledge: the relay that spoke decides whose it is, the domain only where none is named", "[knowledge]") {
  Classifier classifier(known());
  auto smarthost = refused("smarthost.example.net", "421 Too many messages", 421);
  smarthost.recipient = "jo@btinternet.com";
  auto none = refused({}, "retry time not reached for any host for 'btinternet.com'", 0);
  none.recipient = "jo@BTinternet.com";
  classifier.classify(smarthost);
  classifier.classify(none);
  CHECK(smarthost.operator_id == 0);
  CHECK(known().operator_name(none.operator_id) == "BT Internet");
}

TEST_CASE("knowledge: every entry of patterns/ proves itself", "[knowledge]") {
  const auto result = test_patterns({}, std::chrono::seconds(5));  // sanitizers are slow
  for (const auto& fault : result.faults)
    UNSCOPED_INFO(fault.file << ": " << fault.entry << ": " << fault.reason);
  CHECK(result.faults.empty());
  CHECK(result.examples > 400);
  CHECK(result.near_misses > 400);
}

// Each round was gathered and labelled before the program saw it; the patterns learnt from its misses only
// afterwards. Near-doubles of known texts were left out of rounds 1 and 5. Right at first sight: round 1, 65 of 89;
// round 2, 52 of 65; round 3, 31 of 39; round 4, 11 of 11; round 5, 49 of 55. A new round is the honest way to
// measure again.
TEST_CASE("knowledge: of the refusals held out, at least 85 in 100 come out right", "[knowledge]") {
  std::ifstream stream(MTALENS_SOURCE_DIR "/tests/knowledge_heldout.json");
  const auto refusals = nlohmann::json::parse(stream);
  int right = 0;
  for (const auto& refusal : refusals) {
    const std::string text = refusal["text"], relay = refusal.value("relay", "");
    const auto reply = reply_in_excerpt(text);
    const auto operator_id = known().operator_of_relay(reply.relay.empty() ? std::string_view(relay) : reply.relay);
    const auto meaning = name(known().meaning_of(0, {}, reply.text, reply.stage, operator_id));
    const auto whose = known().operator_name(operator_id);
    if (meaning == refusal["meaning"] && whose == refusal["operator"]) {
      ++right;
    } else {
      UNSCOPED_INFO(text << "\n    is " << refusal["meaning"] << " of " << refusal["operator"] << ", not " << meaning
                         << " of " << whose);
    }
  }
  INFO(right << " of " << refusals.size());
  CHECK(right * 100 >= 85 * static_cast<int>(refusals.size()));
}

// Hosts as they stand in MX records and logs. A domain hosted elsewhere counts as its host's: cox.net is Yahoo's since
// October 2024, BT's business mail Microsoft's.
TEST_CASE("knowledge: the providers an admin meets go by their operators' names, by domain and by host", "[knowledge]") {
  std::ifstream stream(MTALENS_SOURCE_DIR "/tests/knowledge_operators.json");
  for (const auto& known_as : nlohmann::json::parse(stream)) {
    const std::string name = known_as["operator"], domain = known_as.value("domain", ""), relay = known_as.value("relay", "");
    INFO(name << ": " << domain << ", " << relay);
    if (!domain.empty()) CHECK(known().operator_name(known().operator_of_domain(domain)) == name);
    if (!relay.empty()) CHECK(known().operator_name(known().operator_of_relay(relay)) == name);
    CHECK(domain.size() + relay.size() > 0);
  }
}

TEST_CASE("knowledge: every provider names a public source and its year", "[knowledge]") {
  for (const auto& file : std::filesystem::directory_iterator(MTALENS_SOURCE_DIR "/patterns/providers")) {
    std::ifstream stream(file.path());
    const auto described = nlohmann::json::parse(stream);
    for (const auto& provider : described.at("providers")) {
      INFO(file.path().filename() << ": " << provider["id"]);
      CHECK_FALSE(provider["sources"].empty());
      for (const std::string source : provider["sources"]) {
        INFO(source);
        CHECK((source.find("20", source.size() - std::min<std::size_t>(source.size(), 11)) != std::string::npos));
      }
    }
  }
}

namespace {
std::string_view meaning(std::string_view reply, Stage stage = Stage::none) {
  return name(known().meaning_of(0, {}, reply, stage));
}

// A directory of pattern files that lives as long as the test.
class PatternDirectory {
 public:
  PatternDirectory()
      : path_(std::filesystem::temp_directory_path() / ("mtalens-patterns-" + std::to_string(::getpid()))) {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~PatternDirectory() { std::filesystem::remove_all(path_); }
  PatternDirectory(const PatternDirectory&) = delete;
  PatternDirectory& operator=(const PatternDirectory&) = delete;

  void write(const std::string& file, const std::string& json) const { std::ofstream(path_ / file) << json; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// The entry that patterns/README.md shows.
constexpr const char* kSlowDown = R"json({"replies": [{
  "id": "example/slow-down", "meaning": "throttle/too-many-messages", "codes": ["4xx"], "literal": "slow down",
  "regex": "slow down, (\\d+) messages an hour", "limit": {"unit": "messages", "per": "hour"},
  "says": "So many an hour.", "sources": ["https://example.net/postmaster (2026)"],
  "examples": [{"log": "host mx1.example.net[192.0.2.1] said: 421 4.7.0 Slow down, 40 messages an hour from you (in reply to MAIL FROM command)", "limit": 40}],
  "near_misses": ["421 4.7.0 Slow down your server"]}]})json";
}  // namespace

TEST_CASE("knowledge: a 421 is not a throttle because it is a 421", "[knowledge]") {
  CHECK(meaning("421 4.3.0 collect: Cannot write ./dfuAN9Bd4B012345 (bfcommit, uid=0): No such file or directory") ==
        "other");
  CHECK(meaning("421 unable to verify sender domain") == "dns");
  CHECK(meaning("421 4.3.2 service shutting down") == "other");
  CHECK(meaning("421 4.4.2 mx.example.com Error: timeout exceeded") == "timeout");
  CHECK(meaning("421 4.4.1 connection timed out") == "timeout");
  CHECK(meaning("421 Service not available, closing transmission channel") == "other");
}

TEST_CASE("knowledge: a reply cut after its first line, or on several, means the same", "[knowledge]") {
  CHECK(meaning("421-4.7.0 [192.0.2.1      10] Our system has detected an unusual rate of") == "throttle/rate");
  CHECK(meaning(R"(550-5.1.1 The email account that you tried to\n550-5.1.1 reach does not exist. - gsmtp)") ==
        "unknown-user");
  CHECK(meaning("550-5.1.1 The email account that you tried to 550-5.1.1 reach does not exist. - gsmtp") ==
        "unknown-user");
}

TEST_CASE("knowledge: where Postfix did not try, the reason behind the colon counts", "[knowledge]") {
  CHECK(meaning("delivery temporarily suspended: host mx.bt.lon5.cpcloud.co.uk[192.0.2.1] said: 421 Too many messages "
                "(1.5.6.1) from 192.0.2.25") == "throttle/too-many-messages");
  CHECK(meaning("delivery temporarily suspended: connect to mx.example.net[192.0.2.1]:25: Connection refused") ==
        "connection");
  CHECK(meaning("retry time not reached for any host for 'btinternet.com'") == "other");
}

TEST_CASE("knowledge: words nobody described go by their enhanced code", "[knowledge]") {
  CHECK(meaning("550 5.2.2 xyzzy") == "mailbox-full");
  CHECK(meaning("550 5.1.1 xyzzy") == "unknown-user");
  CHECK(meaning("552 5.3.4 xyzzy") == "size");
  CHECK(meaning("550 5.7.1 xyzzy") == "policy");
  CHECK(meaning("451 4.4.6 xyzzy") == "loop");
  CHECK(meaning("451 xyzzy") == "other");
  CHECK(meaning("") == "other");
}

TEST_CASE("knowledge: hosts and domains in any case, with a final dot, below a suffix and not beside it",
          "[knowledge]") {
  const auto whose = [](std::string_view host) { return known().operator_name(known().operator_of_relay(host)); };
  CHECK(whose("ASPMX.L.Google.COM.") == "Google");
  CHECK(whose("example-com.mail.protection.outlook.com") == "Microsoft");
  CHECK(whose("mx.example.cpcloud.co.uk") == "BT Internet");
  CHECK(whose("cpcloud.co.uk").empty());
  CHECK(whose("evilcpcloud.co.uk").empty());
  CHECK(whose("192.0.2.1").empty());
  CHECK(whose("").empty());
  CHECK(whose(std::string(4000, '.')).empty());
  CHECK(known().operator_name(known().operator_of_domain("BTopenworld.com")) == "BT Internet");
  CHECK(known().operator_name(known().operator_of_domain("cox.net")) == "Yahoo");  // since October 2024
}

// sendmail 8.17: `to=<h@hotmail.example>, …, relay=example-com.mail.p...ction.outlook.com. [127.1.0.3], dsn=2.0.0, stat=Sent …`
TEST_CASE("knowledge: a long host name that sendmail shortened is known by its end", "[knowledge]") {
  const auto& knowledge = Knowledge::builtin();
  const auto microsoft = knowledge.operator_of_relay("example-com.mail.protection.outlook.com");
  REQUIRE(microsoft != 0);
  CHECK(knowledge.operator_of_relay("example-com.mail.p...ction.outlook.com.") == microsoft);
  CHECK(knowledge.operator_of_relay("example-com.mail.p...ection.nobody.test.") == 0);
  CHECK(knowledge.operator_of_relay("x...outlook.com.") == 0);  // shorter than sendmail leaves it
}

TEST_CASE("knowledge: a handshake's cause by the library's words, old and new", "[knowledge]") {
  CHECK(known().tls_cause_of("error:0A0000C1:SSL routines::no shared cipher:../ssl/statem/statem_srvr.c:2220:") ==
        TlsCause::no_shared_cipher);
  CHECK(known().tls_cause_of("error:1408A0C1:SSL routines:SSL3_GET_CLIENT_HELLO:no shared cipher:s3_srvr.c:1417:") ==
        TlsCause::no_shared_cipher);
  CHECK(known().tls_cause_of("No supported cipher suites have been found.") == TlsCause::no_shared_cipher);
  CHECK(known().tls_cause_of("sslv3 alert handshake failure") == TlsCause::no_shared_cipher);
  CHECK(known().tls_cause_of("reason=unknown, SSL_error=5, errno=104, retry=-1") == TlsCause::connection_lost);
  CHECK(known().tls_cause_of("unexpected eof while reading") == TlsCause::connection_lost);
  CHECK(known().tls_cause_of("wrong version number") == TlsCause::not_tls);
  CHECK(known().tls_cause_of("tlsv1 alert unknown ca") == TlsCause::certificate);
  CHECK(known().tls_cause_of("xyzzy") == TlsCause::other);
}

TEST_CASE("knowledge: the cure names the peer in the MTA's own configuration lines", "[knowledge]") {
  const auto cure = [](std::string_view mta) {
    return known().tls_remedy(TlsCause::no_shared_cipher, Direction::outbound, mta, "mx.nocipher.example.org");
  };
  CHECK(cure("sendmail").find("Try_TLS:mx.nocipher.example.org NO") != std::string::npos);
  CHECK(cure("postfix").find("smtp_tls_policy_maps") != std::string::npos);
  CHECK(cure("exim").find("hosts_avoid_tls = mx.nocipher.example.org") != std::string::npos);
  for (int cause = 1; cause <= static_cast<int>(TlsCause::other); ++cause) {
    for (const auto direction : {Direction::inbound, Direction::outbound}) {
      CHECK(!known().tls_remedy(static_cast<TlsCause>(cause), direction, "sendmail", "").empty());
    }
  }
}

TEST_CASE("knowledge: every meaning, cause and finding explains itself", "[knowledge]") {
  for (int word = 1; word <= static_cast<int>(Meaning::other); ++word) {
    const auto* topic = known().topic(name(static_cast<Meaning>(word)));
    REQUIRE(topic != nullptr);
    CHECK(!topic->says.empty());
    CHECK(!topic->remedy.of("exim").empty());
  }
  for (const auto* id : {"queue/growing", "queue/never-empties", "queue/expired", "starttls/handshake-failed",
                         "starttls/fallback", "starttls/mail-lost", "forwarding/feeds-throttle",
                         "submission/account-feeds-throttle", "change/helped", "change/made-no-difference"}) {
    CHECK(explain(known(), id).has_value());
  }
  const auto tss04 = explain(known(), "yahoo/tss04");
  REQUIRE(tss04.has_value());
  CHECK(tss04->title == "throttle/reputation");
  CHECK(!tss04->remedies.empty());
  CHECK(tss04->source == "built-in");
  CHECK(!explain(known(), "no/such-thing").has_value());
}

TEST_CASE("knowledge: the list finds entries by any of their words", "[knowledge]") {
  CHECK(list_patterns(known(), "").size() ==
        known().providers().size() + known().replies().size() + known().tls().size() + known().described_mtas().size() + known().topics().size());
  const auto found = list_patterns(known(), "CPCLOUD bt");
  REQUIRE(found.size() == 1);
  CHECK(found[0].id == "bt-internet");
}

TEST_CASE("knowledge: a directory adds entries that go before those built in", "[knowledge]") {
  const PatternDirectory directory;
  directory.write("own.json", kSlowDown);
  std::vector<std::string> errors;
  const Knowledge knowledge({directory.path(), "/nonexistent"}, errors);
  CHECK(errors == std::vector<std::string>{"/nonexistent: no such directory"});
  const auto match = knowledge.entry_for(0, {}, "421 4.7.0 Slow down, 40 messages an hour from you", Stage::mail, 0);
  REQUIRE(match.entry != nullptr);
  CHECK(match.entry->id == "example/slow-down");
  CHECK(match.limit == 40);
  CHECK(!match.entry->origin.builtin);
  CHECK(match.entry->origin.file.ends_with("own.json"));
  // The built-in one still answers for what the new one does not match.
  CHECK(name(knowledge.meaning_of(0, {}, "421 4.7.0 Slow down your server", Stage::mail)) == "throttle/rate");
  CHECK(test_patterns({directory.path()}, std::chrono::seconds(5)).faults.empty());
}

TEST_CASE("knowledge: a directory replaces an entry by its id, and a provider's domains", "[knowledge]") {
  const PatternDirectory directory;
  directory.write(
      "bt.json", R"({"providers": [{"id": "bt-internet", "name": "British Telecom", "domains": ["btinternet.com"]}]})");
  std::vector<std::string> errors;
  const Knowledge knowledge({directory.path()}, errors);
  CHECK(errors.empty());
  CHECK(knowledge.operator_name(knowledge.operator_of_domain("btinternet.com")) == "British Telecom");
  CHECK(knowledge.operator_of_domain("talk21.com") == 0);
}

TEST_CASE("knowledge: what is wrong with a user's file is told with its line, and the rest goes on", "[knowledge]") {
  const PatternDirectory directory;
  directory.write("a.json",
                  "{\"replies\": [\n{\"id\": \"x/one\", \"meaning\": \"nonsense\", \"literal\": \"xyzzy one\"},\n"
                  "{\"id\": \"x/two\", \"meaning\": \"size\", \"literal\": \"xyzzy two\"},\n"
                  "{\"id\": \"x/three\", \"meaning\": \"size\", \"literal\": \"xyzzy three\", \"wrong\": 1},\n"
                  "{\"id\": \"x/four\", \"meaning\": \"size\", \"literal\": \"xyzzy four\", \"regex\": \"(\"},\n"
                  "{\"id\": \"x/two\", \"meaning\": \"size\", \"literal\": \"xyzzy five\"}]}");
  directory.write("b.json", "{\n\"replies\": [,]}");
  std::vector<std::string> errors;
  const Knowledge knowledge({directory.path()}, errors);
  REQUIRE(errors.size() == 5);
  CHECK(errors[0].find("a.json:2: \"x/one\": \"meaning\": \"nonsense\"") != std::string::npos);
  CHECK(errors[1].find("a.json:4: \"x/three\": unknown key \"wrong\"") != std::string::npos);
  CHECK(errors[2].find("a.json:5: \"x/four\": \"regex\"") != std::string::npos);
  CHECK(errors[3].find("a second entry with this id") != std::string::npos);
  CHECK(errors[4].find("b.json:2: not JSON") != std::string::npos);
  CHECK(name(knowledge.meaning_of(0, {}, "550 xyzzy two", Stage::none)) == "size");
}

// Found by the fuzzer: the number ended the program.
TEST_CASE("knowledge: a number too large for any is a fault of its file", "[knowledge]") {
  std::vector<std::string> errors;
  PatternStore().read_text("{\n\"about\": 175509569E7025}", "big.json", errors);
  REQUIRE(errors.size() == 1);
  CHECK(errors[0] == "big.json:2: not JSON: number overflow parsing '175509569E7025'");
}

TEST_CASE("knowledge: a fault names the line of its key, not another entry's", "[knowledge]") {
  const PatternDirectory directory;
  directory.write("a.json", R"({"replies": [
  {"id": "x/after", "operator": "x/one", "meaning": "size", "literal": "xyzzy one",
   "codes": [421]},
  {
    "id": "x/one",
    "meaning": "size",
    "literal": "xyzzy two",
    "last": "yes"
  },
  {
    "id" : "x/two",
    "meaning": "size",
    "literal": "xyzzy three",
    "limit": {"unit": "messages",
              "per": "fortnight"}
  },
  {
    "id": "x/three",
    "meaning": "size",
    "literal": "xyzzy four",
    "limit": {"unit": "messages", "per": "day",
              "value": "49"}
  },
  {
    "id": "x/four",
    "meaning": "size"
  },
  {"id": "x/five", "meaning": "size", "literal": "xyzzy five"}],
"tls":
  {}})");
  std::vector<std::string> errors;
  const Knowledge knowledge({directory.path()}, errors);
  const auto at = [&](std::size_t i) { return i < errors.size() ? errors[i].substr(errors[i].find("a.json:")) : std::string(); };
  CHECK(errors.size() == 6);
  CHECK(at(0) == R"(a.json:3: "x/after": "codes" must be a list of texts)");
  CHECK(at(1) == R"(a.json:8: "x/one": "last" must be true or false)");
  CHECK(at(2) == R"(a.json:15: "x/two": "per": "fortnight" is none of connection, minute, hour, day)");
  CHECK(at(3) == R"(a.json:22: "x/three": "value" must be a whole number)");
  CHECK(at(4) == R"(a.json:25: "x/four": "literal" is missing)");
  CHECK(at(5) == R"(a.json:29: "tls" must be a list)");
}

TEST_CASE("knowledge: the schema that editors read and the program know the same keys", "[knowledge]") {
  std::ifstream stream(MTALENS_SOURCE_DIR "/patterns/schema.json");
  const auto schema = nlohmann::json::parse(stream);
  int keys = 0;
  for (const auto& [list, of] : schema["properties"].items()) {
    if (!of.contains("items")) continue;
    const std::string kind = of["items"]["$ref"];
    auto entry = nlohmann::json::object();
    for (const auto& [key, value] : schema["$defs"][kind.substr(kind.rfind('/') + 1)]["properties"].items())
      entry[key] = nullptr;
    entry["id"] = "x/all-keys";
    keys += static_cast<int>(entry.size());
    const auto complaint = [&] {
      std::vector<std::string> errors;
      PatternStore().read_text(nlohmann::json{{list, {entry}}}.dump(), list, errors);
      return errors.empty() ? std::string() : errors[0];
    };
    CHECK(complaint().find("unknown key") == std::string::npos);
    entry["a-key-of-no-schema"] = nullptr;
    CHECK(complaint().find("unknown key \"a-key-of-no-schema\"") != std::string::npos);
  }
  CHECK(keys > 40);
}

TEST_CASE("knowledge: the test finds examples that another entry decides, and slow expressions", "[knowledge]") {
  const PatternDirectory directory;
  directory.write("own.json", R"({"replies": [
    {"id": "x/shadowed", "meaning": "size", "literal": "xyzzy", "says": "x", "sources": ["x"],
     "examples": ["550 xyzzy plugh"], "near_misses": ["550 plugh"]},
    {"id": "x/shadowing", "meaning": "size", "literal": "xyzzy plugh", "says": "x", "sources": ["x"],
     "examples": ["550 xyzzy plugh"], "near_misses": ["550 xyzzy"]},
    {"id": "x/careless", "meaning": "size", "literal": "nothing happens", "says": "x", "sources": ["x"],
     "regex": "nothing happens(a+a+)+here", "examples": ["550 nothing happensaahere"], "near_misses": ["550 here"]}]})");
  const auto result = test_patterns({directory.path()}, std::chrono::milliseconds(200));
  std::string all;
  for (const auto& fault : result.faults)
    all += fault.entry + ": " + fault.reason + "\n";
  INFO(all);
  CHECK(all.find("x/shadowed: example \"550 xyzzy plugh\" is decided by x/shadowing") != std::string::npos);
  CHECK(all.find("x/shadowing:") == std::string::npos);
  CHECK(all.find("x/careless: \"regex\" takes") != std::string::npos);
}

TEST_CASE("knowledge: replies nobody described are grouped, with an entry to paste", "[knowledge]") {
  UndescribedReplies undescribed(known());
  for (const auto* reply : {"450 4.9.9 frobnication of 12345678 pending for jo@example.com",
                            "450 4.9.9 frobnication of 87654321 pending for al@example.org",
                            "421 4.7.0 [TSS04] unexpected volume or user complaints"}) {
    undescribed.add(refused("mx.example.net", reply, 450));
  }
  const auto groups = undescribed.groups();
  REQUIRE(groups.size() == 1);
  CHECK(groups[0].count == 2);
  const auto pasted = ready_made_entry(known(), groups[0]);
  const auto entry = nlohmann::json::parse(pasted);
  CHECK(entry["replies"][0]["literal"] == "frobnication of");
  CHECK(entry["replies"][0]["codes"][0] == "450");

  // Pasted into a file as it is, it loads, holds and is what decides.
  const PatternDirectory directory;
  directory.write("own.json", pasted);
  const auto result = test_patterns({directory.path()}, std::chrono::seconds(5));
  for (const auto& fault : result.faults)
    UNSCOPED_INFO(fault.entry << ": " << fault.reason);
  CHECK(result.faults.empty());
  std::vector<std::string> errors;
  const Knowledge knowledge({directory.path()}, errors);
  CHECK(errors.empty());
  const auto match = knowledge.entry_for(450, "4.9.9", "450 4.9.9 frobnication of 5 pending for x@example.com", Stage::none, 0);
  REQUIRE(match.entry != nullptr);
  CHECK(match.entry->id == "own/NAME");
}

TEST_CASE("knowledge: it is told which of the user's own entries decided, and how often", "[knowledge]") {
  const PatternDirectory directory;
  directory.write("own.json",
                  R"({"replies": [{"id": "x/bt", "meaning": "throttle/rate", "literal": "too many messages"},
                                  {"id": "x/never", "meaning": "size", "literal": "xyzzy plugh"}],
                      "tls": [{"id": "x/tls", "cause": "timeout", "literal": "grue in the handshake"}],
                      "providers": [{"id": "x-net", "name": "X Net", "relays": ["*.x.example"]}]})");
  std::vector<std::string> errors;
  const Knowledge knowledge({directory.path()}, errors);
  CHECK(errors.empty());
  Classifier classifier(knowledge);
  OwnDecisions decisions(knowledge);
  CHECK(decisions.any());
  Event failed;
  failed.kind = EventKind::tls;
  failed.reply = "error: grue in the handshake";
  for (auto event : {refused("mx.bt.lon5.cpcloud.co.uk", "421 Too many messages (1.5.6.1) from 192.0.2.1", 421),
                     refused("mx.bt.lon5.cpcloud.co.uk", "421 Too many messages (1.5.6.1) from 192.0.2.1", 421),
                     refused("mx.x.example", "550 5.1.1 User unknown", 550), failed}) {
    classifier.classify(event);
    decisions.add(event);
  }
  std::string all;
  for (const auto& row : decisions.rows())
    all += fmt::format("{} x {} of {}\n", row.count, row.id, std::filesystem::path(row.file).filename().string());
  CHECK(all == "2 x x/bt of own.json\n1 x x-net of own.json\n1 x x/tls of own.json\n");
  CHECK(!OwnDecisions(known()).any());
}

TEST_CASE("knowledge: the classifier remembers, and tells apart what differs", "[knowledge]") {
  Classifier classifier(known());
  for (int round = 0; round < 3; ++round) {
    for (int id = 0; id < 5000; ++id) {
      auto event = refused("mx.example.net", "", 450);
      const std::string reply =
          "450 4.2.2 <jo" + std::to_string(id) + "@example.com> over quota, session " + std::to_string(id * 7919) + "x";
      event.reply = reply;
      classifier.classify(event);
      REQUIRE(name(Meaning(event.meaning)) == "mailbox-full");
    }
  }
  auto ts = refused("mta7.am0.yahoodns.net", "421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred", 421);
  auto other = refused("mta7.am0.yahoodns.net", "421 4.7.0 [XYZ04] Messages from 192.0.2.1 are resting", 421);
  classifier.classify(ts);
  classifier.classify(other);
  CHECK(name(Meaning(ts.meaning)) == "throttle/reputation");
  CHECK(ts.meaning != other.meaning);

  Event delivered = refused("gmail-smtp-in.l.google.com", "250 2.0.0 OK - gsmtp", 250);
  delivered.outcome = Outcome::delivered;
  classifier.classify(delivered);
  CHECK(delivered.meaning == 0);
  CHECK(known().operator_name(delivered.operator_id) == "Google");

  Event tls;
  tls.kind = EventKind::tls_detail;
  tls.cause = TlsCause::other;
  tls.reply = "error:0A0000C1:SSL routines::no shared cipher:../ssl/statem/statem_srvr.c:2220:";
  classifier.classify(tls);
  CHECK(tls.cause == TlsCause::no_shared_cipher);
}

TEST_CASE("knowledge: any bytes in, never a crash", "[knowledge]") {
  Classifier classifier(known());
  std::string bytes;
  std::uint32_t state = 1;
  for (int length = 0; length < 3000; length += 7) {
    bytes.clear();
    for (int i = 0; i < length; ++i)
      bytes += static_cast<char>((state = state * 1664525u + 1013904223u) >> 24);
    auto event = refused(bytes, bytes, 0);
    event.recipient = bytes;
    classifier.classify(event);
    (void)known().tls_cause_of(bytes);
    (void)reply_in_excerpt(bytes);
  }
  for (const auto* text : {"host ", "host [", "host a[b", "host a[b]", "host a[b] said: ", "connect to ", "421", "421-",
                           "421 \\", "SMTP error from remote mail server after ", "relay=", "relay=a, reply=", "H=",
                           "H=a [", "delivery temporarily suspended: ", "550-5.1.1", "Deferred: "}) {
    (void)known().meaning_of(0, {}, text, Stage::none);
    (void)reply_in_excerpt(text);
  }
  const std::string huge(1 << 20, '(');
  CHECK(name(known().meaning_of(0, {}, huge, Stage::none)) == "other");
}

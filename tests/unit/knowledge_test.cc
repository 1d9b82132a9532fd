// What the knowledge says of the replies and hosts in our recordings, and that every entry of patterns/ proves itself.
#include "knowledge/knowledge.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

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

TEST_CASE("knowledge: of refusals that no entry was written from, 85 in 100 come out right", "[knowledge]") {
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

// MTAs described by data: the line, then the fields.
#include "parsers/pattern_parser.h"

#include <catch2/catch.hpp>

#include "knowledge/knowledge.h"
#include "syslog/header.h"
#include "syslog/scratch.h"

namespace mtalens {
namespace {

// The line as the MTA of that name reads it.
struct Read {
  Read(std::string_view mta, std::string_view log) {
    headers.start(StampClock(2026), scratch);
    LogLine line = headers.read(log);
    line.scratch = &scratch;
    Knowledge::builtin().find_parser(mta)->parse(line, events);
  }
  const Event& event() const { return events.at(0); }

  HeaderReader headers;
  Scratch scratch;
  std::vector<Event> events;
};

}  // namespace

TEST_CASE("opensmtpd: a line names one recipient, one try and whose refusal it was") {
  const Read read("opensmtpd",
                  "Nov 25 03:39:21 lab smtpd[30]: 1fa676c5892a5cce mta delivery evpid=eac2c6d70a3b87b0 "
                  "from=<friend@elsewhere.example> to=<carol@btinternet.com> rcpt=<-> source=\"127.0.0.1\" "
                  "relay=\"127.1.0.1 (mx.bt.lon5.cpcloud.co.uk)\" delay=1h1m3s result=\"TempFail\" "
                  "stat=\"421 4.7.0 Too many \"messages\"\"");
  CHECK(read.event().kind == EventKind::attempt);
  CHECK(read.event().outcome == Outcome::deferred);
  CHECK(read.event().queue_id == "eac2c6d7");
  CHECK(read.event().original_recipient.empty());
  CHECK(read.event().relay == "mx.bt.lon5.cpcloud.co.uk");
  CHECK(read.event().delay_us == 3'663'000'000);
  CHECK(read.event().reply == "421 4.7.0 Too many \"messages\"");
  CHECK(read.event().enhanced_code == "4.7.0");
  CHECK(read.event().counts_refusal);
}

TEST_CASE("described MTAs: a result that nobody described makes the line unrecognized") {
  const Read read("opensmtpd",
                  "Nov 25 03:39:21 lab smtpd[30]: 1fa676c5892a5cce mta delivery evpid=eac2c6d70a3b87b0 from=<a@b> "
                  "to=<c@d> rcpt=<-> source=\"-\" relay=\"d\" delay=0s result=\"Perhaps\" stat=\"?\"");
  CHECK(read.events.empty());
}

TEST_CASE("kumomta: what JSON escapes is read, and a missing code is left out of the reply") {
  const Read read("kumomta",
                  R"({"type":"TransientFailure","id":"1d98","sender":"","recipient":"u@gmail.com","response":{"code":421,)"
                  R"("enhanced_code":null,"content":"slow \"down\"\u0021","command":"RCPT TO:<u@gmail.com>"},)"
                  R"("timestamp":1678069691,"num_attempts":1,"egress_pool":"p","nodeid":"n"})");
  CHECK(read.event().reply == "421 slow \"down\"!");
  CHECK(read.event().code == 421);
  CHECK(read.event().stage == Stage::rcpt);
  CHECK(read.event().null_sender);
  CHECK(read.event().time_us == 1'678'069'691'000'000);
}

TEST_CASE("kumomta: a line cut anywhere is never read past its end") {
  const std::string whole =
      R"({"type":"Bounce","id":"1d98","peer_address":{"name":"mx.\u00e9","addr":"::1"},"response":{"code":550,)"
      R"("content":"no\\","command":"."},"num_attempts":1,"egress_pool":"p","nodeid":"n"})";
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    const std::string cut = whole.substr(0, size);
    CHECK(Read("kumomta", cut).events.size() <= 1);
  }
}

TEST_CASE("described MTAs: an expression that takes too many steps is no match") {
  const std::string_view kinds[] = {"smtpd"};
  const Constant set[] = {{"kind", "note"}};
  const LineForm forms[] = {{"aaaa", "^(?:a+a+)+$", {}, {}, {}, set, {}}};
  const PatternParser parser({"hostile", LineHeader::syslog, kinds, {}, " ", false, forms});
  const std::string text = std::string(32 * 1024, 'a') + "!";
  CHECK(parser.gives_up(0, text));
  LogLine line;
  line.text = text;
  std::vector<Event> events;
  CHECK_FALSE(parser.parse(line, events));
}

TEST_CASE("the three known MTAs keep their tags: described ones come after them") {
  const auto& all = Knowledge::builtin().parsers();
  REQUIRE(all.size() >= parsers().size() + 3);
  for (std::size_t i = 0; i < parsers().size(); ++i)
    CHECK(all[i] == parsers()[i]);
  CHECK(Knowledge::builtin().find_parser("courier")->claims_program("courieresmtp"));
  CHECK(Knowledge::builtin().find_parser("nobody") == nullptr);
}

}  // namespace mtalens

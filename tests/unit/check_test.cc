// What `mtalens check` expects, and how it says that it is not so.
#include <catch2/catch.hpp>

#include "check/expectation.h"

using mtalens::Expectation;
using mtalens::ExpectationError;
using nlohmann::json;

namespace {

const json kReport = json::parse(R"({
  "schema": "mtalens.report/1",
  "input": {"unrecognized_lines": 2},
  "totals": {"messages": 126},
  "providers": [{"provider": "BT Internet", "accepted": 98, "queue": {"queued": 3}}],
  "tls": [{"direction": "outbound", "peer": "mx.example", "failed": 4}],
  "findings": [{"id": "throttle/rate", "severity": "warning", "subject": {"provider": "Google"}, "title": "too fast",
                "numbers": {"throttled": 4, "limit": {"value": 49}}}]
})");

std::vector<std::string> said(const std::string& expectation) {
  std::vector<std::string> out;
  for (const auto& deviation : Expectation(expectation).deviations(kReport)) {
    out.push_back(std::to_string(deviation.line) + ": " + deviation.says);
  }
  return out;
}

using Said = std::vector<std::string>;

}  // namespace

TEST_CASE("check: what holds is not spoken of", "[check]") {
  CHECK(said(R"({"schema": "mtalens.expect/1"})").empty());
  CHECK(said(R"({"schema": "mtalens.expect/1", "input": {"unrecognized_lines": {"max": 2}}, "totals": {"messages": 126},
                 "providers": [{"provider": "BT Internet", "accepted": {"min": 98, "max": 98}, "queue": {"queued": 3}}],
                 "findings": [{"id": "throttle/rate", "numbers": {"limit": {"value": 49}}}],
                 "absent_findings": [{"id": "queue/growing"}, {"severity": "critical"}]})")
            .empty());
}

TEST_CASE("check: a number that is another is named with its line", "[check]") {
  CHECK(said("{\"schema\": \"mtalens.expect/1\",\n \"totals\": {\"messages\": 127},\n \"providers\": [\n"
             "  {\"provider\": \"BT Internet\",\n   \"accepted\": {\"max\": 97}, \"queue\": {\"queued\": 4}}]}") ==
        Said{"2: totals: messages is 126, 127 is expected", "5: BT Internet: accepted is 98, at most 97 is expected",
             "5: BT Internet: queue: queued is 3, 4 is expected"});
}

TEST_CASE("check: findings that are missing, and findings that must be", "[check]") {
  CHECK(said("{\"schema\": \"mtalens.expect/1\",\n"
             "\"findings\": [{\"id\": \"throttle/rate\", \"subject\": {\"provider\": \"Yahoo\"}}],\n"
             "\"absent_findings\": [{\"id\": \"throttle/rate\"}]}") ==
        Said{"2: the finding throttle/rate of Yahoo is expected and is not there",
             "3: the finding throttle/rate must not be there and is: too fast"});
}

TEST_CASE("check: a name that no report has is a deviation, not a silent pass", "[check]") {
  CHECK(said(R"({"schema": "mtalens.expect/1", "total": {}})") == Said{"1: a report has no 'total'"});
  CHECK(said(R"({"schema": "mtalens.expect/1", "totals": {"mesages": 1}})") ==
        Said{"1: totals: the report has no 'mesages' there"});
}

TEST_CASE("check: an expected finding is known by its id and subject", "[check]") {
  const Expectation expectation(R"({"schema": "mtalens.expect/1", "findings": [{"id": "throttle/rate", "subject": {"provider": "Google"}}]})");
  CHECK(expectation.names(kReport["findings"][0]));
  CHECK_FALSE(expectation.names(json::parse(R"({"id": "throttle/rate", "subject": {"provider": "Yahoo"}})")));
}

TEST_CASE("check: what is no expectation is refused with the line", "[check]") {
  CHECK_THROWS_WITH(Expectation("{\n\"schema\": ,"), "line 2: is not JSON");
  CHECK_THROWS_WITH(Expectation("{\"schema\": 1E7025}"), "holds a number that is too large");
  CHECK_THROWS_WITH(Expectation("[]"), Catch::Contains("line 1") && Catch::Contains("mtalens.expect/1"));
  CHECK_THROWS_WITH(Expectation("{\"schema\": \"mtalens.expect/1\",\n\"providers\": [3]}"), Catch::Contains("line 2: 'providers'"));
  CHECK_THROWS_AS(Expectation(""), ExpectationError);
}

TEST_CASE("check: an expectation made of a report is met by it", "[check]") {
  auto report = nlohmann::ordered_json(kReport);
  for (const char* key : {"refusals", "throttled"}) report["providers"][0][key] = 0;
  report["tls"][0]["causes"] = nlohmann::ordered_json::object();
  const Expectation expectation(mtalens::expectation_of(report));
  CHECK(expectation.deviations(json(report)).empty());
  report["providers"][0]["accepted"] = 97;
  CHECK(expectation.deviations(json(report)).size() == 1);
}

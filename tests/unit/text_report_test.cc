// The report on paper: made-up findings in, lines out.
#include <catch2/catch.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "report/report.h"
#include "report/safe_text.h"

using namespace mtalens;

namespace {

Finding finding(Severity severity, const std::string& provider, const std::string& title, const std::string& remedy) {
  Finding out;
  out.id = "test/finding";
  out.severity = severity;
  out.subject = {{"provider", provider}};
  out.title = title;
  out.details = {"since Monday"};
  out.remedy = remedy;
  return out;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> out;
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

std::size_t place(const std::vector<std::string>& lines, const std::string& words) {
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].find(words) != std::string::npos) return i;
  }
  FAIL("no line says: " << words);
  return 0;
}

std::size_t times(const std::string& text, const std::string& words) {
  std::size_t count = 0;
  for (auto at = text.find(words); at != std::string::npos; at = text.find(words, at + 1)) ++count;
  return count;
}

}  // namespace

TEST_CASE("text report: what is found about one provider stands together, the gravest first") {
  const std::vector<Finding> findings{finding(Severity::critical, "BT", "BT takes 49", "wait"),
                                      finding(Severity::critical, "Yahoo", "Yahoo slows", "slow down"),
                                      finding(Severity::warning, "BT", "fred feeds BT", "ask fred")};
  const auto lines = lines_of(text_report({}, findings, {false, 80, false}));
  CHECK(lines[place(lines, "BT takes 49")] == " 1  CRITICAL  BT takes 49");
  CHECK(lines[place(lines, "fred feeds BT")] == " 2  WARNING   fred feeds BT");
  CHECK(lines[place(lines, "Yahoo slows")] == " 3  CRITICAL  Yahoo slows");
}

TEST_CASE("text report: the same remedy stands once, under the numbers of all findings that it is for") {
  const std::vector<Finding> findings{finding(Severity::critical, "BT", "BT expired", "Tell the senders."),
                                      finding(Severity::critical, "Yahoo", "Yahoo expired", "Tell the senders.")};
  const auto text = text_report({}, findings, {false, 80, false});
  CHECK(times(text, "Tell the senders.") == 1);
  CHECK(times(text, "\n1, 2  BT expired\n") == 1);
}

TEST_CASE("text report: what to do comes after all that happens") {
  const std::vector<Finding> findings{finding(Severity::critical, "BT", "BT takes 49", "    rate_delay = 1764s"),
                                      finding(Severity::warning, "Yahoo", "Yahoo slows", "slow down")};
  const auto lines = lines_of(text_report({}, findings, {false, 80, false}));
  CHECK(place(lines, "Yahoo slows") < place(lines, "What to do"));
  CHECK(place(lines, "What to do") < place(lines, "rate_delay"));
}

TEST_CASE("text report: configuration lines stay whole, everything else keeps to the page") {
  const std::string words = "words that go on and on and on beyond what any page of sixty columns can hold in one line";
  const std::string configuration = "    smtpd_tls_chain_files = /etc/postfix/rsa.pem, /etc/postfix/ecdsa.pem, /etc/x.pem";
  auto one = finding(Severity::warning, "BT", words, words + "\n" + configuration + "\n");
  one.meaning = words;
  one.details = {words, words, words, words, words};
  for (const std::size_t width : {60, 80, 120}) {
    const auto lines = lines_of(text_report({}, {one}, {false, width, false}));
    for (const auto& line : lines) {
      if (line.find(configuration) == std::string::npos) CHECK(columns(line) <= width);
    }
    place(lines, configuration);
  }
}

TEST_CASE("text report: what a stranger chose cannot move the cursor") {
  const std::vector<Finding> findings{finding(Severity::warning, "BT", "relay \x1b[2J of \xE2\x80\xAE txt", "wait")};
  const auto text = text_report({}, findings, {false, 80, false});
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find("\xE2\x80\xAE") == std::string::npos);
}

TEST_CASE("text queue: the table of ages fits eighty columns, however long the provider's name") {
  constexpr std::int64_t kHour = 3'600'000'000;
  Analysis analysis;
  QueueEntry entry;
  entry.arrived_us = 0;
  entry.recipients = {{"someone@a-very-long-name-of-a-host.example.org", "a-very-long-name-of-a-host.example.org", "busy"}};
  analysis.queue.assign(1500, entry);
  const auto lines = lines_of(text_queue(analysis, 100 * kHour, {false, 80, false}));
  REQUIRE(lines[2].starts_with("recipients by age"));
  CHECK(columns(lines[2]) <= 80);
  CHECK(columns(lines[3]) <= 80);
  CHECK(lines[3].ends_with(" 1,500"));
}

TEST_CASE("text queue: without anything read there is no date") {
  CHECK(text_queue({}, kNoTime, {false, 80, false}) == "There was nothing to read.\n");
}

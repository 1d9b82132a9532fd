// What people wrote, with its names exchanged. A text has no fields: it is cut into words, and each is taken for what it
// looks like.
//
//   host mx.customer.example[192.0.2.7] said: 550 <fred@customer.example>: no such user (in reply to RCPT TO command)
#include <algorithm>
#include <array>

#include "anonymize/pseudonyms.h"
#include "track/lower.h"

namespace mtalens {
namespace {

// Names of files and pages end like top-level domains.
constexpr std::array<std::string_view, 16> kFileEndings{"php", "html", "htm", "c", "cc", "cf", "log", "gz", "conf", "db", "pl", "py", "so", "txt", "cgi", "asp"};
// Keys before an = that stand right before an address.
constexpr std::array<std::string_view, 16> kKeys{"from", "to", "orig_to", "ctladdr", "authid", "sasl_username", "user", "sender", "rcpt", "relay", "helo", "msgid",
                                                 "message-id", "id", "S", "F"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alnum(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_in_name(char c) { return is_alnum(c) || c == '-' || c == '.' || c == '_'; }
bool is_in_user(char c) { return is_in_name(c) || std::string_view("!#$%&'*+/=?^`{|}~").find(c) != std::string_view::npos; }

// Codes that look like an address: "Too many messages (1.5.6.1)", Yahoo's "user complaints - 4.16.55.1".
bool is_rather_code(std::string_view before, std::string_view word) {
  if (before.ends_with("- ") && (word.starts_with("4.") || word.starts_with("5."))) return true;
  for (std::size_t i = 1; i < word.size(); i += 2) {
    if (word[i] != '.') return false;
  }
  return true;
}

bool is_dotted_numbers(std::string_view word) {
  return std::count(word.begin(), word.end(), '.') == 3 && word.find_first_not_of("0123456789.") == word.npos;
}

// A name with a dot, the last part of which could be a top-level domain.
bool is_host_name(std::string_view word) {
  const auto dot = word.rfind('.');
  if (dot == word.npos || dot == 0) return false;
  const auto last = word.substr(dot + 1);
  const bool letters = last.size() >= 2 && std::none_of(last.begin(), last.end(), [](char c) { return !is_alnum(c) || is_digit(c); });
  const bool ascii_code = last.starts_with("xn--");
  return (letters || ascii_code) && std::find(kFileEndings.begin(), kFileEndings.end(), lower(last)) == kFileEndings.end() &&
         word.find("..") == word.npos;
}

std::size_t while_in(std::string_view text, std::size_t from, bool (*is_in)(char)) {
  while (from < text.size() && is_in(text[from])) ++from;
  return from;
}

// Where the user's name before an @ begins, not before `from`.
std::size_t user_before(std::string_view text, std::size_t at, std::size_t from) {
  if (at > from + 1 && text[at - 1] == '"') {
    const auto quote = text.rfind('"', at - 2);
    if (quote != text.npos && quote >= from) return quote;
  }
  auto begin = at;
  while (begin > from && is_in_user(text[begin - 1])) --begin;
  const auto equals = text.substr(begin, at - begin).find('=');
  const bool is_key = equals != text.npos && std::find(kKeys.begin(), kKeys.end(), text.substr(begin, equals)) != kKeys.end();
  return is_key ? begin + equals + 1 : begin;
}

// A stretch of the text and what stands there instead.
struct Exchange {
  std::size_t begin = 0, end = 0;  // alike: nothing is exchanged
  std::string instead;
  bool any() const { return end > begin; }
};

// Subjects: `T="…"` in Exim's log, `header Subject: …` in Postfix's.
Exchange subject_at(std::string_view text, std::size_t at) {
  const auto rest = text.substr(at);
  if (rest.starts_with("header Subject:")) return {at + 15, std::max(at + 15, std::min(text.find(" from ", at), text.size())), " (subject)"};
  if (!rest.starts_with("T=\"") || (at > 0 && is_in_name(text[at - 1]))) return {};
  auto end = at + 3;
  for (; end < text.size() && text[end] != '"'; ++end) {
    if (text[end] == '\\') ++end;
  }
  return {at + 3, std::min(end, text.size()), "(subject)"};
}

// An address around the @ at `at`; what stands before `from` is done with.
Exchange address_at(const Pseudonyms& pseudonyms, std::string_view text, std::size_t at, std::size_t from) {
  if (text[at] != '@') return {};
  const auto begin = user_before(text, at, from);
  const bool literal = text.substr(at + 1).starts_with('[');
  auto end = literal ? std::min(text.find(']', at), text.size() - 1) + 1 : while_in(text, at + 1, is_in_name);
  while (end > at && (text[end - 1] == '.' || text[end - 1] == '-')) --end;
  if (begin == at || end <= at + 1) return {};
  return {begin, end, pseudonyms.address(text.substr(begin, end - begin))};
}

// <fred>: a user's name alone.
Exchange bracketed_user_at(const Pseudonyms& pseudonyms, std::string_view text, std::size_t at) {
  if (text[at] != '<') return {};
  const auto end = while_in(text, at + 1, is_in_user);
  const auto name = text.substr(at + 1, end - at - 1);
  if (end == text.size() || text[end] != '>' || name.find('.') != name.npos || std::none_of(name.begin(), name.end(), is_alnum)) return {};
  return {at + 1, end, pseudonyms.user(name)};
}

Exchange ipv6_at(const Pseudonyms& pseudonyms, std::string_view text, std::size_t at) {
  if ((!is_hex(text[at]) && text[at] != ':') || (at > 0 && is_in_name(text[at - 1]))) return {};
  auto end = while_in(text, at, [](char c) { return is_hex(c) || c == ':' || c == '.'; });
  while (end > at && (text[end - 1] == '.' || (text[end - 1] == ':' && (end < at + 2 || text[end - 2] != ':')))) --end;
  const auto candidate = text.substr(at, end - at);
  if (candidate.size() < 4 || candidate == "::ffff" || (end < text.size() && is_alnum(text[end])) || !is_ipv6(candidate)) return {};
  return {at, end, pseudonyms.host(candidate)};
}

// The word from `at` to `end`: a host's name, four numbers.
Exchange word_at(const Pseudonyms& pseudonyms, std::string_view text, std::size_t at, std::size_t end) {
  while (end > at && std::string_view(".-_").find(text[end - 1]) != std::string_view::npos) --end;
  while (at < end && std::string_view(".-_").find(text[at]) != std::string_view::npos) ++at;
  const auto word = text.substr(at, end - at);
  const bool numbers = is_dotted_numbers(word) && !is_rather_code(text.substr(0, at), word);
  if (!numbers && !is_host_name(word)) return {};
  return {at, end, pseudonyms.host(word)};
}

}  // namespace

std::string Pseudonyms::text(std::string_view text) const {
  std::string out;
  out.reserve(text.size());
  std::size_t done = 0;  // what stands before it is in `out`
  for (std::size_t at = 0; at < text.size();) {
    auto exchange = address_at(*this, text, at, done);
    if (!exchange.any()) exchange = subject_at(text, at);
    if (!exchange.any()) exchange = bracketed_user_at(*this, text, at);
    if (!exchange.any()) exchange = ipv6_at(*this, text, at);
    const auto end = std::max(at + 1, while_in(text, at, is_in_name));
    const bool before_at = end < text.size() && text[end] == '@';
    if (!exchange.any() && !before_at) exchange = word_at(*this, text, at, end);
    at = end;
    if (!exchange.any()) continue;
    out.append(text, done, exchange.begin - done).append(exchange.instead);
    at = done = exchange.end;
  }
  return out.append(text, done);
}

}  // namespace mtalens

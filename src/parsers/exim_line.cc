#include "parsers/exim_line.h"

#include <array>

#include "parsers/scan.h"

namespace mtalens::exim {
namespace {

// What a message id and an address literal consist of, by character: a look-up is all the hot path can afford.
enum : std::uint8_t { kBase62 = 1, kAddress = 2 };
constexpr auto kClass = [] {
  std::array<std::uint8_t, 256> classes{};
  for (unsigned c = '0'; c <= '9'; ++c)
    classes[c] = kBase62 | kAddress;
  for (unsigned c = 'A'; c <= 'Z'; ++c)
    classes[c] = kBase62 | kAddress;
  for (unsigned c = 'a'; c <= 'z'; ++c)
    classes[c] = kBase62 | kAddress;
  for (const unsigned char c : {'.', ':', '%'})
    classes[c] = kAddress;
  return classes;
}();

constexpr bool is(std::uint8_t wanted, char c) {
  return (kClass[static_cast<unsigned char>(c)] & wanted) != 0;
}

bool is_base62(std::string_view text) {
  std::uint8_t all = kBase62;
  for (const char c : text)
    all &= kClass[static_cast<unsigned char>(c)];
  return all != 0;
}

bool is_id(std::string_view text, std::size_t second_dash, std::size_t length) {
  if (text.size() < length || text[6] != '-' || text[second_dash] != '-') return false;
  if (text.size() > length && is(kBase62, text[length])) return false;
  return is_base62(text.substr(0, 6)) && is_base62(text.substr(7, second_dash - 7)) &&
         is_base62(text.substr(second_dash + 1, length - second_dash - 1));
}

// `[address]` and `:port` at the front; an address has no other characters than these, so a helo that imitates
// one does not close the bracket.
bool take_address(std::string_view& text, Host& host) {
  constexpr std::size_t kLongest = 64;  // IPv6 with a zone
  if (text.empty() || text.front() != '[') return false;
  std::size_t at = 1;
  while (at < text.size() && at <= kLongest && is(kAddress, text[at]))
    ++at;
  if (at == 1 || at >= text.size() || text[at] != ']') return false;
  host.address = text.substr(1, at - 1);
  text.remove_prefix(at + 1);
  if (text.size() > 1 && text[0] == ':' && scan::is_digit(text[1])) {
    auto rest = text.substr(1);
    const auto port = scan::take_number(rest);
    if (port && *port <= 65535) {
      host.port = static_cast<std::uint16_t>(*port);
      text = rest;
    }
  }
  scan::take(text, "*");  // a connection used before
  return true;
}

// `(helo) [address]`: behind the address goes on what is no helo any more.
bool take_helo_and_address(std::string_view& text, Host& host) {
  for (auto at = text.find(") ["); at != std::string_view::npos; at = text.find(") [", at + 1)) {
    auto rest = text.substr(at + 2);
    Host found = host;
    if (!take_address(rest, found) || scan::starts(rest, ")")) continue;
    host = found;
    host.helo = text.substr(1, at - 1);
    text = rest;
    return true;
  }
  return false;
}

}  // namespace

std::size_t message_id_length(std::string_view text) {
  if (is_id(text, 13, 16)) return 16;
  if (is_id(text, 18, 23)) return 23;
  return 0;
}

Event& append(std::vector<Event>& events, const Line& line, EventKind kind) {
  // Made where it will stand: an Event is too large to be copied for every line.
  struct InPlace {
    const LogLine& log;
    EventKind kind;
    operator Event() const { return event_from(log, "exim", kind); }
  };
  Event& event = events.emplace_back(InPlace{*line.log, kind});
  event.queue_id = line.queue_id;
  return event;
}

bool take_host(std::string_view& text, Host& host) {
  if (text.empty() || text.front() == ' ') return false;
  if (text.front() == '[') return take_address(text, host);
  if (text.front() == '(') return take_helo_and_address(text, host);

  const auto space = text.find(' ');
  host.name = text.substr(0, space);
  if (space == std::string_view::npos || host.name.ends_with(':')) {
    if (host.name.ends_with(':')) host.name.remove_suffix(1);
    text.remove_prefix(host.name.size());
    return true;
  }
  auto rest = text.substr(space);
  scan::take(rest, " DS");  // log_selector = +dnssec
  if (rest.size() > 1 && rest[0] == ' ') {
    auto behind = rest.substr(1);
    if ((behind[0] == '[' && take_address(behind, host)) || (behind[0] == '(' && take_helo_and_address(behind, host))) {
      text = behind;
      return true;
    }
  }
  text.remove_prefix(space);
  return true;
}

std::string_view name_of(const Host& host) {
  return host.name.empty() ? host.helo : host.name;
}

std::string_view take_value(std::string_view& text) {
  const auto value = text.substr(0, text.find(' '));
  text.remove_prefix(value.size());
  return value;
}

std::string_view take_mailbox(std::string_view& text) {
  const auto word = text.substr(0, text.find(' '));
  std::size_t end = word.size();
  if (word.find('"') != std::string_view::npos || word.find('\\') != std::string_view::npos) {
    bool quoted = false;
    for (end = 0; end < text.size() && (quoted || text[end] != ' '); ++end) {
      if (text[end] == '\\') {
        ++end;
      } else if (text[end] == '"') {
        quoted = !quoted;
      }
    }
    if (quoted) end = word.size();  // a quote that never closes
  }
  const auto mailbox = text.substr(0, end);
  text.remove_prefix(mailbox.size());
  return mailbox;
}

std::optional<std::string_view> take_quoted(std::string_view& text) {
  if (text.empty() || text.front() != '"') return std::nullopt;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      const auto inside = text.substr(1, i - 1);
      text.remove_prefix(i + 1);
      return inside;
    }
  }
  return std::nullopt;
}

void skip_field(std::string_view& text) {
  const auto until = text.find_first_of(" \"");
  if (until == std::string_view::npos || text[until] == ' ' || until == 0 || text[until - 1] != '=') {
    take_value(text);
    return;
  }
  for (auto quote = text.find('"', until + 1); quote != std::string_view::npos; quote = text.find('"', quote + 1)) {
    const char next = quote + 1 < text.size() ? text[quote + 1] : ' ';
    if (next != ' ' && next != ':') continue;
    text.remove_prefix(quote + 1);
    return;
  }
  take_value(text);
}

void read_tls(std::string_view value, Event& event) {
  const auto first = value.find(':');
  event.tls_version = value.substr(0, first);
  if (first == std::string_view::npos) return;
  const auto last = value.rfind(':');
  event.tls_cipher = last > first ? value.substr(first + 1, last - first - 1) : value.substr(first + 1);
}

std::int64_t duration_us(std::string_view text) {
  constexpr std::int64_t kSecond = 1'000'000;
  constexpr std::int64_t kLongest = 100LL * 365 * 86400;  // seconds; no mail waits for a century
  std::int64_t total = 0;
  if (text.empty()) return -1;
  while (!text.empty()) {
    const auto number = scan::take_number(text);
    if (!number || *number > kLongest || text.empty()) return -1;
    std::int64_t micros = 0;
    if (scan::take(text, ".")) {
      for (std::int64_t digit = kSecond / 10; !text.empty() && scan::is_digit(text.front()); digit /= 10) {
        micros += (text.front() - '0') * digit;
        text.remove_prefix(1);
      }
      if (text.empty()) return -1;
    }
    std::int64_t unit = 0;
    switch (text.front()) {
      case 'w':
        unit = 7 * 86400;
        break;
      case 'd':
        unit = 86400;
        break;
      case 'h':
        unit = 3600;
        break;
      case 'm':
        unit = 60;
        break;
      case 's':
        unit = 1;
        break;
      default:
        return -1;
    }
    text.remove_prefix(1);
    total += *number * unit * kSecond + micros * unit;
    if (total < 0 || total > kLongest * kSecond) return -1;
  }
  return total;
}

}  // namespace mtalens::exim

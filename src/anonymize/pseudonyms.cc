#include "anonymize/pseudonyms.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "track/lower.h"

namespace mtalens {
namespace {

constexpr std::size_t kMostAddresses = 1 << 20;  // kept apart for certain; further ones by their hash alone
constexpr std::string_view kLetters = "abcdefghijkmnpqrstuvwxyz23456789";  // 32, none like another

constexpr std::array<std::string_view, 16> kAccounts{"root",   "postmaster", "mailer-daemon", "double-bounce", "abuse", "hostmaster", "webmaster", "www-data",
                                                     "nobody", "daemon",     "apache",        "nginx",         "mail",  "mailnull",   "smmsp",     "noreply"};
constexpr std::array<std::string_view, 5> kNoHosts{"localhost", "localhost.localdomain", "unknown", "none", "local"};
// What stands below a country's domain for many, not for one.
constexpr std::array<std::string_view, 16> kShared{"co", "com", "net", "org", "ac", "edu", "gov", "gob", "gouv", "or", "ne", "ltd", "plc", "nhs", "asso", "mil"};

template <typename Names>
bool is_one_of(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_top_level(std::string_view label) {
  return label.size() >= 2 && label.size() <= 12 && std::all_of(label.begin(), label.end(), is_letter);
}

struct Ip4 {
  std::uint32_t address = 0;
  bool valid = false;
};

Ip4 ip4_of(std::string_view text) {
  in_addr address{};
  const std::string copy(text.substr(0, 16));
  const bool valid = text.size() <= 15 && inet_pton(AF_INET, copy.c_str(), &address) == 1;
  return {ntohl(address.s_addr), valid};
}

std::string dotted(std::uint32_t address) {
  return fmt::format("{}.{}.{}.{}", address >> 24, address >> 16 & 255, address >> 8 & 255, address & 255);
}

// Nobody's in particular: this machine, any, all.
bool is_everybodys(std::uint32_t a) { return a >> 24 == 127 || a == 0 || a == 0xFFFFFFFF; }

bool is_private(std::uint32_t a) {
  return a >> 24 == 10 || a >> 20 == 0xAC1 || a >> 16 == 0xC0A8 || a >> 16 == 0xA9FE || a >> 22 == 0x191;  // RFC 1918, 3927, 6598
}

// The words of patterns that look like names: "csi.cloudmark.com".
void collect_dotted(std::string_view text, std::vector<std::string>& words) {
  std::string word;
  const auto end_word = [&] {
    while (word.ends_with('.')) word.pop_back();
    if (word.find('.') != word.npos && std::any_of(word.begin(), word.end(), is_letter)) words.push_back('.' + lower(word) + '.');
    word.clear();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escaped = text[i] == '\\' && i + 1 < text.size() && text[i + 1] == '.';
    const char c = escaped ? text[++i] : text[i];
    if (is_letter(c) || is_digit(c) || c == '-' || (c == '.' && (escaped || !word.empty()))) {
      word += c;
    } else {
      end_word();
    }
  }
  end_word();
}

// The hosts of help pages: "see https://postmaster.yahooinc.com/error-codes".
void collect_hosts_of_pages(std::string_view text, std::vector<std::string>& words) {
  for (auto at = text.find("://"); at != text.npos; at = text.find("://", at + 3)) {
    const auto rest = text.substr(at + 3);
    collect_dotted(rest.substr(0, rest.find_first_of("/ :)>\"\\,;?")), words);
  }
}

}  // namespace

bool is_ipv6(std::string_view text) {
  in6_addr address{};
  const std::string copy(text.substr(0, 64));
  return text.size() < 64 && text.find(':') != text.npos && inet_pton(AF_INET6, copy.c_str(), &address) == 1;
}

Pseudonyms::Pseudonyms(const Knowledge& knowledge, std::string_view secret)
    : knowledge_(knowledge), key_{SipHash({1, 2}).of(secret), SipHash({3, 4}).of(secret)} {
  for (const auto& entry : knowledge.replies()) {
    for (const auto literal : entry.literals) collect_dotted(literal, words_of_patterns_);
    collect_dotted(entry.regex, words_of_patterns_);
    for (const auto& example : entry.examples) collect_hosts_of_pages(example.log, words_of_patterns_);
  }
}

// "u" and nine letters: 45 bits, so that among a million names no two are expected to meet.
std::string Pseudonyms::code(char kind, std::string_view name, std::size_t length) const {
  std::string seed(1, kind);
  auto hash = SipHash(key_).of(seed.append(name));
  std::string out(1, kind);
  for (std::size_t i = 1; i < length; ++i, hash >>= 5) out += kLetters[hash & 31];
  return out;
}

std::string Pseudonyms::user(std::string_view name) const {
  const auto small = lower(name.substr(0, 16));
  if (name.empty() || is_one_of(kAccounts, small)) return std::string(name);
  if (small.starts_with("srs0=") || small.starts_with("srs1=") || small.starts_with("srs0-") || small.starts_with("srs0+") ||
      small.starts_with("srs1-") || small.starts_with("srs1+")) {
    return std::string(name.substr(0, 5)) + code('u', name.substr(5), 10);
  }
  if (name.starts_with("owner-")) return "owner-" + user(name.substr(6));
  for (const std::string_view end : {"-owner", "-request"}) {
    if (name.size() > end.size() && name.ends_with(end)) return user(name.substr(0, name.size() - end.size())).append(end);
  }
  for (const std::string_view mark : {"-bounces", "-return"}) {
    const auto begin = name.find(mark);
    if (begin == name.npos || begin == 0) continue;
    const auto rest = name.substr(begin + mark.size());
    if (!rest.empty() && rest.front() != '+' && rest.front() != '-') continue;
    auto out = user(name.substr(0, begin)).append(mark);
    return rest.empty() ? out : out + rest.front() + code('u', rest.substr(1), 10);
  }
  return code('u', name, 10);
}

std::string Pseudonyms::address(std::string_view address) const {
  const auto at = address.rfind('@');
  if (at == address.npos) return user(address);
  return user(address.substr(0, at)) + '@' + host(address.substr(at + 1));
}

std::string Pseudonyms::host(std::string_view name) const {
  if (name.starts_with('[') && name.ends_with(']')) return '[' + host(name.substr(1, name.size() - 2)) + ']';
  if (name.size() > 5 && lower(name.substr(0, 5)) == "ipv6:") return std::string(name.substr(0, 5)) + host(name.substr(5));
  if (name.ends_with('.')) return host(name.substr(0, name.size() - 1)) + '.';
  if (const auto ip = ip4_of(name); ip.valid) return knowledge_.operator_of_relay(name) != 0 ? std::string(name) : ipv4(ip.address);
  if (is_ipv6(name)) return knowledge_.operator_of_relay(name) != 0 ? std::string(name) : ipv6(name);
  const auto small = lower(name);
  if (name.empty() || is_one_of(kNoHosts, small) || is_in_patterns(small)) return std::string(name);
  if (is_of_operator(small)) return of_operator(name);
  auto out = domain(small);
  if (has_upper(name)) std::transform(out.begin(), out.end(), out.begin(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return out;
}

bool Pseudonyms::is_of_operator(std::string_view name) const {
  if (knowledge_.operator_of_relay(name) != 0) return true;
  for (auto rest = name;;) {
    if (knowledge_.operator_of_domain(rest) != 0) return true;
    const auto dot = rest.find('.');
    if (dot == rest.npos) return false;
    rest.remove_prefix(dot + 1);
  }
}

bool Pseudonyms::is_in_patterns(std::string_view name) const {
  const auto dotted_name = fmt::format(".{}.", name);
  return std::any_of(words_of_patterns_.begin(), words_of_patterns_.end(), [&](const auto& word) { return dotted_name.find(word) != name.npos; });
}

// A provider's name stays, but for a customer's in front of it: contoso-com.mail.protection.outlook.com.
std::string Pseudonyms::of_operator(std::string_view name) const {
  const auto dot = name.find('.');
  const auto first = name.substr(0, dot);
  const auto dash = first.rfind('-');
  if (dot == name.npos || dash == first.npos || dash == 0 || !is_top_level(first.substr(dash + 1))) return std::string(name);
  const auto other = code('d', lower(first), 8) + std::string(name.substr(dot));
  const bool same = knowledge_.operator_of_relay(other) == knowledge_.operator_of_relay(name) &&
                    knowledge_.operator_of_domain(other) == knowledge_.operator_of_domain(name);
  return same ? other : std::string(name);
}

// Label by label, each by what it is called and what it stands below.
std::string Pseudonyms::domain(std::string_view name) const {
  const auto last = name.rfind('.');
  if (last == name.npos) return code('h', name, 8);
  auto below = name.substr(last + 1);
  std::string out = is_top_level(below) ? std::string(below) : code('d', below, 8);
  for (auto rest = name.substr(0, last);;) {
    const auto dot = rest.rfind('.');
    out = label(rest.substr(dot == rest.npos ? 0 : dot + 1), below) + '.' + out;
    if (dot == rest.npos) return out;
    below = name.substr(dot + 1);
    rest = rest.substr(0, dot);
  }
}

// Where a country's domain comes next, a label of up to three letters may be a part of it (co.uk): as long it stays.
std::string Pseudonyms::label(std::string_view label, std::string_view below) const {
  const bool below_country = below.size() == 2;
  if (label.empty() || (below_country && is_one_of(kShared, label))) return std::string(label);
  const auto whole = fmt::format("{}.{}", label, below);
  return below_country && label.size() <= 3 ? code('d', whole, 4).substr(1) : code('d', whole, 8);
}

// In 240.0.0.0/4, which is nobody's, and those of a private network in 10.0.0.0/8.
std::string Pseudonyms::ipv4(std::uint32_t address) const {
  if (is_everybodys(address)) return dotted(address);
  if (const auto known = ipv4_.find(address); known != ipv4_.end()) return dotted(known->second);
  const bool inside = is_private(address);
  const auto in_range = [&](std::uint32_t x) { return inside ? 10u << 24 | (x & 0x00FFFFFF) : 15u << 28 | (x & 0x0FFFFFFF); };
  auto pseudonym = in_range(static_cast<std::uint32_t>(SipHash(key_).of("4" + dotted(address))));
  if (ipv4_.size() < kMostAddresses) {
    while (!ipv4_taken_.insert(pseudonym).second) pseudonym = in_range(pseudonym + 1);
    ipv4_.emplace(address, pseudonym);
  }
  return dotted(pseudonym);
}

// In 2001:db8::/32, which is for examples (RFC 3849).
std::string Pseudonyms::ipv6(std::string_view text) const {
  in6_addr address{};
  inet_pton(AF_INET6, std::string(text).c_str(), &address);
  const std::string_view bytes(reinterpret_cast<const char*>(address.s6_addr), 16);
  if (IN6_IS_ADDR_LOOPBACK(&address) || IN6_IS_ADDR_UNSPECIFIED(&address)) return std::string(text);
  if (IN6_IS_ADDR_V4MAPPED(&address)) {
    std::uint32_t inner = 0;
    for (std::size_t i = 12; i < 16; ++i) inner = inner << 8 | address.s6_addr[i];
    return "::ffff:" + ipv4(inner);
  }
  const auto high = SipHash(key_).of("6" + std::string(bytes)), low = SipHash(key_).of("7" + std::string(bytes));
  return fmt::format("2001:db8:{:x}:{:x}:{:x}:{:x}:{:x}:{:x}", high & 0xFFFF, high >> 16 & 0xFFFF, high >> 32 & 0xFFFF, high >> 48 & 0xFFFF,
                     low & 0xFFFF, low >> 16 & 0xFFFF);
}

}  // namespace mtalens

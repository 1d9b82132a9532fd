// One row for each field: how its text is read, and how it is written again.
#include "parsers/event_fields.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <type_traits>

#include "parsers/event_words.h"
#include "parsers/scan.h"
#include "syslog/calendar.h"
#include "syslog/stamp.h"

namespace mtalens {
namespace {

constexpr std::int64_t kSecond = 1'000'000;

// ---- what the texts say ------------------------------------------------------------------------------------------

std::string_view bare_address(std::string_view text) {
  if (text.starts_with('<') && text.ends_with('>')) return text.substr(1, text.size() - 2);
  return text;
}

// `[192.0.2.1]`, `[IPv6:2001:db8::1]`, `::ffff:192.0.2.1` of a socket that takes both families.
std::string_view bare_host(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  scan::take(text, "IPv6:");
  if (text.find('.') != std::string_view::npos) scan::take(text, "::ffff:");
  return scan::without_final_dot(text);
}

// A decimal number with an optional fraction, in millionths.
std::optional<std::int64_t> take_millionths(std::string_view& text) {
  constexpr std::int64_t kMost = INT64_MAX / kSecond - 1;
  const auto whole = scan::take_number(text);
  if (!whole || *whole > kMost) return std::nullopt;
  std::int64_t fraction = 0;
  if (scan::take(text, ".")) {
    for (std::int64_t unit = kSecond / 10; !text.empty() && scan::is_digit(text.front()); unit /= 10) {
      fraction += (text.front() - '0') * unit;
      text.remove_prefix(1);
    }
  }
  return *whole * kSecond + fraction;
}

// `12.5`, `0s`, `1m3s`, `4d2h3m1s`, `00:01:03`, `250ms`.
std::optional<std::int64_t> duration_us(std::string_view text) {
  constexpr std::int64_t kMost = INT64_MAX / 1'000'000;
  std::int64_t total = 0;
  while (!text.empty()) {
    const auto number = take_millionths(text);
    if (!number || *number > kMost || total > kMost) return std::nullopt;
    if (text.empty()) return total + *number;
    std::int64_t unit = 0;
    if (scan::take(text, ":")) {
      total = (total + *number) * 60;
      continue;
    }
    if (scan::take(text, "ms")) {
      total += *number / 1000;
      continue;
    }
    switch (text.front()) {
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
        return std::nullopt;
    }
    text.remove_prefix(1);
    total += *number * unit;
  }
  return total;
}

// Seconds since the epoch, or `2026-11-25T03:39:21.123Z`, which is UTC where it names no zone.
std::optional<std::int64_t> time_us(std::string_view text) {
  stamp::WallTime wall;
  const auto size = stamp::read_iso(text, wall);
  if (size == 0) return take_millionths(text);
  text.remove_prefix(size);
  std::int32_t fraction_us = 0, ahead_s = 0;
  text.remove_prefix(stamp::read_fraction(text, fraction_us));
  stamp::read_zone(text, ahead_s);
  const auto days = calendar::days_from_civil(wall.year, wall.month, wall.day);
  return (days * calendar::kSecondsPerDay + wall.second_of_day - ahead_s) * kSecond + fraction_us;
}

std::string seconds_text(std::int64_t us) {
  std::string text = std::to_string(us / kSecond);
  if (us % kSecond == 0) return text;
  const std::string digits = std::to_string(kSecond + us % kSecond).substr(1);
  return text + "." + digits.substr(0, digits.find_last_not_of('0') + 1);
}

// ---- rows ----------------------------------------------------------------------------------------------------------

bool says_nothing(std::string_view text) {
  return text.empty() || text == "-";
}

using Cleaner = std::string_view (*)(std::string_view);
std::string_view as_it_is(std::string_view text) {
  return text;
}

template <auto Member, Cleaner clean = as_it_is>
constexpr EventField text_field(std::string_view name) {
  return {name,
          [](Event& event, std::string_view text) {
            const auto value = clean(text);
            if (!says_nothing(value)) event.*Member = value;
            return true;
          },
          [](const Event& event) { return std::string(event.*Member); }};
}

template <auto Member>
constexpr EventField number_field(std::string_view name) {
  using Number = std::remove_reference_t<decltype(std::declval<Event&>().*Member)>;
  return {name,
          [](Event& event, std::string_view text) {
            Number value{};
            const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
            if (read.ec == std::errc() && read.ptr == text.data() + text.size()) event.*Member = value;
            return true;
          },
          [](const Event& event) {
            const Number value = event.*Member;
            return value == Event().*Member ? std::string() : std::to_string(value);
          }};
}

template <auto Member>
constexpr EventField word_field(std::string_view name) {
  using Enum = std::remove_reference_t<decltype(std::declval<Event&>().*Member)>;
  return {name,
          [](Event& event, std::string_view text) {
            if (text.empty()) return true;
            const auto value = named<Enum>(text);
            if (value) event.*Member = *value;
            return value.has_value();
          },
          [](const Event& event) { return std::string(word_of(event.*Member)); }};
}

template <auto Member>
constexpr EventField flag_field(std::string_view name) {
  return {name,
          [](Event& event, std::string_view text) {
            if (text != "true" && text != "false") return false;
            event.*Member = text == "true";
            return true;
          },
          [](const Event& event) { return std::string(event.*Member ? "true" : ""); }};
}

constexpr EventField kSender = {"sender",
                                [](Event& event, std::string_view text) {
                                  event.sender = bare_address(text);
                                  event.null_sender = event.sender.empty();
                                  return true;
                                },
                                [](const Event& event) {
                                  return event.null_sender ? std::string("<>") : std::string(event.sender);
                                }};

constexpr EventField kReply = {"reply",
                               [](Event& event, std::string_view text) {
                                 if (says_nothing(text)) return true;
                                 event.reply = text;
                                 const auto codes = scan::reply_codes(text);
                                 if (event.code == 0) event.code = codes.code;
                                 if (event.enhanced_code.empty()) event.enhanced_code = codes.enhanced;
                                 return true;
                               },
                               [](const Event& event) { return std::string(event.reply); }};

// Which connection it was is all that matters of its name (FNV-1a).
constexpr EventField kSession = {"session",
                                 [](Event& event, std::string_view text) {
                                   std::uint32_t hash = 2166136261u;
                                   for (const char c : text)
                                     hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
                                   event.session = hash;
                                   if (event.conversation.empty()) event.conversation = text;
                                   return true;
                                 },
                                 [](const Event& event) {
                                   return event.session == 0 ? std::string() : std::to_string(event.session);
                                 }};

constexpr EventField kTime = {"time",
                              [](Event& event, std::string_view text) {
                                event.time_us = time_us(text).value_or(event.time_us);
                                return true;
                              },
                              [](const Event& event) {
                                return event.time_us == kNoTime ? std::string() : seconds_text(event.time_us);
                              }};

constexpr EventField kDelay = {"delay_s",
                               [](Event& event, std::string_view text) {
                                 event.delay_us = duration_us(text).value_or(event.delay_us);
                                 return true;
                               },
                               [](const Event& event) {
                                 return event.delay_us < 0 ? std::string() : seconds_text(event.delay_us);
                               }};

constexpr EventField kFields[] = {
    word_field<&Event::kind>("kind"),
    word_field<&Event::outcome>("outcome"),
    word_field<&Event::stage>("stage"),
    word_field<&Event::ended>("how"),
    word_field<&Event::direction>("direction"),
    word_field<&Event::handshake>("handshake"),
    word_field<&Event::cause>("cause"),
    word_field<&Event::relation>("relation"),
    flag_field<&Event::secondary>("secondary"),
    flag_field<&Event::local>("local"),
    flag_field<&Event::same_transaction>("same_transaction"),
    flag_field<&Event::counts_refusal>("counts_refusal"),
    flag_field<&Event::fallback>("fallback"),
    flag_field<&Event::returned_to_sender>("returned_to_sender"),
    kTime,
    kDelay,
    kSender,
    kReply,
    kSession,
    text_field<&Event::host>("host"),
    text_field<&Event::queue_id>("queue_id"),
    text_field<&Event::other_queue_id>("other_queue_id"),
    text_field<&Event::message_id, bare_address>("message_id"),
    text_field<&Event::recipient, bare_address>("recipient"),
    text_field<&Event::original_recipient, bare_address>("original_recipient"),
    text_field<&Event::client, bare_host>("client"),
    text_field<&Event::client_address, bare_host>("client_address"),
    text_field<&Event::auth_user>("auth_user"),
    text_field<&Event::relay, bare_host>("relay"),
    text_field<&Event::relay_address, bare_host>("relay_address"),
    text_field<&Event::enhanced_code>("enhanced_code"),
    text_field<&Event::peer, bare_host>("peer"),
    text_field<&Event::peer_address, bare_host>("address"),
    text_field<&Event::tls_version>("tls_version"),
    text_field<&Event::tls_cipher>("tls_cipher"),
    text_field<&Event::conversation>("conversation"),
    number_field<&Event::pid>("pid"),
    number_field<&Event::code>("code"),
    number_field<&Event::relay_port>("relay_port"),
    number_field<&Event::size_bytes>("size_bytes"),
    number_field<&Event::recipients>("recipients"),
    number_field<&Event::uid>("uid"),
};

}  // namespace

const EventField* find_event_field(std::string_view name) {
  const auto* found = std::find_if(std::begin(kFields), std::end(kFields), [&](const auto& f) { return f.name == name; });
  return found == std::end(kFields) ? nullptr : found;
}

}  // namespace mtalens

#include "rules/wording.h"

#include <fmt/format.h>

#include <array>
#include <ctime>

namespace mtalens {
namespace {

constexpr std::int64_t kSecond = 1'000'000;

std::int64_t whole_seconds(std::int64_t us) { return us / kSecond - (us % kSecond < 0 ? 1 : 0); }

std::tm local(std::int64_t us) {
  const std::time_t seconds = whole_seconds(us);
  std::tm out{};
  localtime_r(&seconds, &out);
  return out;
}

std::string formatted(const std::tm& time, const char* format) {
  std::array<char, 64> buffer{};
  const auto length = std::strftime(buffer.data(), buffer.size(), format, &time);
  return {buffer.data(), length};
}

}  // namespace

std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), 1, ',');
  }
  return digits;
}

double tenths(double value) { return static_cast<double>(static_cast<std::int64_t>(value * 10 + 0.5)) / 10; }

std::string mta_title(std::string_view mta) {
  if (mta == "postfix") return "Postfix";
  if (mta == "exim") return "Exim";
  return std::string(mta);
}

std::string plural(std::string_view noun) {
  std::string out(noun);
  if (out.ends_with("y") && !out.ends_with("ay")) {
    out.replace(out.size() - 1, 1, "ies");
  } else if (out.ends_with("s")) {
    out += "es";
  } else {
    out += 's';
  }
  return out;
}

std::string counted(std::uint64_t number, std::string_view noun) {
  return grouped(number) + ' ' + (number == 1 ? std::string(noun) : plural(noun));
}

std::string duration(std::int64_t us) {
  const auto seconds = us / kSecond;
  const auto days = seconds / 86400, hours = seconds / 3600 % 24, minutes = seconds / 60 % 60;
  if (days > 0) return hours > 0 ? fmt::format("{}d {}h", days, hours) : fmt::format("{}d", days);
  if (hours > 0) return minutes > 0 ? fmt::format("{}h {}m", hours, minutes) : fmt::format("{}h", hours);
  if (minutes > 0) return seconds % 60 > 0 ? fmt::format("{}m {}s", minutes, seconds % 60) : fmt::format("{}m", minutes);
  return fmt::format("{}s", seconds);
}

std::string moment(std::int64_t us) {
  const auto time = local(us);
  return fmt::format("{} {}", time.tm_mday, formatted(time, "%b %H:%M"));
}

std::string span_of(std::int64_t first_us, std::int64_t last_us) {
  const auto first = moment(first_us), last = moment(last_us);
  if (first == last) return first;
  return fmt::format("{} to {}", first, day(first_us) == day(last_us) ? clock_time(last_us) : last);
}

std::string day(std::int64_t us) {
  const auto time = local(us);
  return fmt::format("{} {}", time.tm_mday, formatted(time, "%b %Y"));
}

std::string clock_time(std::int64_t us) { return formatted(local(us), "%H:%M"); }

std::string zone_name(std::int64_t us) { return formatted(local(us), "%Z"); }

std::string iso_utc(std::int64_t us) {
  const std::time_t seconds = whole_seconds(us);
  std::tm time{};
  gmtime_r(&seconds, &time);
  std::string out = formatted(time, "%Y-%m-%dT%H:%M:%S");
  const auto rest = us - seconds * kSecond;
  if (rest % 1000 != 0) {
    out += fmt::format(".{:06}", rest);
  } else if (rest != 0) {
    out += fmt::format(".{:03}", rest / 1000);
  }
  return out + 'Z';
}

std::string list_of(const std::vector<std::string>& names, std::size_t most) {
  std::string out;
  for (std::size_t i = 0; i < names.size() && i < most; ++i) out += (i ? ", " : "") + names[i];
  if (names.size() > most) out += fmt::format(" and {} more", grouped(names.size() - most));
  return out;
}

std::string_view stage_words(Stage stage) {
  switch (stage) {
    case Stage::connect: return "in the greeting";
    case Stage::helo: return "after EHLO";
    case Stage::starttls: return "at STARTTLS";
    case Stage::auth: return "at AUTH";
    case Stage::mail: return "after MAIL FROM";
    case Stage::rcpt: return "after RCPT TO";
    case Stage::data: return "at DATA";
    case Stage::eod: return "after the message's text";
    case Stage::none: return "";
  }
  return "";
}

std::string_view direction_name(Direction direction) {
  switch (direction) {
    case Direction::inbound: return "inbound";
    case Direction::outbound: return "outbound";
    case Direction::none: return "";
  }
  return "";
}

std::string size(std::uint64_t bytes, Units units) {
  const double step = units == Units::si ? 1000 : 1024;
  const auto names = units == Units::si ? std::array{"kB", "MB", "GB", "TB"} : std::array{"KiB", "MiB", "GiB", "TiB"};
  if (static_cast<double>(bytes) < step) return fmt::format("{} B", bytes);
  auto value = static_cast<double>(bytes) / step;
  std::size_t unit = 0;
  for (; unit + 1 < names.size() && value >= step; ++unit) value /= step;
  return fmt::format("{:.1f} {}", value, names[unit]);
}

}  // namespace mtalens

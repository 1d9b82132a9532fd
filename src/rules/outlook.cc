#include "rules/outlook.h"

#include <fmt/format.h>

#include "rules/wording.h"

namespace mtalens {
namespace {

constexpr std::int64_t kHour = 3'600'000'000;
constexpr std::int64_t kDay = 24 * kHour;
constexpr int kDaysTold = 7;

std::uint64_t whole(double recipients) { return static_cast<std::uint64_t>(recipients + 0.5); }
double rounded(double value) { return static_cast<double>(static_cast<std::int64_t>(value * 10 + 0.5)) / 10; }

// Until it is empty, or the days that are told.
std::int64_t told_until(const Forecast& forecast) { return forecast.empties_at_us.value_or(forecast.from_us + kDaysTold * kDay); }

// When the first goes back to its sender, if one does in the time that is told.
std::optional<std::int64_t> first_expiry(const Forecast& forecast) {
  for (std::size_t i = 0; i < forecast.hours.size(); ++i) {
    const auto begins_us = forecast.from_us + static_cast<std::int64_t>(i) * kHour;
    if (begins_us >= told_until(forecast)) break;
    if (forecast.expired_by(begins_us + kHour) >= 0.5) return begins_us / kHour * kHour + kHour;
  }
  return std::nullopt;
}

std::string_view source_word(Patience::Source source) {
  switch (source) {
    case Patience::Source::expired: return "seen in this log";
    case Patience::Source::still_waiting: return "older mail still waits";
    case Patience::Source::mta_default: return "the MTA's default";
  }
  return "";
}

std::string_view source_name(Patience::Source source) {
  switch (source) {
    case Patience::Source::expired: return "seen";
    case Patience::Source::still_waiting: return "waiting";
    case Patience::Source::mta_default: return "default";
  }
  return "";
}

}  // namespace

std::string patience_words(const Patience& patience) {
  return fmt::format("{} ({})", duration(patience.us), source_word(patience.source));
}

std::string forecast_words(const Forecast& forecast) {
  auto words = fmt::format("{} in, at most {} out a day: {}", grouped(whole(forecast.inflow_per_day)), grouped(whole(forecast.taken_per_day)),
                           forecast.empties_at_us ? "empty on " + moment(*forecast.empties_at_us) + (forecast.unnamed > 0 ? " at the earliest" : "")
                                                  : std::string("it never empties"));
  const auto expired = whole(forecast.expired_by(told_until(forecast)));
  if (expired == 0) return words;
  return words + fmt::format(", about {} {} {}", grouped(expired), expired == 1 ? "expires" : "expire",
                             forecast.empties_at_us ? "by then" : fmt::format("within {} days", kDaysTold));
}

std::string forecast_basis(const Forecast& forecast) {
  auto words = fmt::format("forecast if mail goes on coming as on the log's last day, and going back to its senders after {}", patience_words(forecast.patience));
  if (forecast.unnamed > 0) {
    words += fmt::format("; {} more wait whom the log has not named yet, and some may be for it", counted(forecast.unnamed, "recipient"));
  }
  return words;
}

nlohmann::ordered_json forecast_numbers(const Forecast& forecast) {
  nlohmann::ordered_json out;
  const auto first = first_expiry(forecast);
  out["inflow_per_day"] = rounded(forecast.inflow_per_day);
  out["taken_per_day"] = rounded(forecast.taken_per_day);
  out["empties_at"] = forecast.empties_at_us ? nlohmann::ordered_json(iso_utc(*forecast.empties_at_us)) : nlohmann::ordered_json();
  out["expires"] = whole(forecast.expired_by(told_until(forecast)));
  out["first_expires_at"] = first ? nlohmann::ordered_json(iso_utc(*first)) : nlohmann::ordered_json();
  out["patience_s"] = forecast.patience.us / 1'000'000;
  out["patience_source"] = source_name(forecast.patience.source);
  out["days"] = nlohmann::ordered_json::array();
  for (int d = 1; d <= kDaysTold; ++d) {
    const auto ends_us = forecast.from_us + d * kDay;
    const auto hour = static_cast<std::size_t>(d * 24 - 1);
    if (hour >= forecast.hours.size()) break;
    out["days"].push_back({{"at", iso_utc(ends_us)},
                           {"queued", rounded(forecast.hours[hour].queued)},
                           {"expired", rounded(forecast.expired_by(ends_us) - forecast.expired_by(ends_us - kDay))}});
  }
  return out;
}

std::vector<std::string> retries_words(const Retries& retries, const Provider& provider) {
  std::vector<std::string> out;
  if (retries.refused > 0 && provider.accepted > 0) {
    auto words = fmt::format("what the retries cost: {} refused for {} taken", counted(retries.refused, "try"), counted(provider.accepted, "message"));
    if (retries.closed_door > 0) words += fmt::format("; {} came when the door was known to be closed", grouped(retries.closed_door));
    out.push_back(words);
  }
  if (retries.echoes > 0) {
    out.push_back(fmt::format("{} put off without a try, because of those refusals", counted(retries.echoes, "delivery")));
  }
  if (retries.delays_nothing()) {
    out.push_back(fmt::format("after a reset all it takes is used up within {}: fewer tries would delay nothing", duration(*retries.used_up_after_us)));
  } else if (retries.flows_after_us) {
    auto words = fmt::format("after a reset mail flows again only {} later", duration(*retries.flows_after_us));
    if (retries.missed > 0) words += fmt::format(", and {} waited on though there was room", counted(retries.missed, "message"));
    out.push_back(words + ": one try soon after the reset, and few in between, would bring it through sooner");
  }
  return out;
}

nlohmann::ordered_json retries_numbers(const Retries& retries) {
  const auto seconds = [](const std::optional<std::int64_t>& us) { return us ? nlohmann::ordered_json(*us / 1'000'000) : nlohmann::ordered_json(); };
  nlohmann::ordered_json out;
  out["refused"] = retries.refused;
  out["closed_door"] = retries.closed_door;
  out["without_a_try"] = retries.echoes;
  out["flows_after_reset_s"] = seconds(retries.flows_after_us);
  out["used_up_after_reset_s"] = seconds(retries.used_up_after_us);
  out["missed"] = retries.missed;
  return out;
}

}  // namespace mtalens

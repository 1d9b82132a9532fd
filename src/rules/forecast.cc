#include "rules/forecast.h"

#include <algorithm>
#include <deque>
#include <memory>

namespace mtalens {
namespace {

constexpr std::int64_t kHour = 3'600'000'000;
constexpr std::int64_t kDay = 24 * kHour;
constexpr int kOutflowDays = 3;  // that tell what a provider without a known limit takes

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

const HourCounts* hour_of(const Provider& provider, std::int64_t number) {
  const auto at = number - provider.first_hour;
  return at >= 0 && at < static_cast<std::int64_t>(provider.hours.size()) ? &provider.hours[static_cast<std::size_t>(at)] : nullptr;
}

// The hours of the last day, in the order in which they will come again. A shorter log gives its mean to each.
std::vector<double> daily_inflow(const Provider& provider, const InputSummary& input) {
  const auto now = floor_div(input.to_us, kHour), named = floor_div(input.named_until_us(), kHour);
  std::vector<double> out(24, 0);
  double sum = 0;
  for (int i = 0; i < 24; ++i) {
    const auto* hour = hour_of(provider, named - 24 + (now - named + i) % 24);
    if (hour != nullptr) sum += out[static_cast<std::size_t>(i)] = hour->inflow;
  }
  const auto length_us = input.named_until_us() - input.from_us;
  if (length_us >= kDay) return out;
  if (const auto* hour = hour_of(provider, named)) sum += hour->inflow;
  return std::vector<double>(24, sum * kHour / static_cast<double>(std::max(length_us, kHour)));
}

// What a provider takes in the next hour.
class Gate {
 public:
  virtual ~Gate() = default;
  virtual double open(std::int64_t from_us, std::int64_t to_us) = 0;
  virtual void took(double recipients) = 0;
};

// As much as it took lately.
class SteadyGate : public Gate {
 public:
  SteadyGate(const Provider& provider, const InputSummary& input) {
    const auto now = floor_div(input.to_us, kHour);
    std::uint64_t left = 0;
    for (auto number = now - kOutflowDays * 24; number <= now; ++number) {
      if (const auto* hour = hour_of(provider, number)) left += hour->outflow - std::min(hour->outflow, hour->expired);
    }
    const auto length_us = std::clamp(input.to_us - input.from_us, kHour, kOutflowDays * kDay);
    per_hour_ = static_cast<double>(left) * kHour / static_cast<double>(length_us);
  }
  double open(std::int64_t, std::int64_t) override { return per_hour_; }
  void took(double) override {}

 private:
  double per_hour_ = 0;
};

double recipients_a_message(const Provider& provider) {
  return provider.accepted == 0 ? 1 : std::max(1.0, static_cast<double>(provider.attempts.delivered) / static_cast<double>(provider.accepted));
}

double in_recipients(const Limit& limit, const Provider& provider) {
  return static_cast<double>(limit.value) * (limit.of_recipients ? 1 : recipients_a_message(provider));
}

// A quota that is given anew at a time of the day or hour.
class WindowGate : public Gate {
 public:
  WindowGate(const Limit& limit, const Provider& provider, std::int64_t now_us)
      : value_(in_recipients(limit, provider)), period_us_(limit.per == Limit::Per::day ? kDay : kHour), resets_us_(limit.resets_us) {
    const auto begins_us = window(now_us) * period_us_ + resets_us_;
    left_ = value_;
    for (auto spell = provider.spells.rbegin(); spell != provider.spells.rend(); ++spell) {
      if (spell->throttled > 0 && spell->last_throttled_us >= begins_us) left_ = 0;
      if (spell->accepted == 0) continue;
      if (spell->last_accepted_us < begins_us) break;
      left_ -= spell->accepted_recipients;
    }
    left_ = std::max(0.0, left_);
  }
  double open(std::int64_t from_us, std::int64_t to_us) override {
    if (window(to_us - 1) > window(from_us - 1)) left_ = value_;
    return left_;
  }
  void took(double recipients) override { left_ -= recipients; }

 private:
  std::int64_t window(std::int64_t time_us) const { return floor_div(time_us - resets_us_, period_us_); }

  double value_ = 0, left_ = 0;
  std::int64_t period_us_, resets_us_;
};

// A quota of any 24 hours.
class RollingGate : public Gate {
 public:
  RollingGate(const Limit& limit, const Provider& provider, std::int64_t now_us) : value_(in_recipients(limit, provider)) {
    const auto now = floor_div(now_us, kHour);
    for (int i = 0; i < 24; ++i) {
      const auto* hour = hour_of(provider, now - 23 + i);
      taken_.push_back(hour == nullptr ? 0 : hour->accepted * (limit.of_recipients ? 1 : recipients_a_message(provider)));
      sum_ += taken_.back();
    }
  }
  double open(std::int64_t, std::int64_t) override {
    sum_ -= taken_.front();
    taken_.pop_front();
    return std::max(0.0, value_ - sum_);
  }
  void took(double recipients) override {
    taken_.push_back(recipients);
    sum_ += recipients;
  }

 private:
  double value_ = 0, sum_ = 0;
  std::deque<double> taken_;  // hour by hour
};

std::unique_ptr<Gate> gate_of(const Provider& provider, const InputSummary& input, const std::optional<Limit>& limit) {
  if (limit && limit->rolling && limit->per == Limit::Per::day) return std::make_unique<RollingGate>(*limit, provider, input.to_us);
  const bool window = limit && !limit->rolling && limit->resets_us >= 0 && (limit->per == Limit::Per::day || limit->per == Limit::Per::hour);
  if (window) return std::make_unique<WindowGate>(*limit, provider, input.to_us);
  return std::make_unique<SteadyGate>(provider, input);
}

double taken_per_day_of(const Provider& provider, const InputSummary& input, const std::optional<Limit>& limit) {
  if (limit && limit->per == Limit::Per::day) return in_recipients(*limit, provider);
  if (limit && limit->per == Limit::Per::hour) return 24 * in_recipients(*limit, provider);
  return 24 * SteadyGate(provider, input).open(0, 0);
}

// Those that wait, by the hour in which they came.
class Waiting {
 public:
  void come(std::int64_t arrived_us, double recipients) {
    const auto hour = floor_div(arrived_us, kHour);
    if (cohorts_.empty() || cohorts_.back().hour != hour) cohorts_.push_back({hour, 0});
    cohorts_.back().recipients += recipients;
    sum_ += recipients;
  }
  double leave(double recipients) {
    const auto leaving = std::min(recipients, sum_);
    if (leaving <= 0) return 0;
    const auto stays = 1 - leaving / sum_;
    for (auto& cohort : cohorts_) cohort.recipients *= stays;
    sum_ -= leaving;
    return leaving;
  }
  double expire(std::int64_t arrived_before_us) {
    double expired = 0;
    for (; !cohorts_.empty() && cohorts_.front().hour * kHour + kHour / 2 <= arrived_before_us; cohorts_.pop_front()) {
      expired += cohorts_.front().recipients;
    }
    sum_ = cohorts_.empty() ? 0 : sum_ - expired;
    return expired;
  }
  double sum() const { return sum_; }

 private:
  struct Cohort {
    std::int64_t hour = 0;
    double recipients = 0;
  };
  std::deque<Cohort> cohorts_;
  double sum_ = 0;
};

}  // namespace

double Forecast::expired_by(std::int64_t time_us) const {
  double sum = 0;
  for (std::size_t i = 0; i < hours.size() && from_us + static_cast<std::int64_t>(i) * kHour < time_us; ++i) sum += hours[i].expired;
  return sum;
}

Forecast forecast_of(const Analysis& analysis, const Provider& provider, const std::optional<Limit>& limit) {
  Forecast out;
  out.from_us = analysis.input.to_us;
  out.patience = patience_of(analysis, provider);
  if (analysis.input.named_until_us() < analysis.input.to_us) out.unnamed = analysis.input.unnamed_recipients;
  if (analysis.input.to_us == kNoTime) return out;
  out.taken_per_day = taken_per_day_of(provider, analysis.input, limit);
  const auto inflow = daily_inflow(provider, analysis.input);
  for (const auto recipients : inflow) out.inflow_per_day += recipients;
  const auto gate = gate_of(provider, analysis.input, limit);
  const bool drains = out.inflow_per_day <= out.taken_per_day + 0.5;  // else it is empty for an hour at most
  Waiting waiting;
  for (const auto arrived_us : provider.queue.arrivals_us) waiting.come(arrived_us, 1);
  for (int hour = 0; hour < kForecastDays * 24; ++hour) {
    const auto from_us = out.from_us + hour * kHour, to_us = from_us + kHour;
    waiting.come(from_us, inflow[static_cast<std::size_t>(hour % 24)]);
    gate->took(waiting.leave(gate->open(from_us, to_us)));
    const auto expired = waiting.expire(to_us - out.patience.us);
    out.hours.push_back({waiting.sum(), expired});
    if (drains && !out.empties_at_us && waiting.sum() < 0.5) out.empties_at_us = to_us;
  }
  return out;
}

}  // namespace mtalens

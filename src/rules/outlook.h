// A forecast and the cost of retries, as an admin reads them and as programs do.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "rules/forecast.h"
#include "rules/retries.h"

namespace mtalens {

// "5d 1h (seen in this log)"
std::string patience_words(const Patience& patience);
// When the queue empties or that it never does, and how many go back to their senders: one sentence.
std::string forecast_words(const Forecast& forecast);
// What it takes for granted.
std::string forecast_basis(const Forecast& forecast);
nlohmann::ordered_json forecast_numbers(const Forecast& forecast);

// What the retries cost: a line each.
std::vector<std::string> retries_words(const Retries& retries, const Provider& provider);
nlohmann::ordered_json retries_numbers(const Retries& retries);

}  // namespace mtalens

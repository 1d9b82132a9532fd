// The report as one JSON document, before it becomes text: what other formats take their numbers from.
#pragma once

#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "mtalens/analysis.h"
#include "mtalens/finding.h"

namespace mtalens {

nlohmann::ordered_json report_document(const Analysis& analysis, const std::vector<Finding>& findings);

std::string_view severity_name(Severity severity);  // "critical"

}  // namespace mtalens

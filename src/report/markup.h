// Pieces of markup that the page and the mail share. Whatever comes from a log goes through html_text().
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mtalens/analysis.h"
#include "mtalens/finding.h"

namespace mtalens {

// Fit for an element's text and for an attribute in double quotes: controls and what turns text around are shown as
// escapes (safe_text), and nothing is left that markup is made of. XML takes it too.
std::string html_text(std::string_view text);

// "maillog.xz · Postfix on lab · 6 Dec 2026 to 18 Dec 2026 UTC", and the gist: "7 findings, 3 of them critical".
std::string source_words(const Analysis& analysis);
std::string gist(const std::vector<Finding>& findings);

std::string html_findings(const std::vector<Finding>& findings);
std::string html_totals(const Totals& totals, const InputSummary& input);

}  // namespace mtalens

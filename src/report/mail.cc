// The report as a message for `sendmail -t`: RFC 5322 and MIME, text and HTML as alternatives, both quoted-printable so
// that no line is long and no byte is beyond ASCII, whatever the log held. Nothing in it runs or is fetched.
#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "report/markup.h"
#include "report/report.h"
#include "report/safe_text.h"
#include "rules/wording.h"

namespace mtalens {
namespace {

constexpr std::size_t kLine = 76;          // RFC 2045, 6.7
constexpr std::size_t kEncodedBytes = 42;  // of text in one encoded word, which may be 75 long (RFC 2047, 2)
constexpr TextStyle kPlain = {false, 76, true, true};

// RFC 2045, 6.7. "." alone and "From " at a line's begin are encoded too: relays have changed both.
std::string quoted_printable(std::string_view text) {
  std::string out;
  std::size_t used = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == '\n') {
      out += '\n';
      used = 0;
      continue;
    }
    const bool last = i + 1 == text.size() || text[i + 1] == '\n';
    const bool plain = c >= 0x20 && c < 0x7F && c != '=' && !(c == ' ' && last) && !(used == 0 && (c == '.' || c == 'F'));
    const std::string unit = plain ? std::string(1, text[i]) : fmt::format("={:02X}", c);
    if (used + unit.size() > kLine - 1) {
      out += "=\n";
      used = 0;
    }
    out += unit;
    used += unit.size();
  }
  return out;
}

std::string base64(std::string_view bytes) {
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t three = 0;
    for (std::size_t k = 0; k < 3; ++k) three = three << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k) out += i + k > bytes.size() ? '=' : kDigits[three >> (18 - 6 * k) & 63];
  }
  return out;
}

// Free text in a header: as it is where it is ASCII and short, else in encoded words, folded between them.
std::string header_text(std::string_view text) {
  const auto safe = safe_text(text);
  const bool ascii = std::all_of(safe.begin(), safe.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
  if (ascii && safe.size() <= 60 && safe.find("=?") == std::string::npos) return safe;
  std::string out;
  for (std::string_view rest = safe; !rest.empty();) {
    auto end = std::min(kEncodedBytes, rest.size());
    while (end < rest.size() && (static_cast<unsigned char>(rest[end]) & 0xC0) == 0x80) --end;
    out += (out.empty() ? "=?UTF-8?B?" : "\n =?UTF-8?B?") + base64(rest.substr(0, end)) + "?=";
    rest.remove_prefix(end);
  }
  return out;
}

std::string date(std::int64_t us) {
  const auto seconds = static_cast<std::time_t>(us / 1'000'000);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  return fmt::format("{}, {} {} {} {:02}:{:02}:{:02} +0000", kDays[utc.tm_wday], utc.tm_mday, kMonths[utc.tm_mon], utc.tm_year + 1900,
                     utc.tm_hour, utc.tm_min, utc.tm_sec);
}

std::string subject(const Analysis& analysis, const std::vector<Finding>& findings) {
  const auto host = analysis.input.hosts.empty() ? std::string("mail") : analysis.input.hosts.front();
  std::string out = host + ": " + gist(findings);
  if (!findings.empty()) out += ": " + findings.front().title;
  return out;
}

// Mail programs drop scripts, and many drop styles: structure alone has to carry it.
std::string html_part(const Analysis& analysis, const std::vector<Finding>& findings) {
  return fmt::format("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>mtalens</title></head>\n"
                     "<body>\n<h2>{}</h2>\n<p>{}</p>\n{}{}</body></html>\n",
                     gist(findings), html_text(source_words(analysis)), html_totals(analysis.totals, analysis.input), html_findings(findings));
}

std::string part(std::string_view boundary, std::string_view type, std::string_view body) {
  return fmt::format("--{}\nContent-Type: {}; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n{}\n", boundary, type,
                     quoted_printable(body));
}

std::string recipients(const std::vector<std::string>& addresses) {
  std::string out;
  for (const auto& address : addresses) out += (out.empty() ? "" : ",\n ") + address;
  return out;
}

}  // namespace

std::string mail_report(const Analysis& analysis, const std::vector<Finding>& findings, const MailHeader& header) {
  // "=_" never stands in quoted-printable text (RFC 2045, 6.7).
  static constexpr std::string_view kBoundary = "=_mtalens_report";
  std::string out;
  if (!header.from.empty()) out += "From: " + header.from + "\n";
  out += fmt::format("To: {}\nSubject: {}\nDate: {}\nMessage-ID: <{}>\n", recipients(header.to),
                     header_text(subject(analysis, findings)), date(header.at_us), header.message_id);
  out += "Auto-Submitted: auto-generated\nMIME-Version: 1.0\n";
  out += fmt::format("Content-Type: multipart/alternative;\n boundary=\"{}\"\n\n", kBoundary);
  out += part(kBoundary, "text/plain", text_report(analysis, findings, kPlain));
  out += part(kBoundary, "text/html", html_part(analysis, findings));
  return out + fmt::format("--{}--\n", kBoundary);
}

}  // namespace mtalens

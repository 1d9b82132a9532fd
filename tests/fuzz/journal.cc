// systemd's journal as journalctl writes it: as JSON, which another reader reads alike, and as an export, which may be
// cut anywhere.
#include <nlohmann/json.hpp>

#include "input/journal_export.h"
#include "syslog/journal_json.h"
#include "target.h"

namespace mtalens::fuzz {
namespace {

using Json = nlohmann::json;

bool stands_once(std::string_view key, std::string_view text) {
  const auto at = text.find(key);
  return at != text.npos && text.find(key, at + 1) == text.npos;
}

}  // namespace

void journal_json(std::string_view bytes) {
  static Scratch scratch;
  scratch.clear();
  const auto entry = read_journal_json(bytes, scratch);
  if (!stands_once("\"MESSAGE\"", bytes) || !stands_once("\"__REALTIME_TIMESTAMP\"", bytes)) return;
  const auto other = Json::parse(bytes, nullptr, false);
  if (!other.is_object() || !other.contains("MESSAGE") || !other.contains("__REALTIME_TIMESTAMP")) return;
  const auto& time = other["__REALTIME_TIMESTAMP"];
  if (!time.is_string()) return;
  const auto& digits = time.get_ref<const std::string&>();
  if (digits.empty() || digits.size() > 15 || digits.find_first_not_of("0123456789") != digits.npos) return;
  must(entry.has_value(), "one JSON object with a time is an entry");
  must(entry->time_us == std::stoll(digits), "its time is the one it says");
  if (other["MESSAGE"].is_string())
    must(entry->message == other["MESSAGE"].get_ref<const std::string&>(), "its text is the one it says");
}

void journal_export(std::string_view bytes) {
  Decisions decisions(bytes);
  const std::size_t piece = decisions.byte() + 1u;
  const auto text = decisions.rest();
  JournalExport whole, pieces;
  whole.feed(text);
  whole.finish();
  std::string lines;
  for (std::size_t at = 0; at < text.size(); at += piece) {
    pieces.feed(text.substr(at, piece));
    lines += pieces.take_lines();
  }
  pieces.finish();
  lines += pieces.take_lines();
  must(lines == whole.take_lines(), "the lines do not depend on where the bytes are cut");
  must(lines.empty() || lines.ends_with('\n'), "every line ends");
}

}  // namespace mtalens::fuzz

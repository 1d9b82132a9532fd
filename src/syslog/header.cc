#include "syslog/header.h"

#include <cstring>

#include "syslog/bytes.h"
#include "syslog/calendar.h"
#include "syslog/journal_json.h"
#include "syslog/rfc5424.h"
#include "syslog/tag.h"
#include "syslog/wrapping.h"

namespace mtalens {

using calendar::kMicrosPerSecond;

namespace {

// Drops `<22>` or FreeBSD's `<mail.info>`, and says whether it was there.
bool take_priority(std::string_view& text) {
  constexpr std::size_t kLongest = 20;
  if (!text.starts_with('<')) return false;
  std::size_t at = 1;
  while (at < text.size() && at < kLongest &&
         (bytes::is_digit(text[at]) || bytes::is_lower(text[at]) || text[at] == '.')) {
    ++at;
  }
  if (at == 1 || at == text.size() || text[at] != '>') return false;
  text.remove_prefix(at + 1);
  return true;
}

bool is_host(std::string_view word) {
  for (const char c : word) {
    if (!bytes::is_digit(c) && !bytes::is_lower(c) && !bytes::is_upper(c) && c != '.' && c != '-' && c != '_' &&
        c != ':') {
      return false;
    }
  }
  return !word.empty();
}

// `host tag[pid]: ` at the front, as opposed to words that Exim chose.
bool has_host_and_tag(std::string_view text) {
  const auto host = bytes::take_word(text);
  const auto tag = read_tag(text);
  return tag.bracketed && text[tag.size - 1] == ':' && is_host(host);
}

std::int64_t utc_us(const stamp::WallTime& wall) {
  const auto days = calendar::days_from_civil(wall.year, wall.month, wall.day);
  return (days * calendar::kSecondsPerDay + wall.second_of_day) * kMicrosPerSecond;
}

}  // namespace

void HeaderReader::start(const StampClock& clock) {
  clock_ = clock;
  scratch_.clear();
  bsd_us_ = iso_utc_us_ = iso_local_us_ = kNoTime;
}

LogLine HeaderReader::read(std::string_view raw) {
  if (raw.ends_with('\r')) raw.remove_suffix(1);
  LogLine line;
  line.raw = raw;
  if (!read_header(raw, line)) {
    line = LogLine{};
    line.raw = line.text = raw;
  } else if (line.form != HeaderForm::exim) {
    unwrap(line, scratch_);
  }
  return line;
}

bool HeaderReader::read_header(std::string_view text, LogLine& line) {
  if (text.empty()) return false;
  if (text[0] == '<' && take_priority(text) && text.empty()) return false;
  if (bytes::is_upper(text[0]) && read_bsd(text, line)) return true;
  if (bytes::is_digit(text[0]) && read_dated(text, line)) return true;
  if (text[0] == '{') return read_journal(text, line);
  if (bytes::take(text, "\xEF\xBB\xBF")) return read_header(text, line);
  return read_undated(text, line);
}

// Nov 23 09:13:57 host tag[pid]: text
bool HeaderReader::read_bsd(std::string_view text, LogLine& line) {
  line.time_us = bsd_second(text);
  if (line.time_us == kNoTime) return false;
  std::int32_t fraction_us = 0;
  if (!text.empty() && text[0] != ' ') {
    text.remove_prefix(stamp::read_fraction(text, fraction_us));
    line.time_us += fraction_us;
  }
  if (!bytes::take(text, " ")) return false;
  line.form = HeaderForm::rfc3164;
  read_host_and_tag(text, line);
  return true;
}

// Takes the stamp down to the second; kNoTime where there is none.
std::int64_t HeaderReader::bsd_second(std::string_view& text) {
  if (text.size() > kBsdSize && bsd_us_ != kNoTime && std::memcmp(text.data(), bsd_.data(), kBsdSize) == 0) {
    text.remove_prefix(kBsdSize);
    return bsd_us_;
  }
  stamp::WallTime wall;
  const auto size = stamp::read_bsd(text, wall);
  if (size == 0) return kNoTime;
  const auto time_us = wall.year != 0 ? clock_.read(wall.year, wall.month, wall.day, wall.second_of_day)
                                      : clock_.read(wall.month, wall.day, wall.second_of_day);
  if (size == kBsdSize) {
    std::memcpy(bsd_.data(), text.data(), kBsdSize);
    bsd_us_ = time_us;
  }
  text.remove_prefix(size);
  return time_us;
}

// 2026-11-23… in one of four forms.
bool HeaderReader::read_dated(std::string_view text, LogLine& line) {
  if (iso_second(text) == 0) return text.starts_with("1 ") && read_rfc5424(text, line);
  return text[10] == 'T' ? read_iso(text, line) : read_exim(text, line);
}

// Reads the stamp down to the second into iso_…; its size, or 0 where there is none.
std::size_t HeaderReader::iso_second(std::string_view text) {
  if (text.size() < stamp::kIsoSize) return 0;
  if (iso_utc_us_ != kNoTime && std::memcmp(text.data(), iso_.data(), stamp::kIsoSize) == 0) return stamp::kIsoSize;
  stamp::WallTime wall;
  if (stamp::read_iso(text, wall) == 0 || wall.day > calendar::days_in_month(wall.year, wall.month)) return 0;
  std::memcpy(iso_.data(), text.data(), stamp::kIsoSize);
  iso_wall_ = wall;
  iso_utc_us_ = utc_us(wall);
  iso_local_us_ = kNoTime;
  return stamp::kIsoSize;
}

// The time of the stamp that iso_second() read, should no zone follow it.
std::int64_t HeaderReader::unzoned_second_us() {
  if (iso_local_us_ == kNoTime) {
    iso_local_us_ = clock_.read(iso_wall_.year, iso_wall_.month, iso_wall_.day, iso_wall_.second_of_day);
  }
  return iso_local_us_;
}

// Takes the whole stamp with fraction and zone, and sets the time.
bool HeaderReader::take_iso_stamp(std::string_view& text, LogLine& line) {
  const auto size = iso_second(text);
  if (size == 0) return false;
  text.remove_prefix(size);
  std::int32_t fraction_us = 0;
  text.remove_prefix(stamp::read_fraction(text, fraction_us));
  std::int32_t ahead_s = 0;
  const auto zone_size = stamp::read_zone(text, ahead_s);
  text.remove_prefix(zone_size);
  line.time_us = fraction_us + (zone_size > 0 ? iso_utc_us_ - ahead_s * kMicrosPerSecond : unzoned_second_us());
  return true;
}

// 2026-11-23T09:16:13.657376+00:00 host tag[pid]: text
bool HeaderReader::read_iso(std::string_view text, LogLine& line) {
  if (!take_iso_stamp(text, line) || !bytes::take(text, " ")) return false;
  line.form = HeaderForm::iso8601;
  read_host_and_tag(text, line);
  return true;
}

// 2026-11-23 09:16:16 1xVQ9o-0003Ae-0l => …, unless it goes on like a syslog line.
bool HeaderReader::read_exim(std::string_view text, LogLine& line) {
  auto behind = text.substr(stamp::kIsoSize);
  EximStamp stamp;
  if (!take_behind_exim_seconds(behind, stamp)) return read_iso(text, line);
  if (stamp.pid == 0 && !stamp.has_zone && has_host_and_tag(behind)) return read_iso(text, line);
  line.form = HeaderForm::exim;
  line.time_us = stamp.has_zone ? iso_utc_us_ - stamp.zone_s * kMicrosPerSecond : unzoned_second_us();
  line.time_us += stamp.fraction_us;
  line.pid = stamp.pid;
  line.program = "exim";
  line.text = behind;
  return true;
}

// 1 2026-11-23T09:16:13Z host tag pid msgid - text
bool HeaderReader::read_rfc5424(std::string_view text, LogLine& line) {
  text.remove_prefix(2);
  if (!bytes::take(text, "- ")) {
    if (!take_iso_stamp(text, line) || !bytes::take(text, " ")) return false;
  }
  line.form = HeaderForm::rfc5424;
  return read_behind_rfc5424_stamp(text, line);
}

bool HeaderReader::read_journal(std::string_view text, LogLine& line) {
  const auto entry = read_journal_json(text, scratch_);
  if (!entry) return false;
  line.form = HeaderForm::journal;
  line.time_us = entry->time_us;
  line.pid = entry->pid;
  line.host = entry->host;
  line.program = entry->identifier;
  line.text = entry->message;
  return true;
}

// `host exim[pid]: 2026-11-23 09:16:16 text`: somebody cut off syslog's stamp, but Exim's is there.
bool HeaderReader::read_undated(std::string_view text, LogLine& line) {
  if (!has_host_and_tag(text)) return false;
  read_host_and_tag(text, line);
  EximStamp stamp;
  auto behind = line.text;
  if (iso_second(behind) == 0 || !take_exim_stamp(behind, stamp)) return false;
  line.form = HeaderForm::iso8601;
  line.time_us = stamp.has_zone ? iso_utc_us_ - stamp.zone_s * kMicrosPerSecond : unzoned_second_us();
  line.time_us += stamp.fraction_us;
  return true;
}

// host tag[pid]: text
void HeaderReader::read_host_and_tag(std::string_view text, LogLine& line) {
  if (host_size_ > 0 && text.size() > host_size_ && text[host_size_] == ' ' &&
      std::memcmp(text.data(), host_.data(), host_size_) == 0) {
    line.host = text.substr(0, host_size_);
    text.remove_prefix(host_size_ + 1);
  } else {
    take_new_host(text, line);
  }
  auto tag = read_tag(text);
  if (tag.size == 0) {
    const auto priority_size = priority_word_size(text);
    if (priority_size > 0) tag = read_tag(text.substr(priority_size));
    if (tag.size > 0) text.remove_prefix(priority_size);
  }
  line.program = tag.program;
  line.pid = tag.pid;
  text.remove_prefix(tag.size);
  if (tag.size > 0) bytes::take(text, " ");
  line.text = text;
}

// A host that differs from the last line's, or what stands where there is none.
void HeaderReader::take_new_host(std::string_view& text, LogLine& line) {
  if (take_priority(text)) bytes::take(text, " ");
  while (bytes::take(text, " ")) {
  }
  if (text.starts_with("last message repeated ") || read_tag(text).size > 0) return;
  line.host = bytes::take_word(text);
  host_size_ = line.host.size() <= host_.size() ? line.host.size() : 0;
  std::memcpy(host_.data(), line.host.data(), host_size_);
}

}  // namespace mtalens

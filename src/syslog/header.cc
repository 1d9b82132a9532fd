#include "syslog/header.h"

#include <cstring>

#include "syslog/bytes.h"
#include "syslog/calendar.h"
#include "syslog/journal_json.h"
#include "syslog/rfc5424.h"
#include "syslog/tag.h"
#include "syslog/word.h"

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

// `host tag[pid]: ` at the front.
bool has_host_and_tag(std::string_view text) {
  const auto host = bytes::take_word(text);
  const auto tag = read_tag(text);
  return tag.bracketed && text[tag.size - 1] == ':' && is_host(host);
}

// Whether `text` begins with the bytes of `kept`, which has room for a whole word behind them.
bool begins_with_kept(std::string_view text, const char* kept, std::size_t size) {
  if (text.size() < size + word::kBytes) return text.starts_with(std::string_view(kept, size));
  for (std::size_t at = 0; at < size; at += word::kBytes) {
    const auto differs = word::load(text.data() + at) ^ word::load(kept + at);
    if (word::first_bytes(differs, size - at) != 0) return false;
  }
  return true;
}

}  // namespace

void HeaderReader::start(const StampClock& clock) {
  clock_ = clock;
  own_.clear();
  lent_ = nullptr;
  bsd_ = {};
  iso_ = {};
}

void HeaderReader::start(const StampClock& clock, Scratch& scratch) {
  start(clock);
  lent_ = &scratch;
}

LogLine HeaderReader::read(std::string_view raw) {
  if (raw.ends_with('\r')) raw.remove_suffix(1);
  LogLine line;
  line.raw = raw;
  auto behind_mark = raw;
  if (!read_header(raw, line) && !(bytes::take(behind_mark, "\xEF\xBB\xBF") && read_header(behind_mark, line))) {
    line = LogLine{};
    line.raw = line.text = raw;
  } else if (may_be_wrapped(line.text)) {
    unwrap(line, scratch());
  }
  return line;
}

bool HeaderReader::read_header(std::string_view text, LogLine& line) {
  if (text.empty()) return false;
  if (text[0] == '<' && take_priority(text) && text.empty()) return false;
  if (bytes::is_upper(text[0]) && read_bsd(text, line)) return true;
  if (bytes::is_digit(text[0]) && read_dated(text, line)) return true;
  if (text[0] == '{') return read_journal(text, line);
  return read_undated(text, line);
}

// Nov 23 09:13:57 host tag[pid]: text
bool HeaderReader::read_bsd(std::string_view text, LogLine& line) {
  std::size_t size = read_bsd_second(text, line);
  if (line.time_us == kNoTime || size == text.size()) return false;
  if (text[size] != ' ') {
    std::int32_t fraction_us = 0;
    size += stamp::read_fraction(text.substr(size), fraction_us);
    if (size == text.size() || text[size] != ' ') return false;
    line.time_us += fraction_us;
  }
  line.form = HeaderForm::rfc3164;
  read_host_and_tag(text.substr(size + 1), line);
  return true;
}

// Reads the stamp down to the second, and says how many bytes that is. No time where there is no stamp.
std::size_t HeaderReader::read_bsd_second(std::string_view text, LogLine& line) {
  constexpr std::size_t kDateSize = 7;
  constexpr std::size_t kSize = kDateSize + word::kBytes;
  if (text.size() > kSize && word::first_bytes(word::load(text.data()), kDateSize) == bsd_.date) {
    const auto time = word::load(text.data() + kDateSize);
    if (time != bsd_.time) {
      const int second = word::second_of_day(time);
      if (second >= 0) bsd_ = {bsd_.date, time, bsd_.month, bsd_.day, clock_.read(bsd_.month, bsd_.day, second)};
    }
    if (time == bsd_.time) {
      line.time_us = bsd_.time_us;
      return kSize;
    }
  }
  stamp::WallTime wall;
  const auto size = stamp::read_bsd(text, wall);
  if (size == 0) return 0;
  line.time_us = wall.year != 0 ? clock_.read(wall.year, wall.month, wall.day, wall.second_of_day)
                                : clock_.read(wall.month, wall.day, wall.second_of_day);
  if (size == kSize) {
    bsd_ = {word::first_bytes(word::load(text.data()), kDateSize), word::load(text.data() + kDateSize), wall.month,
            wall.day, line.time_us};
  }
  return size;
}

// 2026-11-23… in one of four forms.
bool HeaderReader::read_dated(std::string_view text, LogLine& line) {
  if (!read_iso_second(text)) return text.starts_with("1 ") && read_rfc5424(text, line);
  return text[10] == 'T' ? read_iso(text, line) : read_exim(text, line);
}

// Reads the stamp down to the second into iso_; false where there is none.
bool HeaderReader::read_iso_second(std::string_view text) {
  if (text.size() < stamp::kIsoSize) return false;
  const auto month = word::load(text.data());
  const auto date = word::load(text.data() + 3);
  const auto time = word::load(text.data() + 11);
  if (month != iso_.month || date != iso_.date) {
    stamp::WallTime wall;
    if (stamp::read_iso(text, wall) == 0 || wall.day > calendar::days_in_month(wall.year, wall.month)) return false;
    const auto days = calendar::days_from_civil(wall.year, wall.month, wall.day);
    iso_ = {month, date, time, wall, days * calendar::kSecondsPerDay * kMicrosPerSecond};
  } else if (time != iso_.time) {
    const int second = word::second_of_day(time);
    if (second < 0) return false;
    iso_.time = time;
    iso_.wall.second_of_day = second;
    iso_.local_us = kNoTime;
  }
  return true;
}

// The time of the stamp that read_iso_second() read, should it be in UTC.
std::int64_t HeaderReader::iso_utc_us() const {
  return iso_.day_us + iso_.wall.second_of_day * kMicrosPerSecond;
}

// The same, should no zone follow it.
std::int64_t HeaderReader::iso_local_us() {
  if (iso_.local_us == kNoTime) {
    iso_.local_us = clock_.read(iso_.wall.year, iso_.wall.month, iso_.wall.day, iso_.wall.second_of_day);
  }
  return iso_.local_us;
}

// The time of a line whose seconds read_iso_second() read and whose stamp goes on as Exim's do.
void HeaderReader::set_exim_time(const EximStamp& stamp, LogLine& line) {
  line.time_us = stamp.fraction_us + (stamp.has_zone ? iso_utc_us() - stamp.zone_s * kMicrosPerSecond : iso_local_us());
}

// Reads the whole stamp with fraction and zone, and says how many bytes it takes with the space behind it;
// 0 where there is none.
std::size_t HeaderReader::read_iso_stamp(std::string_view text, LogLine& line) {
  if (!read_iso_second(text)) return 0;
  std::size_t size = stamp::kIsoSize;
  std::int32_t fraction_us = 0;
  size += stamp::read_fraction(text.substr(size), fraction_us);
  const auto zone_size = read_iso_zone(text.substr(size));
  size += zone_size;
  if (size == text.size() || text[size] != ' ') return 0;
  line.time_us = fraction_us + (zone_size > 0 ? iso_utc_us() - zone_.ahead_us : iso_local_us());
  return size + 1;
}

// Reads `+00:00` into zone_, and says how many bytes it takes; 0 where there is none.
std::size_t HeaderReader::read_iso_zone(std::string_view text) {
  if (text.size() >= word::kBytes && word::first_bytes(word::load(text.data()), zone_.size + 1) == zone_.bytes) {
    return zone_.size;
  }
  std::int32_t ahead_s = 0;
  const auto size = stamp::read_zone(text, ahead_s);
  if (size == 0) return 0;
  zone_ = {LastZone::kUnknown, size, ahead_s * kMicrosPerSecond};
  if (text.size() >= word::kBytes) zone_.bytes = word::first_bytes(word::load(text.data()), size + 1);
  return size;
}

// 2026-11-23T09:16:13.657376+00:00 host tag[pid]: text
bool HeaderReader::read_iso(std::string_view text, LogLine& line) {
  const auto size = read_iso_stamp(text, line);
  if (size == 0) return false;
  line.form = HeaderForm::iso8601;
  read_host_and_tag(text.substr(size), line);
  return true;
}

// 2026-11-23 09:16:16 1xVQ9o-0003Ae-0l => …, unless it goes on like a syslog line.
bool HeaderReader::read_exim(std::string_view text, LogLine& line) {
  EximStamp stamp;
  const auto size = read_behind_exim_seconds(text.substr(stamp::kIsoSize), stamp);
  if (!size) return read_iso(text, line);
  const auto behind = text.substr(stamp::kIsoSize + *size);
  if (stamp.pid == 0 && !stamp.has_zone && has_host_and_tag(behind)) return read_iso(text, line);
  line.form = HeaderForm::exim;
  set_exim_time(stamp, line);
  line.pid = stamp.pid;
  line.program = "exim";
  line.text = behind;
  return true;
}

// 1 2026-11-23T09:16:13Z host tag pid msgid - text
bool HeaderReader::read_rfc5424(std::string_view text, LogLine& line) {
  text.remove_prefix(2);
  const auto size = text.starts_with("- ") ? 2 : read_iso_stamp(text, line);
  if (size == 0) return false;
  text.remove_prefix(size);
  line.form = HeaderForm::rfc5424;
  return read_behind_rfc5424_stamp(text, line);
}

bool HeaderReader::read_journal(std::string_view text, LogLine& line) {
  const auto entry = read_journal_json(text, scratch());
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
  if (!read_exim_stamp(line.text, stamp) || !read_iso_second(line.text)) return false;
  line.form = HeaderForm::iso8601;
  set_exim_time(stamp, line);
  return true;
}

// host tag[pid]: text
void HeaderReader::read_host_and_tag(std::string_view text, LogLine& line) {
  if (host_size_ > 0 && text.size() > host_size_ && text[host_size_] == ' ' &&
      begins_with_kept(text, host_.data(), host_size_)) {
    line.host = text.substr(0, host_size_);
    text.remove_prefix(host_size_ + 1);
  } else {
    text = take_new_host(text, line);
  }
  auto tag = tags_.read(text);
  if (tag.size == 0 && text.starts_with(' ')) {
    while (bytes::take(text, " ")) {
    }
    tag = tags_.read(text);
  }
  if (tag.size == 0) {
    const auto priority_size = priority_word_size(text);
    if (priority_size > 0) tag = read_tag(text.substr(priority_size));
    if (tag.size > 0) text.remove_prefix(priority_size);
  }
  line.program = text.substr(0, tag.program_size);
  line.pid = tag.pid;
  text.remove_prefix(tag.size);
  if (tag.size > 0) bytes::take(text, " ");
  line.text = text;
}

// Takes a host that differs from the last line's, or what stands where there is none; gives what is behind.
std::string_view HeaderReader::take_new_host(std::string_view text, LogLine& line) {
  if (take_priority(text)) bytes::take(text, " ");
  while (bytes::take(text, " ")) {
  }
  if (text.starts_with("last message repeated ") || read_tag(text).size > 0) return text;
  line.host = bytes::take_word(text);
  host_size_ = line.host.size() + word::kBytes <= host_.size() ? line.host.size() : 0;
  std::memcpy(host_.data(), line.host.data(), host_size_);
  return text;
}

}  // namespace mtalens

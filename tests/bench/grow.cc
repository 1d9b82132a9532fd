// Grows a recorded mail log to any size, for measuring.
//
//   grow postfix|sendmail|exim LOG [--mib 100] [--lanes 24] > grown.log
//
// The recording is played again and again: in waves, each of up to LANES copies that run beside each other a little
// apart, their lines sorted by time. Every copy has queue ids of its own (valid ones for its MTA), pids of its own
// and its own variant of the example domains (shop.example becomes shop-17.example), so that the number of
// destinations grows with the log, as in life; every lane has a host of its own. Real providers stay what they are.
// Stamps only move forward. What is counted in N copies is exactly N times what is counted in the recording; N is
// printed on standard error. The same arguments give the same bytes.
#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <queue>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace {

using std::chrono::days;
using std::chrono::sys_days;

enum class Mta { postfix, sendmail, exim };

constexpr std::uint32_t kDomainVariants = 4000;  // then they come again
constexpr std::int64_t kStart =
    std::chrono::seconds(sys_days{std::chrono::year{2026} / 1 / 2}.time_since_epoch()).count();
constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::string_view kBase62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

[[noreturn]] void fail(const std::string& why) {
  std::fprintf(stderr, "grow: %s\n", why.c_str());
  std::exit(2);
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_alnum(char c) {
  return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

// What each copy writes its own way, behind a stretch of text that all copies share.
enum class Own { nothing, queue_id, pid, domain_suffix, host_suffix };

struct Piece {
  std::string_view text;
  Own own = Own::nothing;
  std::uint32_t number = 0;  // of the queue id, or the recorded pid
  std::string_view old;      // the recorded queue id
};

struct Line {
  std::int64_t second = 0;  // since the recording's first line
  std::uint32_t begin = 0;  // its pieces
  std::uint32_t end = 0;
};

// ---- reading the recording

class Recording {
 public:
  Recording(Mta mta, const std::string& file) : mta_(mta) {
    std::ifstream in(file, std::ios::binary);
    if (!in) fail(file + ": cannot be read");
    text_.assign(std::istreambuf_iterator<char>(in), {});
    const auto each_line = [&](auto take) {
      for (std::string_view rest = text_; !rest.empty();) {
        const auto line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        take(line);
      }
    };
    each_line([&](std::string_view line) { learn_id(line.substr(std::min(line.size(), stamp_length()))); });
    each_line([&](std::string_view line) { add(line); });
    if (lines_.empty()) fail(file + ": no lines");
  }

  std::size_t bytes() const { return text_.size(); }
  std::int64_t span() const { return lines_.back().second + 1; }
  const std::vector<Line>& lines() const { return lines_; }
  const Piece* pieces() const { return pieces_.data(); }

 private:
  struct Edit {
    std::size_t at = 0;
    std::size_t length = 0;
    Own own = Own::nothing;
    std::uint32_t number = 0;
  };

  std::size_t stamp_length() const { return mta_ == Mta::exim ? 19 : 15; }

  static int number_at(std::string_view text, std::size_t at, std::size_t length) {
    int value = -1;
    if (at + length > text.size()) return value;
    while (length > 0 && text[at] == ' ')
      ++at, --length;
    std::from_chars(text.data() + at, text.data() + at + length, value);
    return value;
  }

  std::int64_t second_of(std::string_view line) {
    const bool dated = mta_ == Mta::exim;
    int month = 0;
    if (dated) {
      year_ = number_at(line, 0, 4);
      month = number_at(line, 5, 2);
    } else {
      const auto name = std::find(kMonths.begin(), kMonths.end(), line.substr(0, 3));
      month = static_cast<int>(name - kMonths.begin()) + 1;
      if (month < month_) ++year_;
      month_ = month;
    }
    const auto date = std::chrono::year{year_} / month / number_at(line, dated ? 8 : 4, 2);
    const auto clock = dated ? 11 : 7;
    const int hour = number_at(line, clock, 2), minute = number_at(line, clock + 3, 2),
              second = number_at(line, clock + 6, 2);
    if (!date.ok() || hour < 0 || minute < 0 || second < 0)
      fail("a line without a time: " + std::string(line.substr(0, 80)));
    return sys_days{date}.time_since_epoch().count() * std::int64_t{86400} + hour * 3600 + minute * 60 + second;
  }

  // A queue id is known by the lines of its own: whatever the text holds of these ids elsewhere is replaced too.
  void learn_id(std::string_view rest) {
    if (mta_ == Mta::exim) {
      if (rest.size() > 17 && rest[7] == '-' && rest[14] == '-' && rest[17] == ' ') number_of(rest.substr(1, 16));
      return;
    }
    const auto text_at = rest.find("]: ");
    if (text_at == std::string_view::npos) return;
    rest.remove_prefix(text_at + 3);
    const auto id = rest.substr(0, rest.find(':'));
    if (id.size() == rest.size()) return;
    const bool valid = mta_ == Mta::postfix
                           ? id.size() >= 10 && id.size() <= 12 && id.find_first_not_of("0123456789ABCDEF") == id.npos
                           : id.size() == 14 && std::all_of(id.begin(), id.end(), is_alnum) &&
                                 std::all_of(id.begin() + 8, id.end(), is_digit);
    if (valid) number_of(id);
  }

  std::uint32_t number_of(std::string_view id) {
    return ids_.emplace(id, static_cast<std::uint32_t>(ids_.size())).first->second;
  }

  void find_ids(std::string_view rest, std::vector<Edit>& edits) const {
    const auto add_known = [&](std::size_t at, std::size_t length) {
      const auto known = ids_.find(rest.substr(at, length));
      if (known != ids_.end()) edits.push_back({at, length, Own::queue_id, known->second});
    };
    if (mta_ == Mta::exim) {  // may stand behind a letter: id=E1xaKow-0001sQ-0s@…
      for (std::size_t i = 0; i + 16 <= rest.size(); ++i) {
        if (rest[i + 6] == '-' && rest[i + 13] == '-') add_known(i, 16);
      }
      return;
    }
    for (std::size_t i = 0; i < rest.size();) {
      const auto begin = i;
      while (i < rest.size() && is_alnum(rest[i]))
        ++i;
      if (i - begin >= 10 && i - begin <= 14) add_known(begin, i - begin);
      if (i == begin) ++i;
    }
  }

  static void find_pid(std::string_view rest, std::string_view before, char behind, std::vector<Edit>& edits) {
    const auto at = rest.find(before);
    if (at == std::string_view::npos) return;
    const auto begin = at + before.size();
    auto end = begin;
    while (end < rest.size() && is_digit(rest[end]))
      ++end;
    if (end == begin || end - begin > 7 || (behind != '\0' && rest.substr(end, 1) != std::string_view(&behind, 1)))
      return;
    std::uint32_t pid = 0;
    std::from_chars(rest.data() + begin, rest.data() + end, pid);
    edits.push_back({begin, end - begin, Own::pid, pid});
  }

  static void find_domains(std::string_view rest, std::vector<Edit>& edits) {
    constexpr std::string_view kExample = ".example";
    for (auto at = rest.find(kExample); at != std::string_view::npos; at = rest.find(kExample, at + 1)) {
      const auto behind = at + kExample.size();
      const bool whole = behind == rest.size() || !(is_alnum(rest[behind]) || rest[behind] == '-');
      if (whole && at > 0 && is_alnum(rest[at - 1])) edits.push_back({at, 0, Own::domain_suffix, 0});
    }
  }

  void add(std::string_view line) {
    auto second = second_of(line);
    if (lines_.empty()) first_ = second;
    second -= first_;
    if (!lines_.empty()) second = std::max(second, lines_.back().second);  // programs swap places within a second
    const auto rest = line.substr(stamp_length());
    std::vector<Edit> edits;
    find_ids(rest, edits);
    find_domains(rest, edits);
    if (mta_ == Mta::exim) {
      find_pid(rest, "pid=", '\0', edits);
    } else {
      const auto host_end = rest.find(' ', 1);
      if (host_end == std::string_view::npos) fail("a line without a host: " + std::string(line.substr(0, 80)));
      edits.push_back({host_end, 0, Own::host_suffix, 0});
      find_pid(rest.substr(0, rest.find(": ") + 1), "[", ']', edits);
    }
    std::sort(edits.begin(), edits.end(), [](const Edit& a, const Edit& b) { return a.at < b.at; });
    Line out{second, static_cast<std::uint32_t>(pieces_.size()), 0};
    std::size_t from = 0;
    for (const auto& edit : edits) {
      pieces_.push_back({rest.substr(from, edit.at - from), edit.own, edit.number, rest.substr(edit.at, edit.length)});
      from = edit.at + edit.length;
    }
    pieces_.push_back({rest.substr(from), Own::nothing, 0, {}});
    out.end = static_cast<std::uint32_t>(pieces_.size());
    lines_.push_back(out);
  }

  Mta mta_;
  std::string text_;
  std::unordered_map<std::string_view, std::uint32_t> ids_;
  std::vector<Line> lines_;
  std::vector<Piece> pieces_;
  std::int64_t first_ = 0;
  int year_ = 2026;
  int month_ = 0;
};

// ---- writing copies

class Writer {
 public:
  explicit Writer(Mta mta) : mta_(mta) { buffer_.reserve(kFull + 65536); }
  ~Writer() { flush(); }

  void stamp(std::int64_t second) {
    if (second != stamped_) set_stamp(second);
    buffer_ += stamp_;
  }

  void text(std::string_view text) { buffer_ += text; }

  void number(std::uint64_t value) {
    std::array<char, 20> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    buffer_.append(digits.data(), end);
  }

  // Each is one-to-one in (copy, number): no two copies share an id.
  void queue_id(std::uint64_t copy, std::uint32_t number, std::string_view old) {
    switch (mta_) {
      case Mta::postfix:  // 44 bits, stirred by an odd factor
        return digits(((copy << 20 | number) * 0x9E3779B1u) & 0xFFFFFFFFFFFu, 16, 11);
      case Mta::sendmail:  // year to hour as recorded; minute, second and sequence in base 60; six digits of pid
        buffer_ += old.substr(0, 4);
        digits(number, 60, 4);
        return digits(copy, 10, 6);
      case Mta::exim:  // second, pid, fraction
        buffer_ += "1x";
        digits(number, 62, 4);
        buffer_ += "-0";
        digits(copy, 62, 5);
        buffer_ += old.substr(13);
    }
  }

  void end_line() {
    buffer_ += '\n';
    if (buffer_.size() >= kFull) flush();
  }

 private:
  static constexpr std::size_t kFull = 1 << 20;

  void digits(std::uint64_t value, unsigned base, std::size_t width) {
    std::array<char, 16> out{};
    for (auto i = width; i-- > 0; value /= base)
      out[i] = kBase62[value % base];
    buffer_.append(out.data(), width);
  }

  void set_stamp(std::int64_t second) {
    stamped_ = second;
    const auto day = std::chrono::floor<days>(std::chrono::sys_seconds{std::chrono::seconds{second}});
    const std::chrono::year_month_day date{day};
    const auto clock = static_cast<unsigned>(second - sys_days{day}.time_since_epoch().count() * 86400);
    const auto month = static_cast<unsigned>(date.month()), month_day = static_cast<unsigned>(date.day());
    const unsigned hour = clock / 3600, minute = clock / 60 % 60, rest = clock % 60;
    std::array<char, 64> out{};
    const int length = mta_ == Mta::exim
                           ? std::snprintf(out.data(), out.size(), "%04d-%02u-%02u %02u:%02u:%02u",
                                           static_cast<int>(date.year()), month, month_day, hour, minute, rest)
                           : std::snprintf(out.data(), out.size(), "%s %2u %02u:%02u:%02u", kMonths[month - 1].data(),
                                           month_day, hour, minute, rest);
    stamp_.assign(out.data(), static_cast<std::size_t>(length));
  }

  void flush() {
    if (std::fwrite(buffer_.data(), 1, buffer_.size(), stdout) != buffer_.size()) fail(std::strerror(errno));
    buffer_.clear();
  }

  Mta mta_;
  std::string buffer_;
  std::string stamp_;
  std::int64_t stamped_ = -1;
};

struct Copy {
  std::uint64_t number = 0;
  std::int64_t start = 0;
  std::string domain_suffix;
  std::string host_suffix;
};

void write_line(Writer& out, const Recording& recording, const Line& line, const Copy& copy) {
  out.stamp(copy.start + line.second);
  for (auto i = line.begin; i < line.end; ++i) {
    const Piece& piece = recording.pieces()[i];
    out.text(piece.text);
    switch (piece.own) {
      case Own::nothing:
        break;
      case Own::queue_id:
        out.queue_id(copy.number, piece.number, piece.old);
        break;
      case Own::pid:
        out.number(1000 + (piece.number + copy.number * 37) % 64000);
        break;
      case Own::domain_suffix:
        out.text(copy.domain_suffix);
        break;
      case Own::host_suffix:
        out.text(copy.host_suffix);
        break;
    }
  }
  out.end_line();
}

// Copies `first` and following, one for each lane, merged by time.
void write_wave(Writer& out, const Recording& recording, std::int64_t start, std::uint64_t first, std::uint64_t lanes) {
  struct Next {
    std::int64_t second;
    std::uint32_t lane, line;
    bool operator>(const Next& other) const {
      return second != other.second ? second > other.second : lane > other.lane;
    }
  };
  std::vector<Copy> copies;
  std::priority_queue<Next, std::vector<Next>, std::greater<>> next;
  for (std::uint32_t lane = 0; lane < lanes; ++lane) {
    const auto number = first + lane;
    const auto shift = static_cast<std::int64_t>(lane) * recording.span() / static_cast<std::int64_t>(lanes);
    copies.push_back({number, start + shift, "-" + std::to_string(number % kDomainVariants), std::to_string(lane)});
    next.push({start + shift, lane, 0});
  }
  const auto& lines = recording.lines();
  while (!next.empty()) {
    auto [second, lane, line] = next.top();
    next.pop();
    do {  // its lines of this second, which no other lane may come before
      write_line(out, recording, lines[line], copies[lane]);
      ++line;
    } while (line < lines.size() && copies[lane].start + lines[line].second == second);
    if (line < lines.size()) next.push({copies[lane].start + lines[line].second, lane, line});
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) fail("usage: grow postfix|sendmail|exim LOG [--mib 100] [--lanes 24]");
  const std::string_view name = argv[1];
  const auto mta = name == "postfix" ? Mta::postfix : name == "sendmail" ? Mta::sendmail : Mta::exim;
  if (mta == Mta::exim && name != "exim") fail("no such MTA: " + std::string(name));
  double mib = 100;
  std::uint64_t lanes = 24;
  for (int i = 3; i + 1 < argc; i += 2) {
    const std::string_view option = argv[i];
    if (option == "--mib")
      mib = std::atof(argv[i + 1]);
    else if (option == "--lanes")
      lanes = std::strtoul(argv[i + 1], nullptr, 10);
    else
      fail("no such option: " + std::string(option));
  }
  if (mib <= 0 || lanes == 0) fail("--mib and --lanes are numbers above 0");

  const Recording recording(mta, argv[2]);
  const auto target = static_cast<std::uint64_t>(mib * 1024 * 1024);
  const auto copies = (target + recording.bytes() - 1) / recording.bytes();
  lanes = std::min(lanes, copies);
  if (copies > 999'999) fail("more than 999,999 copies: too many for queue ids of their own");
  {
    Writer out(mta);
    auto start = kStart;
    for (std::uint64_t done = 0; done < copies; done += lanes, start += 2 * recording.span()) {
      write_wave(out, recording, start, done, std::min(lanes, copies - done));
    }
  }
  if (std::fflush(stdout) != 0) fail(std::strerror(errno));
  std::fprintf(stderr, "copies %llu\n", static_cast<unsigned long long>(copies));
}

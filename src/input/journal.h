// Reads systemd's journal through its library: this machine's, or one of its files.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

struct sd_journal;

namespace mtalens {

// The name of this machine's journal among the inputs.
inline constexpr std::string_view kSystemJournal = "systemd-journal";

class Journal {
 public:
  // What every file of a journal begins with.
  static constexpr std::string_view kMagic = "LPKSHHRH";

  // This machine's, as far as the user may see it: what mail programs wrote, and journald's own notes of lines it
  // suppressed. Throws std::system_error; std::errc::not_supported: the program was built without systemd's library.
  Journal();
  // A whole file; `fd` stays the caller's, and open.
  explicit Journal(int fd);
  ~Journal();
  Journal(const Journal&) = delete;

  // Begins behind the entry of that cursor, or where it is gone with the first later one.
  void go_on_behind(const std::string& cursor);
  // Appends the next entry as a line of text. False: there is none now.
  bool next(std::string& lines);
  // Of the last entry.
  std::string cursor() const;
  // Until something is written to it or `patience` is over; whether something was.
  bool wait(std::chrono::milliseconds patience);

 private:
  sd_journal* journal_ = nullptr;
  bool at_cursor_ = false;  // the next entry may be the one that was read before
  std::string behind_;
};

}  // namespace mtalens

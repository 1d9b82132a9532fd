// What grows while it is watched: log files by their names, through their rotations, or a pipe.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "input/journal.h"
#include "input/journal_export.h"

namespace mtalens {

class Followed {
 public:
  virtual ~Followed() = default;
  // The files to read on now, under names that can be opened.
  virtual const std::vector<std::string>& files() const = 0;
  // Until there is more to read, `patience` is over or a signal comes. False: nothing comes any more.
  virtual bool wait(std::chrono::milliseconds patience) = 0;
  // Whether something came since the last call.
  virtual bool grew() = 0;
  // All that came was read.
  virtual void was_read() {}
};

// Woken by inotify, or every second where that is not to be had.
class FollowedFiles : public Followed {
 public:
  explicit FollowedFiles(std::vector<std::string> files);
  ~FollowedFiles() override;
  FollowedFiles(const FollowedFiles&) = delete;

  const std::vector<std::string>& files() const override { return files_; }
  bool wait(std::chrono::milliseconds patience) override;
  bool grew() override;

 private:
  std::vector<std::string> files_;
  std::string seen_;  // what of the files tells that they changed
  int inotify_ = -1;
};

// Keeps what comes through standard input in a file of its own in memory until it was read: a pipe is then followed as
// a log is; a journal's export (`journalctl -f -o export`) as its lines of text. Throws std::system_error.
class FollowedPipe : public Followed {
 public:
  FollowedPipe();
  ~FollowedPipe() override;
  FollowedPipe(const FollowedPipe&) = delete;

  const std::vector<std::string>& files() const override { return files_; }
  bool wait(std::chrono::milliseconds patience) override;
  bool grew() override;
  void was_read() override;

 private:
  void take(std::string_view bytes);
  void keep(std::string_view bytes);

  int kept_ = -1;
  std::size_t size_ = 0, seen_ = 0;
  std::vector<std::string> files_;
  std::string begin_;  // of what comes, while it is too short to tell what it is
  bool begun_ = false;
  std::unique_ptr<JournalExport> export_;  // where that is what comes
};

// This machine's journal. Throws std::system_error.
class FollowedJournal : public Followed {
 public:
  const std::vector<std::string>& files() const override { return files_; }
  bool wait(std::chrono::milliseconds patience) override;
  bool grew() override { return std::exchange(grew_, false); }

 private:
  std::vector<std::string> files_{std::string(kSystemJournal)};
  Journal journal_;
  bool grew_ = false;
};

}  // namespace mtalens

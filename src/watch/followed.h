// What grows while it is watched: log files by their names, through their rotations, or a pipe.
#pragma once

#include <chrono>
#include <string>
#include <vector>

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
// a log is. Throws std::system_error.
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
  void keep(const char* bytes, std::size_t length);

  int kept_ = -1;
  std::size_t size_ = 0, seen_ = 0;
  std::vector<std::string> files_;
};

}  // namespace mtalens

#include "watch/followed.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <set>
#include <system_error>

namespace mtalens {
namespace {

constexpr std::size_t kMostKept = 64 << 20;  // bytes of a pipe, before what was read is let go
constexpr std::size_t kLongestRest = 2 << 20;
constexpr std::chrono::milliseconds kPolling{1000};
constexpr std::chrono::milliseconds kTogether{20};  // lines that come together are read together

std::string folder_of(const std::string& file) {
  const auto slash = file.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : file.substr(0, slash);
}

bool readable(int fd, std::chrono::milliseconds patience) {
  pollfd waiting{fd, POLLIN, 0};
  return poll(&waiting, fd < 0 ? 0 : 1, static_cast<int>(patience.count())) > 0;
}

}  // namespace

// The folders are watched, for a file that was moved away leaves its watch with it.
FollowedFiles::FollowedFiles(std::vector<std::string> files) : files_(std::move(files)), inotify_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
  std::set<std::string> folders;
  for (const auto& file : files_) folders.insert(folder_of(file));
  for (const auto& folder : folders) {
    if (inotify_ >= 0) inotify_add_watch(inotify_, folder.c_str(), IN_MODIFY | IN_CREATE | IN_MOVED_TO);
  }
}

FollowedFiles::~FollowedFiles() {
  if (inotify_ >= 0) close(inotify_);
}

bool FollowedFiles::wait(std::chrono::milliseconds patience) {
  if (!readable(inotify_, std::min(patience, kPolling))) return true;
  readable(-1, kTogether);
  alignas(inotify_event) std::array<char, 16384> events;
  while (read(inotify_, events.data(), events.size()) > 0) {
  }
  return true;
}

bool FollowedFiles::grew() {
  std::string now;
  for (const auto& file : files_) {
    struct stat status {};
    if (stat(file.c_str(), &status) != 0) continue;
    now += fmt::format("{} {} {} {}.{}\n", status.st_dev, status.st_ino, status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
  }
  const bool differs = now != seen_;
  seen_ = std::move(now);
  return differs;
}

bool FollowedJournal::wait(std::chrono::milliseconds patience) {
  grew_ = journal_.wait(patience) || grew_;
  return true;
}

FollowedPipe::FollowedPipe() : kept_(memfd_create("mtalens", MFD_CLOEXEC)) {
  if (kept_ < 0) throw std::system_error(errno, std::generic_category(), "standard input");
  files_.push_back(fmt::format("/proc/self/fd/{}", kept_));
}

FollowedPipe::~FollowedPipe() { close(kept_); }

bool FollowedPipe::wait(std::chrono::milliseconds patience) {
  if (size_ >= 2 * kMostKept) {  // what is here is to be read first
    readable(-1, patience);
    return true;
  }
  if (!readable(STDIN_FILENO, patience)) return true;
  std::array<char, 65536> bytes;
  const auto got = read(STDIN_FILENO, bytes.data(), bytes.size());
  if (got < 0) return errno == EINTR || errno == EAGAIN;
  take({bytes.data(), static_cast<std::size_t>(got)});
  return got > 0;
}

// Nothing: the end.
void FollowedPipe::take(std::string_view bytes) {
  if (!begun_) {
    begin_ += bytes;
    if (!bytes.empty() && JournalExport::kBegin.starts_with(begin_)) return;
    begun_ = true;
    if (begin_.starts_with(JournalExport::kBegin)) export_ = std::make_unique<JournalExport>();
    bytes = begin_;
  }
  if (!export_) return keep(bytes);
  bytes.empty() ? export_->finish() : export_->feed(bytes);
  keep(export_->take_lines());
}

void FollowedPipe::keep(std::string_view bytes) {
  for (std::size_t done = 0; done < bytes.size();) {
    const auto written = write(kept_, bytes.data() + done, bytes.size() - done);
    if (written < 0) throw std::system_error(errno, std::generic_category(), "standard input");
    done += static_cast<std::size_t>(written);
  }
  size_ += bytes.size();
}

bool FollowedPipe::grew() {
  const bool differs = size_ != seen_;
  seen_ = size_;
  return differs;
}

// Begins anew with the line that has not come to its end.
void FollowedPipe::was_read() {
  if (size_ < kMostKept || size_ != seen_) return;
  std::string rest(std::min(size_, kLongestRest), '\0');
  const auto got = pread(kept_, rest.data(), rest.size(), static_cast<off_t>(size_ - rest.size()));
  rest.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  rest.erase(0, rest.rfind('\n') + 1);  // all of it stays where no line ends
  if (ftruncate(kept_, 0) != 0 || lseek(kept_, 0, SEEK_SET) != 0) return;
  size_ = seen_ = 0;
  keep(rest);
}

}  // namespace mtalens

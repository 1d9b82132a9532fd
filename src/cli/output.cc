#include "cli/output.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace mtalens {

Output::Output(const std::string& file, mode_t mode) : file_(file) {
  if (file_.empty()) return;
  struct stat status {};
  const bool exists = stat(file_.c_str(), &status) == 0;
  if (exists && !S_ISREG(status.st_mode)) {  // /dev/null, a FIFO: nothing to replace
    fd_ = open(file_.c_str(), O_WRONLY | O_CLOEXEC);
  } else {
    temporary_ = file_ + ".new";
    fd_ = open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd_ >= 0 && fchmod(fd_, exists ? status.st_mode & 0777 : mode) != 0) give_up(errno);
  }
  if (fd_ < 0) give_up(errno);
}

Output::~Output() {
  if (fd_ != STDOUT_FILENO && fd_ >= 0) close(fd_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

void Output::write(std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(fd_, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      give_up(errno);
    }
  }
}

void Output::done() {
  if (file_.empty()) return;
  const int failed = close(fd_);
  fd_ = -1;
  if (failed != 0) give_up(errno);
  if (temporary_.empty()) return;
  if (rename(temporary_.c_str(), file_.c_str()) != 0) give_up(errno);
  temporary_.clear();
}

void Output::give_up(int error) {
  if (error == EPIPE) std::_Exit(0);
  fmt::print(stderr, "mtalens: {}: {}\n", file_.empty() ? "standard output" : file_, std::strerror(error));
  if (!temporary_.empty()) unlink(temporary_.c_str());
  std::_Exit(2);
}

}  // namespace mtalens

#include "watch/hook.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <system_error>

extern char** environ;

namespace mtalens {
namespace {

constexpr std::size_t kMostRunning = 8;

void complain(int error) { fmt::print(stderr, "mtalens: --on-finding: {}\n", std::strerror(error)); }

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

// False: the pipe's other end is gone.
bool read_all(int fd, char* bytes, std::size_t length) {
  while (length > 0) {
    const auto got = read(fd, bytes, length);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    bytes += got;
    length -= static_cast<std::size_t>(got);
  }
  return true;
}

// A file in memory, at its beginning: the command may read it late or not at all. -1: errno says why.
int file_of(const std::string& text) {
  const int fd = memfd_create("finding", MFD_CLOEXEC);
  if (fd < 0) return -1;
  if (write_all(fd, text) && lseek(fd, 0, SEEK_SET) == 0) return fd;
  close(fd);
  return -1;
}

// 0, or an error number.
int start(const std::string& command, int input) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&files, STDERR_FILENO, STDOUT_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t usual;
  sigemptyset(&usual);
  sigaddset(&usual, SIGPIPE);
  posix_spawnattr_setsigdefault(&attributes, &usual);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  char shell[] = "/bin/sh", option[] = "-c";
  std::string copy = command;
  char* const arguments[] = {shell, option, copy.data(), nullptr};
  pid_t pid = 0;
  const int error = posix_spawn(&pid, shell, &files, &attributes, arguments, environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  return error;
}

// What the process of its own does: runs the command for each text that comes through the pipe, until that ends.
class Runner {
 public:
  Runner(const std::string& command, int pipe) : command_(command), pipe_(pipe) {}

  void run() {
    std::uint64_t length = 0;
    while (read_all(pipe_, reinterpret_cast<char*>(&length), sizeof length)) {
      std::string text(length, '\0');
      if (!read_all(pipe_, text.data(), text.size())) break;
      reap(kMostRunning - 1);
      run_with(text);
    }
    reap(0);
  }

 private:
  void run_with(const std::string& text) {
    const int input = file_of(text);
    const int error = input < 0 ? errno : start(command_, input);
    if (input >= 0) close(input);
    error == 0 ? void(++running_) : complain(error);
  }

  // Takes leave of those that have ended, and waits while more than `most` run.
  void reap(std::size_t most) {
    while (running_ > 0) {
      const auto pid = waitpid(-1, nullptr, running_ > most ? 0 : WNOHANG);
      if (pid < 0 && errno == EINTR) return;  // asked to stop
      if (pid <= 0) return;
      --running_;
    }
  }

  const std::string& command_;
  int pipe_;
  std::size_t running_ = 0;
};

// Standard input is the log's, standard output the reader's: both are let go, so that they end when the program does.
void let_go_of_streams() {
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (nothing >= 0) dup2(nothing, STDIN_FILENO);
  dup2(STDERR_FILENO, STDOUT_FILENO);
}

}  // namespace

Hook::Hook(const std::string& command) {
  if (command.empty()) return;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "--on-finding");
  runner_ = fork();
  if (runner_ == 0) {
    close(ends[1]);
    let_go_of_streams();
    Runner(command, ends[0]).run();
    _exit(0);
  }
  if (runner_ < 0) throw std::system_error(errno, std::generic_category(), "--on-finding");
  close(ends[0]);
  pipe_ = ends[1];
}

Hook::~Hook() {
  if (pipe_ >= 0) close(pipe_);
  while (runner_ > 0 && waitpid(runner_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void Hook::run(const News& news) {
  if (runner_ <= 0) return;
  const auto text = json_news(news);
  const std::uint64_t length = text.size();
  if (write_all(pipe_, {reinterpret_cast<const char*>(&length), sizeof length}) && write_all(pipe_, text)) return;
  complain(errno);
}

}  // namespace mtalens

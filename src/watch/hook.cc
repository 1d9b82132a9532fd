#include "watch/hook.h"

#include <fmt/format.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

extern char** environ;

namespace mtalens {
namespace {

constexpr std::size_t kMostRunning = 8;

// A file in memory, at its beginning: the command may read it late or not at all. -1: errno says why.
int file_of(const std::string& text) {
  const int fd = memfd_create("finding", MFD_CLOEXEC);
  if (fd < 0) return -1;
  if (write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && lseek(fd, 0, SEEK_SET) == 0) return fd;
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

}  // namespace

Hook::~Hook() { reap(0); }

void Hook::run(const News& news) {
  if (command_.empty()) return;
  reap(kMostRunning - 1);
  const int input = file_of(json_news(news));
  const int error = input < 0 ? errno : start(command_, input);
  if (input >= 0) close(input);
  if (error == 0) {
    ++running_;
  } else {
    fmt::print(stderr, "mtalens: --on-finding: {}\n", std::strerror(error));
  }
}

// Takes leave of those that have ended, and waits while more than `most` run.
void Hook::reap(std::size_t most) {
  while (running_ > 0) {
    const auto pid = waitpid(-1, nullptr, running_ > most ? 0 : WNOHANG);
    if (pid < 0 && errno == EINTR) return;  // asked to stop
    if (pid <= 0) return;
    --running_;
  }
}

}  // namespace mtalens

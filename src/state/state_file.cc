#include "state/state_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "input/crc64.h"
#include "state/archive.h"

namespace mtalens {
namespace {

using namespace std::string_view_literals;
constexpr std::string_view kMagic = "mtalens\x1a"sv, kMagicOfMerged = "mtmerge\x1a"sv;
constexpr std::size_t kHeaderBytes = 44;
constexpr std::uint64_t kLargest = std::uint64_t{4} << 30;  // bytes of a file that is read at all

void append_number(std::string& bytes, std::uint64_t value, int size) {
  for (int i = 0; i < size; ++i) bytes += static_cast<char>(value >> (8 * i));
}

std::uint64_t number_at(std::string_view bytes, std::size_t at, int size) {
  std::uint64_t value = 0;
  for (int i = 0; i < size; ++i) value |= std::uint64_t{static_cast<unsigned char>(bytes[at + static_cast<std::size_t>(i)])} << (8 * i);
  return value;
}

[[noreturn]] void fail(const std::string& name) { throw StateError(name + ": " + std::strerror(errno)); }

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

void write_all(int fd, std::string_view bytes, const std::string& name) {
  while (!bytes.empty()) {
    const auto written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(name);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::string read_all(int fd, const std::string& name) {
  std::string bytes;
  for (std::size_t have = 0;;) {
    bytes.resize(have + std::max<std::size_t>(1 << 16, have));
    const auto got = ::read(fd, bytes.data() + have, bytes.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(name);
    have += static_cast<std::size_t>(got);
    if (got == 0) return bytes.substr(0, have);
    if (have > kLargest) throw StateError(name + ": too large for a state; left as it is");
  }
}

std::string folder_of(const std::string& name) {
  const auto folder = std::filesystem::path(name).parent_path().string();
  return folder.empty() ? "." : folder;
}

std::string_view magic_of(StateKind kind) { return kind == StateKind::merged ? kMagicOfMerged : kMagic; }

}  // namespace

bool is_merged(std::string_view bytes) { return bytes.starts_with(kMagicOfMerged); }

bool is_merged_file(const std::string& name) {
  const Descriptor file(open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  char begin[kMagicOfMerged.size()];
  return file.get() >= 0 && ::read(file.get(), begin, sizeof begin) == static_cast<ssize_t>(sizeof begin) && is_merged({begin, sizeof begin});
}

std::string sealed(StateKind kind, std::string_view payload, std::uint64_t layout) {
  std::string out(magic_of(kind));
  out.reserve(kHeaderBytes + payload.size());
  append_number(out, kStateVersion, 4);
  append_number(out, layout, 8);
  append_number(out, payload.size(), 8);
  append_number(out, crc64(payload), 8);
  append_number(out, crc64(out), 8);
  return out.append(payload);
}

std::string_view unsealed(StateKind kind, std::string_view bytes, std::uint64_t layout, const std::string& name) {
  if (kind == StateKind::single && is_merged(bytes)) throw StateError(name + ": holds the states of several hosts, and is only read");
  if (bytes.size() < kHeaderBytes || !bytes.starts_with(magic_of(kind))) throw DamagedState();
  if (number_at(bytes, 36, 8) != crc64(bytes.substr(0, 36))) throw DamagedState();
  const auto version = number_at(bytes, 8, 4);
  if (version > kStateVersion) {
    throw StateError(fmt::format("{}: written by a newer mtalens (format {}, this one reads {}); left as it is", name, version, kStateVersion));
  }
  if (version != kStateVersion || number_at(bytes, 12, 8) != layout) {
    throw StateError(fmt::format("{}: written by another build of mtalens, which this one cannot read; left as it is. "
                                 "Remove it to begin anew from the logs",
                                 name));
  }
  const auto payload = bytes.substr(kHeaderBytes);
  if (payload.size() != number_at(bytes, 20, 8) || crc64(payload) != number_at(bytes, 28, 8)) throw DamagedState();
  return payload;
}

StateFile::StateFile(std::string name) : name_(std::move(name)) {
  const auto lock_name = name_ + ".lock";
  lock_ = open(lock_name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (lock_ < 0) fail(lock_name);
  if (flock(lock_, LOCK_EX | LOCK_NB) == 0) return;
  const int error = errno;
  close(lock_);
  if (error == EWOULDBLOCK) throw StateError(name_ + ": another mtalens is at work with it; nothing was done");
  errno = error;
  fail(lock_name);
}

StateFile::~StateFile() { close(lock_); }

std::string StateFile::read() const {
  struct stat status {};
  if (stat(name_.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) throw StateError(name_ + ": is no file");
  return read_state(name_);
}

std::string read_state(const std::string& name) {
  if (name == "-") return read_all(STDIN_FILENO, "standard input");
  const Descriptor file(open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (file.get() < 0 && errno == ENOENT) return {};
  if (file.get() < 0) fail(name);
  auto bytes = read_all(file.get(), name);
  if (bytes.empty()) bytes = "\n";  // a file without a byte was never written by us
  return bytes;
}

void StateFile::replace(std::string_view bytes) const { write_state(name_, bytes); }

std::string StateFile::set_aside() const {
  const auto damaged = name_ + ".damaged";
  if (rename(name_.c_str(), damaged.c_str()) != 0) fail(name_);
  return damaged;
}

void write_state(const std::string& name, std::string_view bytes) {
  const auto temporary = name + ".new";
  unlink(temporary.c_str());
  try {
    const Descriptor file(open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (file.get() < 0) fail(temporary);
    write_all(file.get(), bytes, temporary);
    if (fsync(file.get()) != 0) fail(temporary);
    if (rename(temporary.c_str(), name.c_str()) != 0) fail(name);
  } catch (const StateError&) {
    unlink(temporary.c_str());
    throw;
  }
  const auto folder = folder_of(name);
  const Descriptor handle(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (handle.get() < 0 || fsync(handle.get()) != 0) fail(folder);
}

}  // namespace mtalens

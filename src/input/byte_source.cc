#include "input/byte_source.h"

#include <archive.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <system_error>
#include <utility>

namespace mtalens {
namespace {

constexpr std::size_t kHeadBytes = 9;
constexpr std::size_t kArchiveBlock = 1 << 16;

// The first bytes of what we decompress: gzip (RFC 1952), zstd (RFC 8878), xz, bzip2, lz4, lzip (their format texts), and
// compress.
bool looks_compressed(std::string_view head) {
  using namespace std::string_view_literals;
  static constexpr std::string_view kBegins[] = {"\x1f\x8b"sv,         "\x28\xb5\x2f\xfd"sv, "\xfd\x37zXZ\0"sv, "BZh"sv,
                                                 "\x04\x22\x4d\x18"sv, "LZIP"sv,             "\x1f\x9d"sv};
  return std::any_of(std::begin(kBegins), std::end(kBegins), [&](auto begin) { return head.starts_with(begin); });
}

const std::string kNoJournal =
    "this mtalens was built without systemd's library, which reads the journal's own files; `journalctl -o export` writes "
    "what it can read";

std::string reason(int error) { return std::strerror(error); }

}  // namespace

// libarchive asks for compressed bytes through this.
struct ArchiveReader {
  static la_ssize_t read(archive* a, void* source, const void** block) {
    auto& self = *static_cast<ByteSource*>(source);
    try {
      const auto length = self.read_raw(self.archive_buffer_);
      *block = self.archive_buffer_.data();
      return static_cast<la_ssize_t>(length);
    } catch (const InputError&) {
      archive_set_error(a, EIO, "read error");
      return ARCHIVE_FATAL;
    }
  }
};

void ByteSource::ArchiveCloser::operator()(archive* a) const { archive_read_free(a); }

ByteSource::ByteSource(const std::string& name) : name_(name) {
  try {
    if (is_system_journal()) {
      journal_ = std::make_unique<Journal>();
      return;
    }
    open_file();
    open_content();
  } catch (const std::system_error& error) {
    if (fd_ >= 0) close(fd_);
    throw InputError(name_ + ": " + (error.code() == std::errc::not_supported ? kNoJournal : error.code().message()));
  } catch (const InputError&) {
    if (fd_ >= 0) close(fd_);
    throw;
  }
}

ByteSource::~ByteSource() {
  if (fd_ >= 0) close(fd_);
}

void ByteSource::open_file() {
  fd_ = name_ == "-" ? dup(STDIN_FILENO) : open(name_.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  struct stat status {};
  if (fd_ < 0 || fstat(fd_, &status) != 0) throw InputError(name_ + ": " + reason(errno));
  if (S_ISDIR(status.st_mode)) throw InputError(name_ + ": is a directory; name the log files in it");
  regular_ = S_ISREG(status.st_mode);
  device_ = status.st_dev;
  inode_ = status.st_ino;
  if (regular_) {
    size_ = static_cast<std::uint64_t>(status.st_size);
    modified_us_ = status.st_mtim.tv_sec * 1'000'000LL + status.st_mtim.tv_nsec / 1000;
    posix_fadvise(fd_, 0, 0, POSIX_FADV_SEQUENTIAL);
  } else {
    using namespace std::chrono;
    modified_us_ = duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
  }
  if (name_ == "-") name_ = "standard input";
}

void ByteSource::open_content() {
  read_head();
  if (head_.starts_with(Journal::kMagic) && regular_) {
    journal_ = std::make_unique<Journal>(fd_);
  } else if (head_ == JournalExport::kBegin) {
    export_ = std::make_unique<JournalExport>();
  } else if (looks_compressed(head_)) {
    open_archive();
    ready_.resize(kArchiveBlock);
    ready_.resize(read_content(ready_));
    if (ready_.starts_with(JournalExport::kBegin)) {
      export_ = std::make_unique<JournalExport>();
      export_->feed(std::exchange(ready_, {}));
    }
  }
}

void ByteSource::read_head() {
  head_.resize(kHeadBytes);
  std::size_t have = 0;
  while (have < kHeadBytes) {
    const auto got = ::read(fd_, head_.data() + have, kHeadBytes - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw InputError(name_ + ": " + reason(errno));
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  head_.resize(have);
}

void ByteSource::open_archive() {
  archive_.reset(archive_read_new());
  archive_buffer_.resize(kArchiveBlock);
  // These alone: for others (lrzip, grzip, lzop) the library would run a program by that name.
  archive_read_support_filter_gzip(archive_.get());
  archive_read_support_filter_zstd(archive_.get());
  archive_read_support_filter_xz(archive_.get());
  archive_read_support_filter_bzip2(archive_.get());
  archive_read_support_filter_lz4(archive_.get());
  archive_read_support_filter_lzip(archive_.get());
  archive_read_support_filter_compress(archive_.get());
  archive_read_support_format_raw(archive_.get());
  archive_entry* entry = nullptr;
  if (archive_read_open(archive_.get(), this, nullptr, &ArchiveReader::read, nullptr) != ARCHIVE_OK ||
      archive_read_next_header(archive_.get(), &entry) != ARCHIVE_OK) {
    const char* why = archive_error_string(archive_.get());
    throw InputError(name_ + ": cannot decompress: " + (why ? why : "damaged data"));
  }
}

std::size_t ByteSource::read_raw(std::span<char> to) {
  if (head_used_ < head_.size()) {
    const auto length = std::min(to.size(), head_.size() - head_used_);
    std::memcpy(to.data(), head_.data() + head_used_, length);
    head_used_ += length;
    return length;
  }
  for (;;) {
    const auto got = ::read(fd_, to.data(), to.size());
    if (got >= 0) {
      disk_bytes_ += static_cast<std::size_t>(got);
      return static_cast<std::size_t>(got);
    }
    if (errno != EINTR) throw InputError(name_ + ": " + reason(errno));
  }
}

std::size_t ByteSource::read(std::span<char> to) {
  const bool from_journal = journal_ || export_;
  if (ready_used_ == ready_.size() && from_journal) read_entries();
  if (ready_used_ == ready_.size()) return from_journal ? 0 : read_content(to);
  const auto length = std::min(to.size(), ready_.size() - ready_used_);
  std::memcpy(to.data(), ready_.data() + ready_used_, length);
  ready_used_ += length;
  return length;
}

// The next entries as lines of text; none at the end.
void ByteSource::read_entries() {
  ready_.clear();
  ready_used_ = 0;
  try {
    while (journal_ && ready_.size() < kArchiveBlock && journal_->next(ready_)) {
    }
  } catch (const std::system_error& error) {
    throw InputError(name_ + ": " + error.code().message());
  }
  std::string bytes(kArchiveBlock, '\0');
  for (std::size_t got = 1; export_ && ready_.empty() && got > 0; ready_ = export_->take_lines()) {
    got = read_content(bytes);
    got > 0 ? export_->feed({bytes.data(), got}) : export_->finish();
  }
}

std::size_t ByteSource::read_content(std::span<char> to) {
  if (!archive_) return read_raw(to);
  const auto got = archive_read_data(archive_.get(), to.data(), to.size());
  if (got < 0) {
    const char* why = archive_error_string(archive_.get());
    throw InputError(name_ + ": cannot decompress: " + (why ? why : "damaged data"));
  }
  return static_cast<std::size_t>(got);
}

void ByteSource::skip(std::uint64_t bytes) {
  if (seekable()) {
    if (lseek(fd_, static_cast<off_t>(bytes), SEEK_SET) < 0) throw InputError(name_ + ": " + reason(errno));
    head_used_ = head_.size();
    return;
  }
  std::string passed(kArchiveBlock, '\0');
  while (bytes > 0) {
    const auto got = read({passed.data(), std::min<std::uint64_t>(bytes, passed.size())});
    if (got == 0) return;
    bytes -= got;
  }
}

std::size_t ByteSource::read_at(std::uint64_t offset, std::span<char> to) const {
  std::size_t have = 0;
  while (have < to.size()) {
    const auto got = pread(fd_, to.data() + have, to.size() - have, static_cast<off_t>(offset + have));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    have += static_cast<std::size_t>(got);
  }
  return have;
}

}  // namespace mtalens

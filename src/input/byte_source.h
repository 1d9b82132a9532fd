// Where bytes come from: a file, standard input, or either of them compressed (gzip, zstd, xz, bzip2, told
// by content, not by name; libarchive does the work).
//
// Reads are plain read(2) calls: a file that is truncated meanwhile ends early, it never faults.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

struct archive;

namespace mtalens {

// A file the user named cannot be read; what() is "NAME: why", ready to be shown.
class InputError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class ByteSource {
 public:
  // "-" is standard input. Throws InputError.
  explicit ByteSource(const std::string& name);
  ~ByteSource();
  ByteSource(ByteSource&&) = delete;

  // Fills up to `to.size()` bytes; 0 at the end. Throws InputError when the disk or the data fail.
  std::size_t read(std::span<char> to);
  // Up to `to.size()` bytes at `offset`, without moving on; only where seekable(). Short at the end of the file.
  std::size_t read_at(std::uint64_t offset, std::span<char> to) const;

  // Passes over the next bytes, fewer where it ends before. Before anything is read. Throws InputError.
  void skip(std::uint64_t bytes);

  const std::string& name() const { return name_; }
  bool seekable() const { return regular_ && archive_ == nullptr; }  // a plain file, not compressed
  bool regular() const { return regular_; }                          // a file on disk, maybe compressed
  std::uint64_t size() const { return size_; }                       // of a regular file, as it lies on disk
  std::uint64_t disk_bytes() const { return disk_bytes_; }           // read so far, as it lies on disk
  std::int64_t modified_us() const { return modified_us_; }          // last modification; now for a pipe
  std::uint64_t device() const { return device_; }
  std::uint64_t inode() const { return inode_; }

 private:
  friend struct ArchiveReader;
  struct ArchiveCloser {
    void operator()(archive* a) const;
  };

  std::size_t read_raw(std::span<char> to);
  void open_archive();

  std::string name_;
  int fd_ = -1;
  bool regular_ = false;
  std::uint64_t size_ = 0;
  std::uint64_t disk_bytes_ = 0;
  std::int64_t modified_us_ = 0;
  std::uint64_t device_ = 0;
  std::uint64_t inode_ = 0;
  std::string head_;           // bytes read ahead to see what this is
  std::size_t head_used_ = 0;  // how many of them were handed on
  std::string archive_buffer_;
  std::unique_ptr<archive, ArchiveCloser> archive_;
};

}  // namespace mtalens

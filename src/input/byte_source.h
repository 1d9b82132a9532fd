// Where bytes come from: a file, standard input, or either of them compressed (gzip, zstd, xz, bzip2, told
// by content, not by name; libarchive does the work); and systemd's journal: itself, its files and its exports, whose
// entries come as lines of text.
//
// Reads are plain read(2) calls: a file that is truncated meanwhile ends early, it never faults.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "input/journal.h"
#include "input/journal_export.h"

struct archive;

namespace mtalens {

// A file the user named cannot be read; what() is "NAME: why", ready to be shown.
class InputError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class ByteSource {
 public:
  // "-" is standard input, kSystemJournal this machine's journal. Throws InputError.
  explicit ByteSource(const std::string& name);
  ~ByteSource();
  ByteSource(ByteSource&&) = delete;

  // Fills up to `to.size()` bytes; 0 at the end. Throws InputError when the disk or the data fail.
  std::size_t read(std::span<char> to);
  // Up to `to.size()` bytes at `offset`, without moving on; only where seekable(). Short at the end of the file.
  std::size_t read_at(std::uint64_t offset, std::span<char> to) const;

  // Passes over the next bytes, fewer where it ends before. Before anything is read. Throws InputError.
  void skip(std::uint64_t bytes);

  // Of the system's journal: how far it was read, and to begin behind that entry.
  bool is_system_journal() const { return name_ == kSystemJournal; }
  std::string cursor() const { return journal_->cursor(); }
  void go_on_behind(const std::string& cursor) { journal_->go_on_behind(cursor); }

  const std::string& name() const { return name_; }
  bool seekable() const { return regular_ && !archive_ && !journal_ && !export_; }  // a plain file, as it is read
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

  void open_file();
  void open_content();
  void read_head();
  void open_archive();
  std::size_t read_raw(std::span<char> to);
  std::size_t read_content(std::span<char> to);
  void read_entries();

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
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<JournalExport> export_;
  std::string ready_;  // to be handed on before anything is read
  std::size_t ready_used_ = 0;
};

}  // namespace mtalens

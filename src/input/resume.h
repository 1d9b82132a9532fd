// Which files were read before, under whatever name they go now, and how far: so that each line is read once.
//
// A file is the one that was read when it begins with the same bytes and has the same bytes before the place where
// reading ended; device and inode decide between two that do. That holds through renaming, through `copytruncate`
// (the copy goes on, what is left under the name is new) and through compression.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mtalens {

// How far a file was read.
struct FileMark {
  static constexpr std::size_t kText = 256;

  std::string name;  // as it was called last
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;  // on disk, when it was read last
  std::int64_t modified_us = 0;
  std::uint64_t offset = 0;  // bytes of whole lines that were read, after decompression
  std::string head;          // its first bytes, up to kText
  std::string tail;          // the last ones before `offset`; of the system's journal the last entry's cursor

  template <typename Archive>
  void fields(Archive& archive) {
    archive(name, device, inode, size, modified_us, offset, head, tail);
  }
};

struct ResumedInput {
  std::string name;
  std::optional<std::size_t> mark;  // of the file it goes on from; none: it is new
  bool is_copy = false;             // of a file that is among the inputs itself
  bool finished = false;            // there is nothing in it that was not read
};

struct Resumption {
  std::vector<ResumedInput> inputs;  // those asked for, and rotated files beside them that are not read to their end
  std::vector<std::string> notes;    // what a user should know, "NAME: what"
};

// `marks`: the files known; the first `recent` of them were there at the last run.
Resumption resume(const std::vector<std::string>& inputs, const std::vector<FileMark>& marks, std::size_t recent);

}  // namespace mtalens

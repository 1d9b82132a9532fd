// How far reading has come.
#pragma once

#include <cstdint>

namespace mtalens {

struct ReadProgress {
  std::uint64_t bytes = 0;       // after decompression
  std::uint64_t disk_bytes = 0;  // of regular files, as they lie on disk,
  std::uint64_t disk_size = 0;   // and of how many; 0: of a pipe nobody knows
};

}  // namespace mtalens

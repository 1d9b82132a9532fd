// Keeps standard input in a temporary file, for what must read it twice.
#pragma once

#include <string>

#include "input/byte_source.h"

namespace mtalens {

// $TMPDIR, else /tmp.
std::string spool_folder();

class Spool {
 public:
  Spool() = default;
  ~Spool();
  Spool(const Spool&) = delete;

  // Copies all of standard input; gives the name under which it can be read until the spool goes. The file itself
  // has no name of its own, so nothing is left behind. Throws InputError.
  std::string keep_standard_input();

 private:
  int fd_ = -1;
};

}  // namespace mtalens

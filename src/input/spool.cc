#include "input/spool.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace mtalens {

std::string spool_folder() {
  const char* folder = std::getenv("TMPDIR");
  return folder != nullptr && *folder != '\0' ? folder : "/tmp";
}

Spool::~Spool() {
  if (fd_ >= 0) close(fd_);
}

std::string Spool::keep_standard_input() {
  std::string path = spool_folder() + "/mtalens.XXXXXX";
  fd_ = mkostemp(path.data(), O_CLOEXEC);
  if (fd_ < 0) throw InputError(path + ": " + std::strerror(errno));
  unlink(path.c_str());
  ByteSource input("-");
  std::vector<char> block(1 << 18);
  while (const auto length = input.read(block)) {
    for (std::size_t done = 0; done < length;) {
      const auto written = ::write(fd_, block.data() + done, length - done);
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) throw InputError(path + ": " + std::strerror(errno));
      done += static_cast<std::size_t>(written);
    }
  }
  return "/proc/self/fd/" + std::to_string(fd_);
}

}  // namespace mtalens

// Landlock: writing is possible beneath the folders of the files that are to be written, and nowhere else. Reading stays
// as the file system has it. Linux 5.13 and later.
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>

#include "privilege/confine.h"

namespace mtalens {
namespace {

// The kernel's versions of it: 2 knows REFER, 3 knows TRUNCATE; older headers do not name them.
constexpr std::uint64_t kRefer = 1ULL << 13;
constexpr std::uint64_t kTruncate = 1ULL << 14;
constexpr std::uint64_t kReplace = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG;

std::uint64_t everything_but_reading(long version) {
  std::uint64_t out = kReplace | LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_MAKE_CHAR |
                      LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
                      LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;
  if (version >= 2) out |= kRefer;
  if (version >= 3) out |= kTruncate;
  return out;
}

void allow(int rules, const std::string& path, std::uint64_t accesses) {
  const int fd = open(path.c_str(), O_PATH | O_CLOEXEC);
  if (fd < 0) return;
  landlock_path_beneath_attr beneath{};
  beneath.allowed_access = accesses;
  beneath.parent_fd = fd;
  syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
  close(fd);
}

// A file is replaced by one beside it; a pipe or a device is written to itself.
void allow_writing(int rules, const std::string& file, std::uint64_t handled) {
  struct stat status {};
  if (stat(file.c_str(), &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) {
    return allow(rules, file, LANDLOCK_ACCESS_FS_WRITE_FILE | (handled & kTruncate));
  }
  const auto folder = std::filesystem::path(file).parent_path().string();
  allow(rules, folder.empty() ? "." : folder, kReplace | (handled & kTruncate));
}

}  // namespace

void keep_to_folders(const Needs& needs) {
  const long version = syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (version < 1) return;
  landlock_ruleset_attr handled{};
  handled.handled_access_fs = everything_but_reading(version);
  const auto rules = static_cast<int>(syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0));
  if (rules < 0) return;
  for (const auto& file : needs.written) allow_writing(rules, file, handled.handled_access_fs);
  syscall(SYS_landlock_restrict_self, rules, 0);
  close(rules);
}

}  // namespace mtalens

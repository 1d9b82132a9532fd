// What becomes of root.
//
// A run that writes no file becomes the user `mtalens`, where /etc/passwd has one, else `nobody`, with the groups that
// may read the logs (adm). Where that does not suffice to read them all, it keeps one right of root's, to read any file
// (CAP_DAC_READ_SEARCH). A run that writes a file stays root by name, for the file is to be root's, with the rights to
// read and write any file and to replace another's in a folder such as /tmp, and no others: it cannot change users, load
// modules, look into processes, mount or reconfigure anything.
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <string_view>

#include "privilege/confine.h"

namespace mtalens {
namespace {

constexpr std::size_t kMostGroups = 16;

using Capabilities = std::uint32_t;  // a bit for each; those that are meant are among the first 32
constexpr Capabilities kReadAny = 1u << CAP_DAC_READ_SEARCH;
constexpr Capabilities kReadAndWriteAny = kReadAny | 1u << CAP_DAC_OVERRIDE | 1u << CAP_FOWNER;

bool set_capabilities(Capabilities permitted, Capabilities effective) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2]{};
  data[0].permitted = permitted;
  data[0].effective = effective;
  return syscall(SYS_capset, &header, data) == 0;
}

struct Account {
  uid_t uid;
  gid_t gid;
};

// The file itself is read: asking the system's services would talk through sockets, and load their code.
std::optional<Account> unprivileged_account() {
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen("/etc/passwd", "re"), std::fclose);
  std::optional<Account> nobody;
  while (file) {
    const passwd* entry = fgetpwent(file.get());
    if (entry == nullptr) break;
    if (entry->pw_uid == 0) continue;
    const std::string_view name(entry->pw_name);
    if (name == "mtalens") return Account{entry->pw_uid, entry->pw_gid};
    if (name == "nobody") nobody = {entry->pw_uid, entry->pw_gid};
  }
  return nobody;
}

// Whether the effective user may read it: a folder is to be entered, too.
bool readable(const std::string& name) {
  struct stat status {};
  const bool folder = stat(name.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
  return faccessat(AT_FDCWD, name.c_str(), folder ? R_OK | X_OK : R_OK, AT_EACCESS) == 0;
}

bool all_readable(const std::vector<std::string>& names) { return std::all_of(names.begin(), names.end(), readable); }

// What is to stay readable. In place of a file that is not there its folder: that it is not there is to be told.
std::vector<std::string> still_to_read(const std::vector<std::string>& names) {
  std::vector<std::string> out;
  for (const auto& name : names) {
    if (readable(name)) {
      out.push_back(name);
      continue;
    }
    const auto slash = name.rfind('/');
    const auto folder = slash == std::string::npos ? "." : name.substr(0, slash + 1);
    if (readable(folder)) out.push_back(folder);
  }
  return out;
}

// Those that may read the files; root's own is none.
std::vector<gid_t> groups_of(const std::vector<std::string>& names) {
  std::vector<gid_t> groups;
  for (const auto& name : names) {
    struct stat status {};
    if (stat(name.c_str(), &status) != 0 || (status.st_mode & S_IRGRP) == 0 || status.st_gid == 0) continue;
    if (std::find(groups.begin(), groups.end(), status.st_gid) == groups.end()) groups.push_back(status.st_gid);
    if (groups.size() == kMostGroups) break;
  }
  return groups;
}

// Tries on the account while root's name is still kept in the back. Nothing: the files cannot be read like that, as on a
// network file system, where the server looks at the name; else the rights that it takes.
std::optional<Capabilities> try_on(const Account& account, const std::vector<std::string>& read) {
  const auto groups = groups_of(read);
  if (setgroups(groups.size(), groups.data()) != 0) return std::nullopt;
  if (setresgid(account.gid, account.gid, 0) != 0 || setresuid(account.uid, account.uid, 0) != 0) return std::nullopt;
  if (all_readable(read)) return 0;
  if (set_capabilities(kReadAny, kReadAny) && all_readable(read)) return kReadAny;
  return std::nullopt;
}

void stay_root(Capabilities rights) {
  if (setresuid(0, 0, 0) == 0 && setresgid(0, 0, 0) == 0) set_capabilities(rights, rights);
}

void become(const Account& account, Capabilities rights) {
  prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
  const bool done = setresgid(account.gid, account.gid, account.gid) == 0 && setresuid(account.uid, account.uid, account.uid) == 0;
  prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
  if (done) set_capabilities(rights, rights);
}

}  // namespace

void leave_root(const Needs& needs) {
  if (geteuid() != 0) return;
  const auto account = needs.written.empty() ? unprivileged_account() : std::nullopt;
  if (!account) return stay_root(needs.written.empty() ? kReadAny : kReadAndWriteAny);
  const auto rights = try_on(*account, still_to_read(needs.read));
  rights ? become(*account, *rights) : stay_root(kReadAny);
}

}  // namespace mtalens

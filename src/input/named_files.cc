#include "input/named_files.h"

#include <glob.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>
#include <string_view>
#include <utility>

namespace mtalens {
namespace {

namespace fs = std::filesystem;

// As Debian, Red Hat, SUSE, FreeBSD and the MTAs themselves call them.
constexpr std::array<std::string_view, 6> kLogs{"mail.log", "maillog", "mainlog", "mail.info", "postfix.log", "exim_mainlog"};
constexpr std::array<std::string_view, 4> kFolders{"exim", "mail", "postfix", "sendmail"};

template <typename Names>
bool begins_like_one_of(const Names& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(), [&](std::string_view begin) { return name.starts_with(begin); });
}

// SUSE and FreeBSD call it just that: mail, mail-20261101.xz, mail.0.bz2.
bool is_plain_mail(std::string_view name) {
  return name == "mail" || (name.starts_with("mail-") && name.size() > 5 && name[5] >= '0' && name[5] <= '9') ||
         (name.starts_with("mail.") && name.size() > 5 && name[5] >= '0' && name[5] <= '9');
}

void add_logs_of(const fs::path& folder, bool and_its_folders, std::vector<std::string>& files) {
  std::error_code error;
  std::vector<fs::path> entries;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) entries.push_back(at->path());
  std::sort(entries.begin(), entries.end());
  for (const auto& entry : entries) {
    const auto name = entry.filename().string();
    if (fs::is_directory(entry, error)) {
      if (and_its_folders && begins_like_one_of(kFolders, name)) add_logs_of(entry, false, files);
    } else if (begins_like_one_of(kLogs, name) || is_plain_mail(name)) {
      files.push_back(entry.string());
    }
  }
}

std::vector<std::string> matching(const std::string& pattern) {
  std::vector<std::string> out;
  glob_t found{};
  if (glob(pattern.c_str(), 0, nullptr, &found) == 0) out.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  globfree(&found);
  return out;
}

bool is_pattern(const std::string& name) {
  std::error_code error;
  return name.find_first_of("*?[") != std::string::npos && !fs::exists(fs::symlink_status(name, error));
}

}  // namespace

std::vector<std::string> named_files(const std::vector<std::string>& names, std::vector<std::string>& errors) {
  std::vector<std::string> all;
  for (const auto& name : names) {
    std::error_code error;
    if (fs::is_directory(name, error)) {
      const auto before = all.size();
      add_logs_of(name, true, all);
      if (all.size() == before) errors.push_back(name + ": no mail log is in this folder (mail.log, maillog, mainlog and so on)");
    } else if (is_pattern(name)) {
      const auto files = matching(name);
      if (files.empty()) errors.push_back(name + ": there is no such file");
      all.insert(all.end(), files.begin(), files.end());
    } else {
      all.push_back(name);
    }
  }
  std::vector<std::string> once;
  std::set<std::pair<dev_t, ino_t>> seen;
  for (auto& name : all) {
    struct stat status {};
    const bool known = name != "-" && stat(name.c_str(), &status) == 0 && S_ISREG(status.st_mode);
    if (!known || seen.emplace(status.st_dev, status.st_ino).second) once.push_back(std::move(name));
  }
  return once;
}

}  // namespace mtalens

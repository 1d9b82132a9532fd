#include "cli/least_privilege.h"

#include <algorithm>
#include <filesystem>

#include "cli/anonymity.h"
#include "cli/known.h"
#include "input/journal.h"
#include "input/named_files.h"
#include "input/spool.h"
#include "privilege/confine.h"

namespace mtalens {
namespace {

bool names(const Options& options, std::string_view input) {
  return std::find(options.files.begin(), options.files.end(), input) != options.files.end();
}

bool reads_standard_input(const Options& options) { return options.files.empty() || names(options, "-"); }

void append(std::vector<std::string>& to, const std::vector<std::string>& names) { to.insert(to.end(), names.begin(), names.end()); }

// All that is in the folders: pattern files are read one by one.
std::vector<std::string> files_in(const std::vector<std::filesystem::path>& folders) {
  std::vector<std::string> out;
  for (const auto& folder : folders) {
    std::error_code none;
    std::filesystem::recursive_directory_iterator at(folder, none), end;
    for (; !none && at != end; at.increment(none)) out.push_back(at->path().string());
  }
  return out;
}

// A log that is rotated comes anew into its folder.
std::vector<std::string> folders_of(const std::vector<std::string>& files) {
  std::vector<std::string> out;
  for (const auto& file : files) {
    const auto folder = std::filesystem::path(file).parent_path().string();
    out.push_back(folder.empty() ? "." : folder);
  }
  return out;
}

std::vector<std::string> files_read(const Options& options) {
  std::vector<std::string> told_later;
  auto out = options.files;
  append(out, named_files(options.files, told_later));
  append(out, named_files(options.with, told_later));
  if (options.command == "watch") append(out, folders_of(out));
  if (options.command == "patterns") {
    append(out, files_in(pattern_folders(options)));
    append(out, files_in({options.files.begin(), options.files.end()}));
  }
  if (names(options, kSystemJournal)) append(out, files_in({"/var/log/journal", "/run/log/journal"}));
  if (!options.expect.empty()) out.push_back(options.expect);
  out.erase(std::remove(out.begin(), out.end(), "-"), out.end());
  return out;
}

std::vector<std::string> files_written(const Options& options) {
  std::vector<std::string> out;
  for (const auto* file : {&options.output, &options.state, &options.state_out, &options.write_expect}) {
    if (!file->empty() && *file != "-") out.push_back(*file);
  }
  if (options.command == "trace" && reads_standard_input(options)) out.push_back(spool_folder() + "/any");
  return out;
}

}  // namespace

void give_up_privileges(const Options& options) {
  known(options);
  anonymizer(options);
  const bool follows = options.command == "watch" || names(options, kSystemJournal);
  confine({files_read(options), files_written(options), follows});
}

}  // namespace mtalens

#include "cli/known.h"

#include <fmt/format.h>

#include "report/safe_text.h"

namespace mtalens {

std::vector<std::filesystem::path> pattern_folders(const Options& options) {
  std::vector<std::filesystem::path> folders;
  for (const char* folder : {"/usr/share/mtalens/patterns", "/etc/mtalens/patterns"}) {
    std::error_code none;
    if (std::filesystem::is_directory(folder, none)) folders.emplace_back(folder);
  }
  folders.insert(folders.end(), options.pattern_dirs.begin(), options.pattern_dirs.end());
  return folders;
}

const Known& known(const Options& options) {
  static const Known kKnown = [&]() -> Known {
    const auto folders = pattern_folders(options);
    if (folders.empty()) return {Knowledge::builtin()};
    std::vector<std::string> errors;
    static const Knowledge kLoaded(folders, errors);
    for (const auto& error : errors) fmt::print(stderr, "mtalens: {}\n", safe_text(error));
    return {kLoaded, errors.empty()};
  }();
  return kKnown;
}

}  // namespace mtalens

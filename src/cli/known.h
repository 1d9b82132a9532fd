// What the program knows of the world in this run: what is built in, and the folders of pattern files over it.
#pragma once

#include <filesystem>
#include <vector>

#include "cli/options.h"
#include "knowledge/knowledge.h"

namespace mtalens {

struct Known {
  const Knowledge& knowledge;  // lives as long as the program
  bool complete = true;        // every pattern file could be read
};

// /usr/share/mtalens/patterns and /etc/mtalens/patterns where they exist, then --patterns.
std::vector<std::filesystem::path> pattern_folders(const Options& options);

// Loaded at the first call; tells the user of files that cannot be read, once.
const Known& known(const Options& options);

}  // namespace mtalens

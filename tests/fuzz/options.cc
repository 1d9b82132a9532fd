// Any words as a command line, and any text as a settings file: options, or what is wrong with them in a sentence.
#include "cli/options.h"

#include <cstdlib>

#include "cli/times.h"
#include "input/line_blocks.h"
#include "target.h"

namespace mtalens::fuzz {

// The words, a line each; behind an empty line the settings. Nothing on the machine is looked at.
void options(std::string_view bytes) {
  if (bytes.find('/') != bytes.npos || bytes.find("..") != bytes.npos || bytes.find('\0') != bytes.npos) return;
  if (bytes.find("--patterns") != bytes.npos) return;
  in_zone("UTC");
  unsetenv("HOME");
  std::vector<std::string> words{"mtalens"};
  auto rest = bytes;
  while (!rest.empty()) {
    const auto word = take_line(rest);
    if (word.empty()) break;
    words.emplace_back(word);
    parse_user_time(word, 1'795'392'000'000'000);
  }
  if (!rest.empty()) words.push_back("--config=" + file_with(rest));
  std::vector<char*> arguments;
  for (auto& word : words)
    arguments.push_back(word.data());
  arguments.push_back(nullptr);
  try {
    read_options(static_cast<int>(words.size()), arguments.data());
  } catch (const UsageError& error) {
    must(error.what()[0] != '\0', "a user is told what is wrong");
  }
  setenv("TZ", "UTC", 1);
}

}  // namespace mtalens::fuzz

// Any bytes as a pattern file: its entries, or what is wrong with it by line; never a crash.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "knowledge/pattern_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  mtalens::PatternStore store;
  std::vector<std::string> errors;
  store.read_text(std::string_view(reinterpret_cast<const char*>(data), size), "fuzzed.json", errors);
  return 0;
}

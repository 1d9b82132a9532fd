// Gives files to the targets that their names begin with, "postfix-…", or all files to one target: what a fuzzer once
// found stays found, without libFuzzer.
//   fuzz_replay [--as TARGET] FILE…
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "target.h"

namespace {

using namespace mtalens;

const std::map<std::string, void (*)(std::string_view), std::less<>> kTargets{
    {"header", fuzz::header},
    {"journal_json", fuzz::journal_json},
    {"journal_export", fuzz::journal_export},
    {"source", fuzz::source},
    {"postfix", fuzz::postfix},
    {"sendmail", fuzz::sendmail},
    {"exim", fuzz::exim},
    {"described", fuzz::described},
    {"reply", fuzz::reply},
    {"patterns", fuzz::patterns},
    {"options", fuzz::options},
    {"expectation", fuzz::expectation},
    {"state", fuzz::state},
    {"log", fuzz::log},
    {"joining", fuzz::joining},
    {"report", fuzz::report},
    {"flow", fuzz::flow},
};

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> files(argv + 1, argv + argc);
  std::string as;
  if (files.size() > 1 && files.front() == "--as") {
    as = files[1];
    files.erase(files.begin(), files.begin() + 2);
  }
  for (const auto& file : files) {
    const auto name = std::filesystem::path(file).filename().string();
    const auto target = kTargets.find(as.empty() ? name.substr(0, name.find('-')) : as);
    std::ifstream in(file, std::ios::binary);
    if (target == kTargets.end() || !in) {
      std::fprintf(stderr, "%s: no such target or file\n", file.c_str());
      return 2;
    }
    const std::vector<char> bytes{std::istreambuf_iterator<char>(in), {}};
    if (as.empty()) std::fprintf(stderr, "%s\n", name.c_str());  // the last one named is the one that failed
    target->second({bytes.data(), bytes.size()});
  }
  return files.empty() ? 2 : 0;
}

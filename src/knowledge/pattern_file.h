// Reads pattern files: JSON in, entries out. The program reads users' directories with it, and the build
// turns patterns/ into constant tables with it.
//
// A file's faults are told as `FILE:LINE: ENTRY: what is wrong`; what is sound in it still counts.
#pragma once

#include <deque>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "knowledge/entries.h"

namespace mtalens {

// Owns the entries of the files read into it, and every text they point to. The texts stay valid while it
// lives; the spans of set() only until more is read into it.
class PatternStore {
 public:
  // Reads every *.json below `dir`, in the order of their paths; a directory that is absent holds none.
  void read_directory(const std::filesystem::path& dir, std::vector<std::string>& errors);
  void read_text(std::string_view json, std::string_view file, std::vector<std::string>& errors);

  PatternSet set() const { return {providers_, replies_, tls_, parsers_, topics_}; }

 private:
  friend class FileReader;
  std::string_view keep(std::string text);
  template <class Item>
  std::span<const Item> keep(std::vector<Item> list) {
    return std::get<std::deque<std::vector<Item>>>(lists_).emplace_back(std::move(list));
  }

  template <class... Items>
  using Lists = std::tuple<std::deque<std::vector<Items>>...>;

  std::deque<std::string> texts_;
  Lists<std::string_view, Example, FieldRule, Constant, Translation, Condition, LineForm, LineExample, LineProof> lists_;
  std::vector<ProviderEntry> providers_;
  std::vector<ReplyEntry> replies_;
  std::vector<TlsEntry> tls_;
  std::vector<ParserEntry> parsers_;
  std::vector<TopicEntry> topics_;
  std::map<std::string, std::string_view> seen_;  // kind and id of this directory's entries -> their file
};

}  // namespace mtalens

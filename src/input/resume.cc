#include "input/resume.h"

#include <algorithm>
#include <filesystem>
#include <memory>

#include "input/byte_source.h"

namespace mtalens {
namespace {

namespace fs = std::filesystem;

// A file as it lies there now.
struct Candidate {
  std::string name;
  std::unique_ptr<ByteSource> source;  // null: a pipe, or it cannot be opened (who reads it says why)
  std::string head;
};

std::string read_head(ByteSource& source) {
  std::string head(FileMark::kText, '\0');
  std::size_t have = 0;
  while (have < head.size()) {
    const auto got = source.read({head.data() + have, head.size() - have});
    if (got == 0) break;
    have += got;
  }
  head.resize(have);
  return head;
}

Candidate candidate(const std::string& name) {
  Candidate out{name, nullptr, {}};
  if (name == "-") return out;
  try {
    auto source = std::make_unique<ByteSource>(name);
    if (!source->regular()) return out;
    out.head = read_head(*source);
    out.source = std::move(source);
  } catch (const InputError&) {
  }
  return out;
}

bool same_file(const Candidate& file, const FileMark& mark) {
  return file.source->device() == mark.device && file.source->inode() == mark.inode;
}

bool untouched(const Candidate& file, const FileMark& mark) {
  return same_file(file, mark) && file.source->size() == mark.size && file.source->modified_us() == mark.modified_us;
}

// The bytes that stand before the mark's offset; fewer where the file is shorter.
std::string tail_of(const std::string& name, const FileMark& mark) {
  std::string tail(mark.tail.size(), '\0');
  try {
    ByteSource source(name);
    const auto begin = mark.offset - mark.tail.size();
    if (source.seekable()) {
      tail.resize(source.read_at(begin, tail));
      return tail;
    }
    source.skip(begin);
    std::size_t have = 0;
    while (have < tail.size()) {
      const auto got = source.read({tail.data() + have, tail.size() - have});
      if (got == 0) break;
      have += got;
    }
    tail.resize(have);
    return tail;
  } catch (const InputError&) {
    return {};
  }
}

bool begins_alike(const Candidate& file, const FileMark& mark) {
  return file.source != nullptr && !mark.head.empty() && file.head.starts_with(mark.head);
}

bool goes_on(const Candidate& file, const FileMark& mark) {
  if (!begins_alike(file, mark) || mark.offset < mark.tail.size()) return false;
  return untouched(file, mark) || tail_of(file.name, mark) == mark.tail;
}

// A copy that is not complete, or a log that lost its end: all of it was read.
bool is_beginning_of(const Candidate& file, const FileMark& mark) {
  return begins_alike(file, mark) && mark.head.size() == FileMark::kText && file.source->seekable() &&
         file.source->size() < mark.offset;
}

// mail.log for mail.log.1, mail.log.2.gz and mail.log-20261123
std::string stem(const std::string& name) {
  auto file = fs::path(name).filename().string();
  for (const char* suffix : {".gz", ".zst", ".xz", ".bz2"}) {
    if (file.ends_with(suffix)) file.resize(file.size() - std::string_view(suffix).size());
  }
  return file.substr(0, file.find_last_not_of("0123456789.-") + 1);
}

// How surely this file is the one of the mark; 0: it is not.
int likeness(const Candidate& file, const FileMark& mark) {
  if (!goes_on(file, mark)) return 0;
  return 1 + (stem(file.name) == stem(mark.name) ? 1 : 0) + (same_file(file, mark) ? 2 : 0);
}

class Matching {
 public:
  Matching(const std::vector<std::string>& inputs, const std::vector<FileMark>& marks) : marks_(marks), taken_(marks.size()) {
    for (const auto& name : inputs) files_.push_back(candidate(name));
    mark_of_.resize(files_.size());
    assign();
  }

  // Logs that were rotated away and are not named: they lie beside those that are.
  void look_beside(std::size_t recent, Resumption& out) {
    for (std::size_t i = 0; i < recent && i < marks_.size(); ++i) {
      const auto& name = marks_[i].name;
      const bool asked = std::any_of(files_.begin(), files_.end(), [&](const Candidate& file) { return file.name == name; });
      if (taken_[i] || !asked || marks_[i].offset == 0 || find_beside(i)) continue;
      out.notes.push_back(name + ": was replaced since the last run, and the old file is not beside it: what came at its "
                                 "end may be missing");
    }
  }

  void write(Resumption& out) {
    for (std::size_t i = 0; i < files_.size(); ++i) {
      ResumedInput input{files_[i].name, mark_of_[i], !mark_of_[i], false};
      if (!input.mark) copy_of(files_[i], input);
      if (input.mark) {
        const FileMark& mark = marks_[*input.mark];
        input.finished |= untouched(files_[i], mark) && (!files_[i].source->seekable() || mark.offset == mark.size);
      }
      out.inputs.push_back(std::move(input));
    }
  }

 private:
  // The surest pairs first.
  void assign() {
    struct Pair {
      int likeness;
      std::size_t file, mark;
    };
    std::vector<Pair> pairs;
    for (std::size_t file = 0; file < files_.size(); ++file) {
      for (std::size_t mark = 0; mark < marks_.size(); ++mark) {
        if (const int like = likeness(files_[file], marks_[mark])) pairs.push_back({like, file, mark});
      }
    }
    std::stable_sort(pairs.begin(), pairs.end(), [](const Pair& a, const Pair& b) { return a.likeness > b.likeness; });
    for (const auto& [like, file, mark] : pairs) {
      if (taken_[mark] || mark_of_[file]) continue;
      mark_of_[file] = mark;
      taken_[mark] = true;
    }
  }

  bool find_beside(std::size_t mark) {
    const fs::path path(marks_[mark].name);
    std::vector<std::string> names;
    std::error_code failed;
    const auto folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
    for (fs::directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed)) {
      const auto name = at->path().filename().string();
      if (stem(name) != stem(path.string()) || !at->is_regular_file(failed)) continue;
      names.push_back(path.has_parent_path() ? at->path().string() : name);
    }
    std::sort(names.begin(), names.end());
    for (const auto& name : names) {
      const bool named = std::any_of(files_.begin(), files_.end(), [&](const Candidate& file) { return file.name == name; });
      auto file = named ? Candidate{} : candidate(name);
      if (named || file.source == nullptr || !goes_on(file, marks_[mark])) continue;
      files_.insert(files_.begin(), std::move(file));
      mark_of_.insert(mark_of_.begin(), mark);
      taken_[mark] = true;
      return true;
    }
    return false;
  }

  // One more copy of a file that is read already: only what it has beyond.
  void copy_of(const Candidate& file, ResumedInput& input) const {
    for (std::size_t mark = 0; mark < marks_.size(); ++mark) {
      input.finished = is_beginning_of(file, marks_[mark]);
      if (!input.finished && !goes_on(file, marks_[mark])) continue;
      input.mark = mark;
      return;
    }
  }

  const std::vector<FileMark>& marks_;
  std::vector<bool> taken_;
  std::vector<Candidate> files_;
  std::vector<std::optional<std::size_t>> mark_of_;
};

}  // namespace

Resumption resume(const std::vector<std::string>& inputs, const std::vector<FileMark>& marks, std::size_t recent) {
  Resumption out;
  Matching matching(inputs, marks);
  matching.look_beside(recent, out);
  matching.write(out);
  return out;
}

}  // namespace mtalens

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
  std::error_code error;
  if (name == "-" || name == kSystemJournal || !fs::is_regular_file(name, error)) return out;  // a pipe can be read once only
  try {
    auto source = std::make_unique<ByteSource>(name);
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
  if (mark.head.empty()) return file.source != nullptr && same_file(file, mark);  // it was empty
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
  if (file.name == kSystemJournal) return mark.name == file.name ? 4 : 0;
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

  // Logs that were rotated away and are not named lie beside those that are; so do those that came and went since.
  void look_beside(std::size_t recent, Resumption& out) {
    for (std::size_t i = 0; i < recent && i < marks_.size(); ++i) {
      const bool found = taken_[i] && !marks_[i].head.empty();  // of an empty file only the inode tells, which is used again
      if (found || !is_named(marks_[i].name)) continue;
      add_rotated(i);
      if (taken_[i] || marks_[i].head.empty()) continue;
      out.notes.push_back(marks_[i].name + ": was replaced since the last run, and the old file is not beside it: what came "
                                           "at its end may be missing");
    }
  }

  void write(Resumption& out) {
    for (std::size_t i = 0; i < files_.size(); ++i) {
      ResumedInput input{files_[i].name, mark_of_[i], !mark_of_[i], false};
      if (!input.mark) copy_of(files_[i], input);
      if (input.mark && files_[i].source != nullptr) {
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

  bool is_named(const std::string& name) const {
    return std::any_of(files_.begin(), files_.end(), [&](const Candidate& file) { return file.name == name; });
  }

  // The files of that log's name beside it, the oldest first.
  std::vector<Candidate> beside(const std::string& log) const {
    const fs::path path(log);
    std::vector<Candidate> out;
    std::error_code failed;
    const auto folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
    for (fs::directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed)) {
      const auto file = at->path().filename().string();
      const auto name = path.has_parent_path() ? at->path().string() : file;
      if (stem(file) != stem(log) || is_named(name) || !at->is_regular_file(failed)) continue;
      auto found = candidate(name);
      if (found.source != nullptr) out.push_back(std::move(found));
    }
    std::sort(out.begin(), out.end(), [](const Candidate& a, const Candidate& b) {
      return std::pair(a.source->modified_us(), b.name) < std::pair(b.source->modified_us(), a.name);
    });
    return out;
  }

  // What the log was when it was read last, and what took its place and was rotated away in its turn.
  void add_rotated(std::size_t mark) {
    std::size_t place = 0;
    for (auto& file : beside(marks_[mark].name)) {
      const bool is_it = !taken_[mark] && goes_on(file, marks_[mark]);
      const bool known = std::any_of(marks_.begin(), marks_.end(), [&](const FileMark& other) { return goes_on(file, other); });
      if (!is_it && (known || file.source->modified_us() <= marks_[mark].modified_us)) continue;
      const auto at = static_cast<std::ptrdiff_t>(place++);
      files_.insert(files_.begin() + at, std::move(file));
      mark_of_.insert(mark_of_.begin() + at, is_it ? std::optional(mark) : std::nullopt);
      if (is_it) taken_[mark] = true;
    }
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

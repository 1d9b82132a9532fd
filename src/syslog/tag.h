// `host tag[pid]: text`: what stands behind the stamp in all but one of syslog's forms.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace mtalens {

// The tag at the front of a text; size 0: no tag.
struct Tag {
  std::size_t size = 0;          // with pid and colon
  std::size_t program_size = 0;  // without
  std::uint32_t pid = 0;
  bool bracketed = false;  // `tag[pid]`, which no arbitrary text looks like
};

// `tag[pid]: `, `tag: `, `tag[pid] `. A tag is one word of the characters that program names are made of.
Tag read_tag(std::string_view text);

// The same, for a stretch of lines: nearly all of them bear one of a few tags, which are known again by two words.
class KnownTags {
 public:
  Tag read(std::string_view text);

 private:
  struct Program {
    std::uint64_t first = 1, second = 1;  // its bytes and the bracket behind it, in two words; at first none that fits
    std::uint64_t first_mask = 0, second_mask = 0;
    std::size_t size = 0;
  };
  void remember(std::string_view text, std::size_t program_size);

  std::array<Program, 8> programs_;
  std::size_t next_ = 0;  // the one that gives way
};

// `mail.info ` or `mail:info `, which busybox and AIX write before the tag: its size, or 0.
std::size_t priority_word_size(std::string_view text);

}  // namespace mtalens

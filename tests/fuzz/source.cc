// Any bytes as a file: plain, compressed, a journal or its export. It is read or told to be damaged, and its blocks are
// its bytes however large they are.
#include "input/byte_source.h"
#include "input/line_blocks.h"
#include "target.h"

namespace mtalens::fuzz {
namespace {

constexpr std::size_t kMost = 1 << 18;  // of what is packed a million times smaller

// As much of it as there is before it turns out damaged.
std::string read_all(const std::string& name) {
  std::string out;
  try {
    ByteSource bytes(name);
    std::string part(8192, '\0');
    while (const auto size = bytes.read(part)) {
      out.append(part, 0, size);
      if (out.size() >= kMost) break;
    }
  } catch (const InputError&) {
  }
  return out;
}

std::string read_blocks(const std::string& name, std::size_t block_bytes) {
  std::string out;
  try {
    LineBlocks blocks(name, block_bytes);
    Bytes block;
    while (out.size() < kMost && blocks.next(block)) {
      must(!block.empty(), "a block holds something");
      must(out.empty() || out.back() == '\n', "a block begins with a line");
      out.append(block.data(), block.size());
    }
  } catch (const InputError&) {
  }
  return out;
}

}  // namespace

void source(std::string_view bytes) {
  Decisions decisions(bytes);
  const auto block_bytes = (decisions.byte() + 1u) * 16;
  const auto name = file_with(decisions.rest());
  const auto all = read_all(name);
  const auto lines = read_blocks(name, block_bytes);
  must(lines.starts_with(all) || all.starts_with(lines), "the blocks are the bytes");
}

}  // namespace mtalens::fuzz

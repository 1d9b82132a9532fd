// One target under libFuzzer; FUZZ_TARGET is its name.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  mtalens::fuzz::FUZZ_TARGET({reinterpret_cast<const char*>(data), size});
  return 0;
}

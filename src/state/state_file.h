// A state's file: read whole, written whole, never half.
//
// magic "mtalens\x1a" ("mtmerge\x1a" where several were merged), then in little-endian order the format's version (4 bytes), the fingerprint of the structs'
// layout (8), the payload's length (8), the payload's CRC-64 (8), the CRC-64 of these 36 bytes (8), the payload.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace mtalens {

inline constexpr std::uint32_t kStateVersion = 1;

// A state that another version or build of the program wrote, another run holds, or that cannot be read or written:
// what() says it whole.
class StateError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// What a file holds: the state of one host, or several that were merged.
enum class StateKind { single, merged };

// The bytes of a state file around this payload.
std::string sealed(StateKind kind, std::string_view payload, std::uint64_t layout);
// The payload in these bytes, which stay the caller's. Throws DamagedState where a single byte is not as it was
// written, StateError (with `name` before it) where another version wrote it or it is of the other kind.
std::string_view unsealed(StateKind kind, std::string_view bytes, std::uint64_t layout, const std::string& name);
// As their first bytes say.
bool is_merged(std::string_view bytes);
// A file that is there and holds such.
bool is_merged_file(const std::string& name);

// Holds a state for one run: a second one at once is told so. The lock is a file beside it, FILE.lock, which stays.
class StateFile {
 public:
  // Throws StateError.
  explicit StateFile(std::string name);
  ~StateFile();
  StateFile(const StateFile&) = delete;

  // Empty where there is none yet. Throws StateError.
  std::string read() const;
  // It appears under its name when all of it is on the disk, mode 0600. Throws StateError.
  void replace(std::string_view bytes) const;
  // Renames it to FILE.damaged; gives that name.
  std::string set_aside() const;

  const std::string& name() const { return name_; }

 private:
  std::string name_;
  int lock_ = -1;
};

// The same without a lock, of a state that is only read: nothing where there is none; pipes too, and "-".
std::string read_state(const std::string& name);
// Without a lock, for a state that nobody reads yet.
void write_state(const std::string& name, std::string_view bytes);

}  // namespace mtalens

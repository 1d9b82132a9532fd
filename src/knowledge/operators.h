// Who runs a mail host or a domain: look-up by whole name and by the suffixes that `*.` patterns name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace mtalens {

class HostTable {
 public:
  // `*.example.net`: every host below it, at any depth; anything else: that very host. The pattern added
  // last decides. Case does not matter; the text must outlive the table only while this call lasts.
  void add(std::string_view pattern, std::uint32_t operator_id);

  // The whole name first, then the longest suffix, then, of a name that sendmail shortened, what is left of its end;
  // 0: none.
  std::uint32_t find(std::string_view host) const;

 private:
  std::uint32_t find_by_end(std::string_view end) const;

  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  using Table = std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>>;
  Table exact_;
  Table below_;  // by what follows the `*.`
};

}  // namespace mtalens

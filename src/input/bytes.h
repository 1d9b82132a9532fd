// A growable buffer of bytes that does not clear what it will be read into.
#pragma once

#include <memory>
#include <utility>
#include <vector>

namespace mtalens {

template <typename T>
struct Uninitialized : std::allocator<T> {
  template <typename U>
  struct rebind {
    using other = Uninitialized<U>;
  };
  template <typename U>
  void construct(U* at) noexcept {
    ::new (static_cast<void*>(at)) U;
  }
  template <typename U, typename... Args>
  void construct(U* at, Args&&... args) {
    ::new (static_cast<void*>(at)) U(std::forward<Args>(args)...);
  }
};

using Bytes = std::vector<char, Uninitialized<char>>;

}  // namespace mtalens

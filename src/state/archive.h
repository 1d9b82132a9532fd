// How structs go to disk and come back: each says once which fields it has,
//
//   template <typename Archive>
//   void fields(Archive& archive) { archive(name, accepted, spells); }
//
// and a Writer writes them, a Reader reads them back, a Layout takes their types for a fingerprint of the whole, and
// EvidenceVisitor finds every line that is quoted. Whoever adds a member that must outlive a run adds it to the
// struct's `fields`: that is all. Numbers are varints, texts and lists have their length before them.
//
// What cannot be stored as it is (pointers, hash tables of views) converts itself there, where
// `if constexpr (Archive::kReads)`; `archive.require(condition)` says that what was read makes no sense.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "mtalens/analysis.h"

namespace mtalens {

// What was read is no state; what() says so to a user.
class DamagedState : public std::runtime_error {
 public:
  DamagedState() : std::runtime_error("is damaged") {}
};

namespace archiving {

template <typename T>
concept Map = requires { typename T::key_type; typename T::mapped_type; };
template <typename T>
concept List = !Map<T> && !std::same_as<T, std::string> && requires(T& list) { list.emplace_back(); list.clear(); };
template <typename T>
struct IsFixed : std::false_type {};
template <typename T, std::size_t N>
struct IsFixed<std::array<T, N>> : std::true_type {};
template <typename T>
struct IsPair : std::false_type {};
template <typename A, typename B>
struct IsPair<std::pair<A, B>> : std::true_type {};

// Signed numbers near zero become small ones: 0, -1, 1, -2 …
constexpr std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
constexpr std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

}  // namespace archiving

class Writer {
 public:
  static constexpr bool kReads = false;
  static constexpr bool kShape = false;

  template <typename... T>
  void operator()(T&... values) {
    (put(values), ...);
  }
  void require(bool) {}
  const std::string& bytes() const { return bytes_; }

  void count(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>(value | 0x80);
    bytes_ += static_cast<char>(value);
  }

 private:
  template <typename T>
  void put(T& value) {
    using Plain = std::remove_const_t<T>;
    if constexpr (std::is_enum_v<Plain>) {
      count(static_cast<std::uint64_t>(value));
    } else if constexpr (std::unsigned_integral<Plain>) {
      count(value);
    } else if constexpr (std::signed_integral<Plain>) {
      count(archiving::zigzag(value));
    } else if constexpr (std::same_as<Plain, std::string>) {
      count(value.size());
      bytes_ += value;
    } else if constexpr (archiving::IsPair<Plain>::value) {
      put(value.first);
      put(value.second);
    } else if constexpr (archiving::IsFixed<Plain>::value) {
      for (auto& element : value) put(element);
    } else if constexpr (archiving::Map<Plain> || archiving::List<Plain>) {
      count(value.size());
      for (auto& element : value) put(element);
    } else {
      value.fields(*this);
    }
  }

  std::string bytes_;
};

// Every length is checked against what is left before anything is allocated. Throws DamagedState.
class Reader {
 public:
  static constexpr bool kReads = true;
  static constexpr bool kShape = false;

  explicit Reader(std::string_view bytes) : left_(bytes) {}

  template <typename... T>
  void operator()(T&... values) {
    (get(values), ...);
  }
  void require(bool condition) {
    if (!condition) throw DamagedState();
  }
  bool at_end() const { return left_.empty(); }

  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto byte = take_byte();
      require(shift < 63 || byte <= 1);
      value |= std::uint64_t{byte & 0x7Fu} << shift;
      if ((byte & 0x80u) == 0) return value;
    }
    throw DamagedState();
  }
  // Of a list: each of its elements takes a byte at least.
  std::uint64_t length() {
    const auto value = number();
    require(value <= left_.size());
    return value;
  }

 private:
  unsigned char take_byte() {
    require(!left_.empty());
    const auto byte = static_cast<unsigned char>(left_.front());
    left_.remove_prefix(1);
    return byte;
  }

  template <typename T>
  void get(T& value) {
    if constexpr (std::same_as<T, bool>) {
      const auto byte = take_byte();
      require(byte <= 1);
      value = byte != 0;
    } else if constexpr (std::is_enum_v<T>) {
      const auto read = number();
      value = static_cast<T>(read);
      require(static_cast<std::uint64_t>(value) == read);
    } else if constexpr (std::unsigned_integral<T>) {
      const auto read = number();
      value = static_cast<T>(read);
      require(value == read);
    } else if constexpr (std::signed_integral<T>) {
      const auto read = archiving::unzigzag(number());
      value = static_cast<T>(read);
      require(value == read);
    } else if constexpr (std::same_as<T, std::string>) {
      const auto size = length();
      value.assign(left_.substr(0, size));
      left_.remove_prefix(size);
    } else if constexpr (archiving::IsPair<T>::value) {
      get(value.first);
      get(value.second);
    } else if constexpr (archiving::IsFixed<T>::value) {
      for (auto& element : value) get(element);
    } else if constexpr (archiving::Map<T>) {
      value.clear();
      for (auto left = length(); left > 0; --left) {
        typename T::key_type key{};
        get(key);
        get(value[key]);
      }
    } else if constexpr (archiving::List<T>) {
      value.clear();
      for (auto left = length(); left > 0; --left) {
        value.emplace_back();
        get(value.back());
      }
    } else {
      value.fields(*this);
    }
  }

  std::string_view left_;
};

// A number that differs when a field is added, dropped or of another type: a state of another build is not misread.
class Layout {
 public:
  static constexpr bool kReads = false;
  static constexpr bool kShape = true;

  template <typename... T>
  void operator()(T&... values) {
    (add(values), ...);
  }
  void require(bool) {}
  void count(std::uint64_t) { mix('#'); }
  std::uint64_t fingerprint() const { return fingerprint_; }

 private:
  void mix(std::uint64_t what) { fingerprint_ = (fingerprint_ ^ what) * 0x100000001B3u; }  // FNV-1a

  template <typename T>
  void add(T& value) {
    using Plain = std::remove_const_t<T>;
    if constexpr (std::is_enum_v<Plain>) {
      mix('e');
    } else if constexpr (std::integral<Plain>) {
      mix(std::signed_integral<Plain> ? 'i' : 'u');
      mix(sizeof(Plain));
    } else if constexpr (std::same_as<Plain, std::string>) {
      mix('s');
    } else if constexpr (archiving::IsPair<Plain>::value) {
      std::remove_const_t<typename Plain::first_type> first{};
      std::remove_const_t<typename Plain::second_type> second{};
      add(first);
      add(second);
    } else if constexpr (archiving::Map<Plain>) {
      typename Plain::key_type key{};
      typename Plain::mapped_type mapped{};
      mix('m');
      add(key);
      add(mapped);
    } else if constexpr (archiving::IsFixed<Plain>::value || archiving::List<Plain>) {
      typename Plain::value_type element{};
      mix('[');
      if constexpr (archiving::IsFixed<Plain>::value) mix(value.size());
      add(element);
      mix(']');
    } else {
      mix('{');
      value.fields(*this);
      mix('}');
    }
  }

  std::uint64_t fingerprint_ = 0xCBF29CE484222325u;
};

// Calls `visit` for each Evidence in what it is given.
template <typename Visit>
class EvidenceVisitor {
 public:
  static constexpr bool kReads = false;
  static constexpr bool kShape = false;

  explicit EvidenceVisitor(Visit visit) : visit_(std::move(visit)) {}

  template <typename... T>
  void operator()(T&... values) {
    (look(values), ...);
  }
  void require(bool) {}
  void count(std::uint64_t) {}

 private:
  template <typename T>
  void look(T& value) {
    if constexpr (std::same_as<T, Evidence>) {
      visit_(value);
    } else if constexpr (std::is_arithmetic_v<std::remove_const_t<T>> || std::is_enum_v<std::remove_const_t<T>> ||
                         std::same_as<std::remove_const_t<T>, std::string>) {
      return;
    } else if constexpr (archiving::IsPair<T>::value) {
      look(value.first);
      look(value.second);
    } else if constexpr (archiving::IsFixed<T>::value || archiving::List<T> || archiving::Map<T>) {
      for (auto& element : value) look(element);
    } else {
      value.fields(*this);
    }
  }

  Visit visit_;
};

}  // namespace mtalens

// How a parser reads a file, or what stands for one.
#ifndef HUBSPY_IMAGE_READ_AT_H_
#define HUBSPY_IMAGE_READ_AT_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <type_traits>

#include "absl/functional/function_ref.h"
#include "absl/types/span.h"

namespace hubspy {

// Fills all of `into` with the bytes at `offset`, or returns false.
using ReadAt =
    absl::FunctionRef<bool(uint64_t offset, absl::Span<std::byte> into)>;

inline bool CopyAt(absl::Span<const std::byte> bytes, uint64_t offset,
                   absl::Span<std::byte> into) {
  if (offset > bytes.size() || into.size() > bytes.size() - offset) {
    return false;
  }
  // An empty span may be a null pointer, which memcpy must not see.
  if (into.empty()) return true;
  std::memcpy(into.data(), bytes.data() + offset, into.size());
  return true;
}

template <typename T>
std::optional<T> ReadStruct(ReadAt read, uint64_t offset) {
  static_assert(std::is_trivially_copyable_v<T>);
  T value;
  if (!read(offset, absl::MakeSpan(reinterpret_cast<std::byte*>(&value),
                                   sizeof value))) {
    return std::nullopt;
  }
  return value;
}

// nullopt where `bytes` do not hold all of it.
template <typename T>
std::optional<T> ReadStruct(absl::Span<const std::byte> bytes,
                            uint64_t offset) {
  return ReadStruct<T>(
      [bytes](uint64_t at, absl::Span<std::byte> into) {
        return CopyAt(bytes, at, into);
      },
      offset);
}

// Whether [offset, offset + size) lies in [0, limit).
inline bool Inside(uint64_t offset, uint64_t size, uint64_t limit) {
  return offset <= limit && size <= limit - offset;
}

}  // namespace hubspy

#endif  // HUBSPY_IMAGE_READ_AT_H_

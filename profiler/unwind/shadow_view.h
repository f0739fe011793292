// Reads an image's shadow by the image's own addresses, inside its bounds.
//
// The surprising part: inside the bounds a read can still fault, because the
// file may have been truncated. Call it from a guarded body (fault_guard.h).
#ifndef HUBSPY_UNWIND_SHADOW_VIEW_H_
#define HUBSPY_UNWIND_SHADOW_VIEW_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <type_traits>

#include "absl/types/span.h"
#include "image/image.h"

namespace hubspy {

class ShadowView {
 public:
  ShadowView() = default;  // empty
  // Borrows: the image must outlive it.
  explicit ShadowView(const Image& image) {
    const absl::StatusOr<uintptr_t> bias = image.ShadowBias();
    if (!bias.ok()) return;
    bias_ = *bias;
    range_ = {image.vaddr_begin(), image.vaddr_end()};
  }

  // Bytes of our own, numbered from zero: nothing in them can fault.
  explicit ShadowView(absl::Span<const std::byte> bytes)
      : bias_(reinterpret_cast<uintptr_t>(bytes.data())),
        range_{0, bytes.size()} {}

  const ImageRange& range() const { return range_; }

  template <typename T>
  std::optional<T> Read(uint64_t vaddr) const {
    static_assert(std::is_trivially_copyable_v<T>);
    if (vaddr < range_.begin || vaddr > range_.end ||
        range_.end - vaddr < sizeof(T)) {
      return std::nullopt;
    }
    T value;
    std::memcpy(&value, Pointer(vaddr), sizeof(T));
    return value;
  }

  // Where `vaddr`, which must lie in the range, is in our address space.
  const void* Pointer(uint64_t vaddr) const {
    return reinterpret_cast<const void*>(bias_ + vaddr);
  }

 private:
  uintptr_t bias_ = 0;
  ImageRange range_;
};

}  // namespace hubspy

#endif  // HUBSPY_UNWIND_SHADOW_VIEW_H_

// A region of our own address space, unmapped with its owner.
#ifndef HUBSPY_IMAGE_OWNED_MAPPING_H_
#define HUBSPY_IMAGE_OWNED_MAPPING_H_

#include <sys/mman.h>

#include <cstddef>
#include <utility>

namespace hubspy {

class OwnedMapping {
 public:
  OwnedMapping() = default;
  // `begin` comes from mmap; MAP_FAILED makes an empty one.
  OwnedMapping(void* begin, size_t size)
      : begin_(begin == MAP_FAILED ? nullptr : begin),
        size_(begin_ == nullptr ? 0 : size) {}
  ~OwnedMapping() {
    if (begin_ != nullptr) munmap(begin_, size_);
  }
  OwnedMapping(OwnedMapping&& other) noexcept
      : begin_(std::exchange(other.begin_, nullptr)),
        size_(std::exchange(other.size_, 0)) {}
  OwnedMapping& operator=(OwnedMapping&& other) noexcept {
    std::swap(begin_, other.begin_);
    std::swap(size_, other.size_);
    return *this;
  }

  std::byte* data() const { return static_cast<std::byte*>(begin_); }
  size_t size() const { return size_; }
  explicit operator bool() const { return begin_ != nullptr; }

 private:
  void* begin_ = nullptr;
  size_t size_ = 0;
};

}  // namespace hubspy

#endif  // HUBSPY_IMAGE_OWNED_MAPPING_H_

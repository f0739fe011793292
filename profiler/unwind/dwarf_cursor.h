// Reads call frame information byte by byte, inside a range of a shadow.
//
// Once something did not fit, ok() is false for good and all reads give zero:
// check it at the end of a record, not after every field. As with ShadowView,
// use it from a guarded body.
#ifndef HUBSPY_UNWIND_DWARF_CURSOR_H_
#define HUBSPY_UNWIND_DWARF_CURSOR_H_

#include <cstdint>
#include <optional>

#include "image/image.h"
#include "unwind/shadow_view.h"

namespace hubspy {

class DwarfCursor {
 public:
  DwarfCursor(const ShadowView& view, ImageRange range)
      : view_(view), at_(range.begin), end_(range.end) {}

  bool ok() const { return ok_; }
  bool done() const { return !ok_ || at_ >= end_; }
  uint64_t at() const { return at_; }
  void Fail() { ok_ = false; }

  template <typename T>
  T Take() {
    if (!ok_ || at_ > end_ || end_ - at_ < sizeof(T)) {
      ok_ = false;
      return T{};
    }
    const std::optional<T> value = view_.Read<T>(at_);
    ok_ = value.has_value();
    at_ += sizeof(T);
    return value.value_or(T{});
  }

  void Skip(uint64_t bytes) {
    ok_ = ok_ && at_ <= end_ && bytes <= end_ - at_;
    if (ok_) at_ += bytes;
  }

  // LEB128 (DWARF 5, 7.6). Bits above 64 are dropped.
  uint64_t Unsigned() {
    uint64_t value = 0;
    for (int shift = 0; shift < 70; shift += 7) {
      const uint8_t byte = Take<uint8_t>();
      if (shift < 64) value |= uint64_t{byte & 0x7fu} << shift;
      if ((byte & 0x80) == 0) return value;
    }
    ok_ = false;
    return 0;
  }
  int64_t Signed() {
    uint64_t value = 0;
    for (int shift = 0; shift < 70; shift += 7) {
      const uint8_t byte = Take<uint8_t>();
      if (shift < 64) value |= uint64_t{byte & 0x7fu} << shift;
      if ((byte & 0x80) != 0) continue;
      if ((byte & 0x40) != 0 && shift + 7 < 64)
        value |= ~uint64_t{0} << (shift + 7);
      return static_cast<int64_t>(value);
    }
    ok_ = false;
    return 0;
  }

  // A pointer in one of the encodings of the Linux Standard Base Core 5.0,
  // 10.5.1, as a vaddr. Indirect ones fail: no unwind record needs them.
  uint64_t Pointer(uint8_t encoding, uint64_t data_base) {
    uint64_t base = 0;
    switch (encoding & 0xf0) {
      case 0x00:
        break;
      case 0x10:
        base = at_;
        break;
      case 0x30:
        base = data_base;
        break;
      default:
        ok_ = false;
        return 0;
    }
    return base + Number(encoding & 0x0f);
  }
  // The same without what it is relative to: a length.
  uint64_t Number(uint8_t format) {
    switch (format) {
      case 0x00:
      case 0x04:
      case 0x0c:
        return Take<uint64_t>();
      case 0x01:
        return Unsigned();
      case 0x02:
        return Take<uint16_t>();
      case 0x03:
        return Take<uint32_t>();
      case 0x09:
        return static_cast<uint64_t>(Signed());
      case 0x0a:
        return static_cast<uint64_t>(int64_t{Take<int16_t>()});
      case 0x0b:
        return static_cast<uint64_t>(int64_t{Take<int32_t>()});
      default:
        ok_ = false;
        return 0;
    }
  }

 private:
  ShadowView view_;
  uint64_t at_;
  uint64_t end_;
  bool ok_ = true;
};

}  // namespace hubspy

#endif  // HUBSPY_UNWIND_DWARF_CURSOR_H_

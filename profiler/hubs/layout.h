// The published block, checked: where each field of each record lies.
//
// A record's bytes and its field table both come from the target and may be
// anything. Parse refuses a table that reaches outside its record, so that
// Field() can never read out of bounds; a field that is absent, or wider than
// what we know, is simply not there.
#ifndef HUBSPY_HUBS_LAYOUT_H_
#define HUBSPY_HUBS_LAYOUT_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "green/introspect_abi.h"
#include "model/address.h"

namespace hubspy {

// Offsets and sizes of one kind of record.
class RecordLayout {
 public:
  // Larger records are taken for garbage.
  static constexpr uint32_t kMaxRecordBytes = 64 * 1024;

  static absl::StatusOr<RecordLayout> Parse(
      uint32_t record_bytes, absl::Span<const green::abi::FieldInfo> fields);

  uint32_t record_bytes() const { return record_bytes_; }

  // The field as an unsigned integer, 1, 2, 4 or 8 bytes wide.
  std::optional<uint64_t> Unsigned(absl::Span<const std::byte> record,
                                   uint16_t field) const;
  // The same, sign-extended from its own width.
  std::optional<int64_t> Signed(absl::Span<const std::byte> record,
                                uint16_t field) const;
  // The field as text up to its first NUL; what is not printable ASCII or
  // UTF-8 continuation becomes '?'.
  std::string Text(absl::Span<const std::byte> record, uint16_t field) const;

 private:
  static constexpr size_t kFields = 64;
  struct Place {
    uint16_t offset = 0;
    uint16_t size = 0;  // 0: absent
  };

  absl::Span<const std::byte> Bytes(absl::Span<const std::byte> record,
                                    uint16_t field) const;

  uint32_t record_bytes_ = 0;
  std::array<Place, kFields> places_{};
};

struct Layout {
  Address first_hub;
  RecordLayout hub;
  RecordLayout green;
  RecordLayout context;

  // `block` holds at least sizeof(green::abi::Block) bytes. Unavailable: the
  // block is all zero, because no hub was made yet.
  static absl::StatusOr<Layout> Parse(absl::Span<const std::byte> block);
};

}  // namespace hubspy

#endif  // HUBSPY_HUBS_LAYOUT_H_

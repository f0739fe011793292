#include "hubs/layout.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace hubspy {

using green::abi::Block;
using green::abi::FieldInfo;

absl::StatusOr<RecordLayout> RecordLayout::Parse(
    uint32_t record_bytes, absl::Span<const FieldInfo> fields) {
  if (record_bytes == 0 || record_bytes > kMaxRecordBytes) {
    return absl::DataLossError(
        absl::StrCat("the published block gives a record ", record_bytes,
                     " bytes; is its memory overwritten?"));
  }
  RecordLayout layout;
  layout.record_bytes_ = record_bytes;
  for (const FieldInfo& field : fields) {
    if (uint32_t{field.offset} + field.size > record_bytes) {
      return absl::DataLossError(
          absl::StrCat("field ", field.field,
                       " of the published block lies "
                       "outside its record; is its memory overwritten?"));
    }
    if (field.field >= kFields) continue;  // of a newer runtime
    layout.places_[field.field] = {field.offset, field.size};
  }
  return layout;
}

absl::Span<const std::byte> RecordLayout::Bytes(
    absl::Span<const std::byte> record, uint16_t field) const {
  if (field >= kFields || record.size() < record_bytes_) return {};
  return record.subspan(places_[field].offset, places_[field].size);
}

std::optional<uint64_t> RecordLayout::Unsigned(
    absl::Span<const std::byte> record, uint16_t field) const {
  const absl::Span<const std::byte> bytes = Bytes(record, field);
  if (bytes.empty() || bytes.size() > sizeof(uint64_t)) return std::nullopt;
  uint64_t value = 0;  // little-endian: the low bytes come first
  std::memcpy(&value, bytes.data(), bytes.size());
  return value;
}

std::optional<int64_t> RecordLayout::Signed(absl::Span<const std::byte> record,
                                            uint16_t field) const {
  const std::optional<uint64_t> value = Unsigned(record, field);
  if (!value) return std::nullopt;
  const int unused_bits = 64 - 8 * places_[field].size;
  return static_cast<int64_t>(*value << unused_bits) >> unused_bits;
}

std::string RecordLayout::Text(absl::Span<const std::byte> record,
                               uint16_t field) const {
  std::string text;
  for (std::byte b : Bytes(record, field)) {
    const auto c = static_cast<unsigned char>(b);
    if (c == 0) break;
    text += c < 0x20 || c == 0x7f ? '?' : static_cast<char>(c);
  }
  return text;
}

absl::StatusOr<Layout> Layout::Parse(absl::Span<const std::byte> bytes) {
  Block block;
  if (bytes.size() < sizeof(block)) {
    return absl::DataLossError("the published block is cut short");
  }
  std::memcpy(&block, bytes.data(), sizeof(block));
  if (std::memcmp(block.magic, green::abi::kMagic, sizeof(block.magic)) != 0) {
    if (std::all_of(block.magic, block.magic + sizeof(block.magic),
                    [](char c) { return c == 0; })) {
      return absl::UnavailableError("the process has not made a hub yet");
    }
    return absl::DataLossError("the published block's magic is overwritten");
  }
  if (block.version != green::abi::kVersion) {
    return absl::UnimplementedError(absl::StrCat(
        "the process publishes its hubs in version ", block.version,
        ", and this hubspy reads ", green::abi::kVersion,
        ": use the hubspy of the process's own release"));
  }
  if (block.hub_field_count > std::size(block.hub_fields) ||
      block.green_field_count > std::size(block.green_fields) ||
      block.context_field_count > std::size(block.context_fields)) {
    return absl::DataLossError("the published block counts too many fields");
  }
  Layout layout;
  layout.first_hub = Address(block.first_hub);
  absl::StatusOr<RecordLayout> hub = RecordLayout::Parse(
      block.hub_size, {block.hub_fields, block.hub_field_count});
  if (!hub.ok()) return hub.status();
  absl::StatusOr<RecordLayout> green = RecordLayout::Parse(
      block.green_size, {block.green_fields, block.green_field_count});
  if (!green.ok()) return green.status();
  absl::StatusOr<RecordLayout> context = RecordLayout::Parse(
      block.context_size, {block.context_fields, block.context_field_count});
  if (!context.ok()) return context.status();
  layout.hub = *hub;
  layout.green = *green;
  layout.context = *context;
  return layout;
}

}  // namespace hubspy

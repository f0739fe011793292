#include "symbolize/dwp_index.h"

#include <cstring>

namespace hubspy {
namespace {

constexpr uint64_t kHeaderSize = 16;
// Of sections there are eight kinds; a bound for the products below.
constexpr uint32_t kMaxColumns = 64;
// A third of the slots is free, by which searches stay short; a bound for what
// a table without free ones can cost.
constexpr uint32_t kMaxTries = 1024;

bool IsPowerOfTwo(uint32_t n) { return n != 0 && (n & (n - 1)) == 0; }

}  // namespace

DwpIndex::DwpIndex(absl::string_view section) : section_(section) {
  if (section.size() < kHeaderSize) return;
  // Version 2 is four bytes wide, version 5 two, with two of padding.
  version_ = Word(0) & 0xffff;
  const uint32_t columns = Word(4), units = Word(8), slots = Word(12);
  if ((version_ != 2 && version_ != 5) || columns == 0 ||
      columns > kMaxColumns || !IsPowerOfTwo(slots)) {
    return;
  }
  rows_ = kHeaderSize + uint64_t{8} * slots;
  headings_ = rows_ + uint64_t{4} * slots;
  offsets_ = headings_ + uint64_t{4} * columns;
  sizes_ = offsets_ + uint64_t{4} * columns * units;
  if (sizes_ + uint64_t{4} * columns * units > section.size()) return;
  columns_ = columns;
  units_ = units;
  slots_ = slots;
}

uint32_t DwpIndex::Word(uint64_t offset) const {
  uint32_t word;
  std::memcpy(&word, section_.data() + offset, sizeof(word));
  return word;
}

uint64_t DwpIndex::LongWord(uint64_t offset) const {
  uint64_t word;
  std::memcpy(&word, section_.data() + offset, sizeof(word));
  return word;
}

std::optional<DebugSection> DwpIndex::Column(uint32_t column) const {
  switch (Word(headings_ + uint64_t{4} * column)) {
    case 1:
      return DebugSection::kInfo;
    case 2:
      if (version_ == 2) return DebugSection::kTypes;
      return std::nullopt;
    case 3:
      return DebugSection::kAbbrev;
    case 6:
      return DebugSection::kStrOffsets;
    case 8:
      if (version_ == 5) return DebugSection::kRnglists;
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

std::optional<DwpIndex::Row> DwpIndex::Find(uint64_t id) const {
  if (slots_ == 0) return std::nullopt;
  const uint32_t mask = slots_ - 1;
  const auto step = static_cast<uint32_t>(id >> 32 & mask) | 1;
  auto slot = static_cast<uint32_t>(id & mask);
  for (uint32_t tries = 0; tries < kMaxTries; ++tries) {
    const uint32_t row = Word(rows_ + uint64_t{4} * slot);
    if (row == 0) return std::nullopt;  // rows are counted from 1
    if (LongWord(kHeaderSize + uint64_t{8} * slot) == id) {
      if (row > units_) return std::nullopt;
      return ReadRow(row - 1);
    }
    slot = (slot + step) & mask;
  }
  return std::nullopt;
}

DwpIndex::Row DwpIndex::ReadRow(uint32_t number) const {
  const uint64_t cells = uint64_t{4} * columns_ * number;
  Row row;
  for (uint32_t column = 0; column < columns_; ++column) {
    const std::optional<DebugSection> section = Column(column);
    if (!section) continue;
    const uint64_t cell = cells + uint64_t{4} * column;
    row.push_back({*section, Word(offsets_ + cell), Word(sizes_ + cell)});
  }
  return row;
}

}  // namespace hubspy

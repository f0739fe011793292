#include "symbolize/dwp_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace hubspy {
namespace {

using ::testing::ElementsAre;
using ::testing::FieldsAre;

void Put(std::string& to, uint64_t value, int size) {
  for (int i = 0; i < size; ++i)
    to.push_back(static_cast<char>(value >> 8 * i));
}

struct Unit {
  uint64_t id = 0;
  uint32_t slot = 0;
  std::vector<uint32_t> offsets;
  std::vector<uint32_t> sizes;
};

// As DWARF 5, section 7.3.5.3, lays it out.
std::string Index(uint32_t version, uint32_t slots,
                  const std::vector<uint32_t>& columns,
                  const std::vector<Unit>& units) {
  std::string bytes;
  Put(bytes, version, 4);
  Put(bytes, columns.size(), 4);
  Put(bytes, units.size(), 4);
  Put(bytes, slots, 4);
  std::vector<uint64_t> ids(slots), rows(slots);
  for (size_t i = 0; i < units.size(); ++i) {
    ids[units[i].slot] = units[i].id;
    rows[units[i].slot] = i + 1;
  }
  for (const uint64_t id : ids) Put(bytes, id, 8);
  for (const uint64_t row : rows) Put(bytes, row, 4);
  for (const uint32_t column : columns) Put(bytes, column, 4);
  for (const Unit& unit : units)
    for (const uint32_t offset : unit.offsets) Put(bytes, offset, 4);
  for (const Unit& unit : units)
    for (const uint32_t size : unit.sizes) Put(bytes, size, 4);
  return bytes;
}

// Of four slots the first search of both ids is at slot 2; the second goes on
// by (id >> 32 & 3) | 1.
constexpr uint64_t kFirst = 0x0000000000000012;
constexpr uint64_t kSecond = 0x0000000200000016;

std::string TwoUnits(uint32_t version) {
  return Index(version, 4, {1, 3, 4, 6, 8},
               {{kFirst, 2, {0, 1, 2, 3, 4}, {10, 11, 12, 13, 14}},
                {kSecond, 1, {20, 21, 22, 23, 24}, {30, 31, 32, 33, 34}}});
}

TEST(DwpIndex, FindsTheSectionsOfAUnit) {
  const std::string bytes = TwoUnits(5);
  const DwpIndex index(bytes);
  EXPECT_EQ(index.units(), 2u);
  EXPECT_THAT(*index.Find(kFirst),
              ElementsAre(FieldsAre(DebugSection::kInfo, 0, 10),
                          FieldsAre(DebugSection::kAbbrev, 1, 11),
                          FieldsAre(DebugSection::kStrOffsets, 3, 13),
                          FieldsAre(DebugSection::kRnglists, 4, 14)));
}

TEST(DwpIndex, SearchesOnWhereASlotIsTaken) {
  const std::string bytes = TwoUnits(5);
  const DwpIndex index(bytes);
  ASSERT_TRUE(index.Find(kSecond).has_value());
  EXPECT_EQ(index.Find(kSecond)->front().offset, 20u);
  EXPECT_FALSE(index.Find(0x1a).has_value());
}

TEST(DwpIndex, ReadsVersion2WithItsOwnNumbersOfSections) {
  const std::string bytes = Index(2, 2, {2, 8}, {{kFirst, 0, {1, 2}, {3, 4}}});
  EXPECT_THAT(*DwpIndex(bytes).Find(kFirst),
              ElementsAre(FieldsAre(DebugSection::kTypes, 1, 3)));
}

TEST(DwpIndex, IsEmptyWhereItsTablesReachBeyondTheSection) {
  const std::string bytes = TwoUnits(5);
  for (size_t size = 0; size < bytes.size(); ++size) {
    const DwpIndex index(absl::string_view(bytes).substr(0, size));
    EXPECT_EQ(index.units(), 0u) << size;
    EXPECT_FALSE(index.Find(kFirst).has_value()) << size;
  }
}

TEST(DwpIndex, IsEmptyForCountsThatMakeNoSense) {
  for (const size_t field : {0, 4, 8, 12}) {
    std::string bytes = TwoUnits(5);
    bytes.replace(field, 4, "\xff\xff\xff\xff");
    EXPECT_FALSE(DwpIndex(bytes).Find(kFirst).has_value()) << field;
  }
}

TEST(DwpIndex, FindsNothingInARowThatIsNotThere) {
  std::string bytes = TwoUnits(5);
  const size_t rows = 16 + 4 * 8;
  bytes.replace(rows + 2 * 4, 4, "\3\0\0\0", 4);
  EXPECT_FALSE(DwpIndex(bytes).Find(kFirst).has_value());
}

TEST(DwpIndex, EndsItsSearchInATableWithoutFreeSlots) {
  std::vector<Unit> units;
  for (uint32_t slot = 0; slot < 4; ++slot)
    units.push_back({slot, slot, {0}, {0}});
  const std::string bytes = Index(5, 4, {1}, units);
  EXPECT_FALSE(DwpIndex(bytes).Find(0x1234567800000000).has_value());
}

}  // namespace
}  // namespace hubspy

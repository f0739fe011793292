#include "symbolize/perf_map.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "symbolize/demangle.h"

namespace hubspy {
namespace {

PerfMap MapOf(absl::string_view text) {
  PerfMap map("perf-7.map");
  map.Append(text);
  return map;
}

std::string At(const PerfMap& map, uint64_t address) {
  return std::string(map.Find(Address(address)));
}

TEST(PerfMap, NamesEveryByteOfACodeAndNoneBesideIt) {
  const PerfMap map = MapOf("3f00 20 JS:*Tick /app/@x/tick.js:4:14\n");
  EXPECT_EQ(At(map, 0x3eff), "");
  EXPECT_EQ(At(map, 0x3f00), "JS:*Tick /app/@x/tick.js:4:14");
  EXPECT_EQ(At(map, 0x3f1f), "JS:*Tick /app/@x/tick.js:4:14");
  EXPECT_EQ(At(map, 0x3f20), "");
  EXPECT_EQ(At(PerfMap(), 0x3f00), "");
}

TEST(PerfMap, TellsHowFarACodeReaches) {
  const PerfMap map = MapOf("100 20 old\n110 8 new\n");
  const auto range = [&](uint64_t address) {
    return map.FindRange(Address(address));
  };
  EXPECT_EQ(range(0x10f), (AddressRange{Address(0x100), Address(0x110)}));
  EXPECT_EQ(range(0x110), (AddressRange{Address(0x110), Address(0x118)}));
  EXPECT_EQ(range(0x11f), (AddressRange{Address(0x118), Address(0x120)}));
  EXPECT_EQ(range(0x120), std::nullopt);
  EXPECT_EQ(range(0xff), std::nullopt);
}

TEST(PerfMap, TakesNumbersAsDifferentJitsWriteThem) {
  const PerfMap map = MapOf("00007F0000001000 0010 upper\n0x20 0x10 marked\n");
  EXPECT_EQ(At(map, 0x7f0000001008), "upper");
  EXPECT_EQ(At(map, 0x28), "marked");
}

TEST(PerfMap, ALaterLineReplacesAnEarlierOneAtItsAddresses) {
  const PerfMap same = MapOf("100 10 old\n100 10 new\n");
  EXPECT_EQ(At(same, 0x108), "new");
  const PerfMap over = MapOf("100 10 a\n110 10 b\n120 10 c\n108 20 new\n");
  EXPECT_EQ(At(over, 0x107), "a");
  EXPECT_EQ(At(over, 0x108), "new");
  EXPECT_EQ(At(over, 0x118), "new");
  EXPECT_EQ(At(over, 0x127), "new");
  EXPECT_EQ(At(over, 0x128), "c");
  EXPECT_EQ(At(over, 0x130), "");
}

TEST(PerfMap, ALineInsideAnEarlierOneLeavesBothItsEnds) {
  const PerfMap map = MapOf("100 30 outer\n110 10 inner\n");
  EXPECT_EQ(At(map, 0x10f), "outer");
  EXPECT_EQ(At(map, 0x110), "inner");
  EXPECT_EQ(At(map, 0x11f), "inner");
  EXPECT_EQ(At(map, 0x120), "outer");
  EXPECT_EQ(At(map, 0x12f), "outer");
  EXPECT_EQ(At(map, 0x130), "");
}

TEST(PerfMap, ALineCountsOnceItIsWhole) {
  PerfMap map("perf-7.map");
  map.Append("100 1");
  EXPECT_EQ(At(map, 0x100), "");
  map.Append("0 ti");
  map.Append("ck");
  EXPECT_EQ(At(map, 0x100), "");
  map.Append("\n200 10 tock\n300");
  EXPECT_EQ(At(map, 0x10f), "tick");
  EXPECT_EQ(At(map, 0x200), "tock");
}

TEST(PerfMap, LeavesOutWhatMakesNoSense) {
  const PerfMap map = MapOf(
      "\n \n100\n100 \n100 10\n100 10 \n-100 10 minus\n100 -10 minus\n"
      "100 0 empty\nxyz 10 words\n100 xyz words\n"
      "11111111111111111 10 wide\nfffffffffffffff0 11 wraps\n"
      "\x80\xff 10 bytes\n400 10 good\n");
  for (const uint64_t address :
       {uint64_t{0}, uint64_t{0x100}, ~uint64_t{0xf}, ~uint64_t{0}}) {
    EXPECT_EQ(At(map, address), "") << address;
  }
  EXPECT_EQ(At(map, 0x400), "good");
}

TEST(PerfMap, ReachesAsFarAsAddressesDo) {
  const PerfMap map = MapOf("0 ffffffffffffffff all\n10 1 one\n");
  EXPECT_EQ(At(map, 0), "all");
  EXPECT_EQ(At(map, 0x10), "one");
  EXPECT_EQ(At(map, ~uint64_t{1}), "all");
}

TEST(PerfMap, KeepsNamesAsTheyAreAndCutsLongOnes) {
  const PerfMap map =
      MapOf(absl::StrCat("100 10  a  b\x1b[1m\n200 10 ",
                         std::string(kMaxDemangledSize + 1, 'n'), "\n"));
  EXPECT_EQ(At(map, 0x100), "a  b\x1b[1m");
  EXPECT_EQ(At(map, 0x200).size(), kMaxDemangledSize);
}

}  // namespace
}  // namespace hubspy

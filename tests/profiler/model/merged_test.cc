#include "model/merged.h"

#include <gtest/gtest.h>

#include "support/time_units.h"

namespace hubspy {
namespace {

Profile TwoLinesOfAFunction() {
  Profile profile;
  profile.frames = {{.function = "F", .line = 1, .address = Address(0x10)},
                    {.function = "F", .line = 1, .address = Address(0x20)},
                    {.function = "G", .line = 2}};
  profile.samples = {{.tid = 7, .frames = {0}, .count = 3},
                     {.tid = 7, .frames = {1}, .count = 4},
                     {.tid = 8, .frames = {1}, .count = 5},
                     {.tid = 7, .frames = {2, 0}, .count = 0}};
  profile.lanes = {{7,
                    0,
                    {{0, 0, 30 * kMs, 3},
                     {1, 30 * kMs, 70 * kMs, 4},
                     {3, 70 * kMs, 80 * kMs, 1}}},
                   {8, 0, {{2, 0, 50 * kMs, 5}}}};
  return profile;
}

TEST(Merged, MakesOneOfWhatIsEqual) {
  const Profile merged = Merged(TwoLinesOfAFunction());
  ASSERT_EQ(merged.frames.size(), 1u);
  EXPECT_EQ(merged.frames[0].function, "F");
  ASSERT_EQ(merged.samples.size(), 2u);
  EXPECT_EQ(merged.samples[0].count, 7);
  EXPECT_EQ(merged.samples[1].count, 5);
  EXPECT_EQ(merged.samples[1].tid, 8);
}

TEST(Merged, JoinsTheTimesOfWhatIsOneNow) {
  const Profile merged = Merged(TwoLinesOfAFunction());
  ASSERT_EQ(merged.lanes.size(), 2u);
  EXPECT_EQ(merged.lanes[0].spans,
            (std::vector<Profile::Lane::Span>{{0, 0, 70 * kMs, 7}}));
  EXPECT_EQ(merged.lanes[1].spans,
            (std::vector<Profile::Lane::Span>{{1, 0, 50 * kMs, 5}}));
}

TEST(Merged, LeavesWhatIsDistinctAsItIs) {
  const Profile merged = Merged(TwoLinesOfAFunction());
  EXPECT_EQ(Merged(merged), merged);
}

}  // namespace
}  // namespace hubspy

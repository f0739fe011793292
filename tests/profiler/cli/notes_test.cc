#include "cli/notes.h"

#include "gtest/gtest.h"

namespace hubspy {
namespace {

TEST(MostRateNote, SaysWhatIsDoneInstead) {
  EXPECT_EQ(MostRateNote(100, 100), "");
  EXPECT_EQ(MostRateNote(50'000, 10'000),
            "Sampling 10000 times a second instead of 50000: more often would "
            "mostly be late.");
}

TEST(RateLoweredNote, SaysWhatCannotBeHeldAndWhy) {
  EXPECT_EQ(RateLoweredNote(
                {.from_hz = 10'000, .to_hz = 2300, .look_ns = 210'000}, 800),
            "Sampling 2300 times a second instead of 10000: one look at the "
            "800 threads of this process takes 210 us.");
  EXPECT_EQ(
      RateLoweredNote({.from_hz = 100, .to_hz = 8.9, .look_ns = 56'000'000}, 1),
      "Sampling 8.9 times a second instead of 100: one look at this process "
      "takes 56 ms.");
}

}  // namespace
}  // namespace hubspy

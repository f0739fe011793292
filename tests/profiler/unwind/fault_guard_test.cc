#include "unwind/fault_guard.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

namespace hubspy {
namespace {

TEST(FaultGuard, BodyThatReadsWellIsDone) {
  int value = 0;
  EXPECT_TRUE(RunGuarded([&] { value = 7; }));
  EXPECT_EQ(value, 7);
}

TEST(FaultGuard, UnmappedMemoryIsSurvivedAgainAndAgain) {
  const auto* const page = static_cast<const volatile char*>(
      mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(RunGuarded([&] { (void)*page; }));
  }
}

TEST(FaultGuard, TruncatedFileIsSurvived) {
  std::FILE* const file = std::tmpfile();
  ASSERT_EQ(ftruncate(fileno(file), 4096), 0);
  const auto* const page = static_cast<const volatile char*>(
      mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE, fileno(file), 0));
  EXPECT_TRUE(RunGuarded([&] { (void)*page; }));
  ASSERT_EQ(ftruncate(fileno(file), 0), 0);
  EXPECT_FALSE(RunGuarded([&] { (void)*page; }));
  std::fclose(file);
}

TEST(FaultGuard, AbandonedBodyGoesNoFurther) {
  bool further = false;
  EXPECT_FALSE(RunGuarded([&] {
    AbandonGuarded();
    further = true;
  }));
  EXPECT_FALSE(further);
}

TEST(FaultGuard, OuterBodyGoesOnAfterAnInnerFault) {
  bool went_on = false;
  EXPECT_TRUE(RunGuarded([&] {
    EXPECT_FALSE(RunGuarded([] { AbandonGuarded(); }));
    went_on = true;
  }));
  EXPECT_TRUE(went_on);
}

}  // namespace
}  // namespace hubspy

// A copy of a stack, as libunwind reads it.
#include "unwind/stack_window.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "gtest/gtest.h"

namespace hubspy {
namespace {

constexpr Address kCopiedFrom(0x7ffd'1234'5000);

MemoryCopy CopyOfWords(const std::vector<uint64_t>& words) {
  MemoryCopy stack{.begin = kCopiedFrom};
  stack.bytes.resize(words.size() * sizeof(uint64_t));
  std::memcpy(stack.bytes.data(), words.data(), stack.bytes.size());
  return stack;
}

Registers SpOfTheCopy() {
  return Registers::FromPcAndSp(Address(1), kCopiedFrom);
}

// Word `i` of the copy, as who reads it through our pointers gets it.
uint64_t WordHere(const StackWindow& window, size_t i) {
  uint64_t word = 0;
  std::memcpy(&word,
              reinterpret_cast<const std::byte*>(
                  window.ToLocal(SpOfTheCopy(), Reg::kSp)) +
                  i * sizeof word,
              sizeof word);
  return word;
}

std::optional<uint64_t> WordThere(const StackWindow& window, size_t i) {
  const StackWindow::Value value =
      window.ToTarget(SpOfTheCopy(), WordHere(window, i));
  EXPECT_FALSE(value.made_from);
  return value.target;
}

TEST(StackWindow, WordsComeBackAsTheyWere) {
  const std::vector<uint64_t> words = {0,
                                       0x1234,
                                       kCopiedFrom.value() + 16,
                                       ~uint64_t{0},
                                       uint64_t{1} << 62,
                                       0x5555'5555'0000};
  const StackWindow window(CopyOfWords(words));
  for (size_t i = 0; i < words.size(); ++i) {
    EXPECT_EQ(WordThere(window, i), words[i]) << i;
  }
  EXPECT_NE(WordHere(window, 2), words[2]) << "it points into the copy";
}

TEST(StackWindow, AWordThatByChanceIsAnAddressOfOursIsTheTargets) {
  std::vector<uint64_t> ours(4);
  {
    const StackWindow window(CopyOfWords(ours));
    const uint64_t stand_in = window.ToLocal(SpOfTheCopy(), Reg::kFp);
    const uint64_t copy = window.ToLocal(SpOfTheCopy(), Reg::kSp);
    ours = {stand_in, stand_in + 8, copy, copy + 8};
  }
  const StackWindow window(CopyOfWords(ours));
  ASSERT_EQ(window.ToLocal(SpOfTheCopy(), Reg::kSp), ours[2])
      << "another place";
  for (size_t i = 0; i < ours.size(); ++i) {
    EXPECT_EQ(WordThere(window, i), ours[i]) << i;
  }
}

TEST(StackWindow, WhatIsNotKnownTellsWhatItWasMadeFrom) {
  const StackWindow window(CopyOfWords({1, 2}));
  const StackWindow::Value value = window.ToTarget(
      SpOfTheCopy(), window.ToLocal(SpOfTheCopy(), Reg::kFp) + 16);
  EXPECT_FALSE(value.target);
  EXPECT_EQ(value.made_from, Reg::kFp);
}

}  // namespace
}  // namespace hubspy

// Code that no file holds, as a JIT compiler makes it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>
#include <vector>

#include "unwind/unwinder.h"

namespace hubspy {
namespace {

using ::testing::ElementsAre;

constexpr uint64_t kCode = 0x500000;
constexpr uint64_t kCodeSize = 0x3000;
constexpr uint64_t kStack = 0x10000;
// Offsets into the code.
constexpr uint64_t kAfterCall = 0x09;
constexpr uint64_t kCallee = 0x20;
constexpr uint64_t kCalleesBody = 0x24;
constexpr uint64_t kCalleesReturn = 0x28;
constexpr uint64_t kCalleesFrame = 24;
constexpr uint64_t kRoot = 0x41;  // as Go's goexit: ends the stack
constexpr uint64_t kSecondPage = 0x1000;

class CodeInMemoryTest : public testing::Test {
 protected:
  CodeInMemoryTest() {
    modules_.Update({{.range = {Address(kCode), Address(kCode + kCodeSize)},
                      .readable = true,
                      .executable = true}},
                    {});
    Write(0x00, {0x55});                          // push %rbp
    Write(0x01, {0x48, 0x89, 0xe5});              // mov %rsp, %rbp
    Write(0x04, {0xe8, 0x17, 0x00, 0x00, 0x00});  // call kCallee
    Write(0x09, {0x5d, 0xc3});                    // pop %rbp; ret
    WriteCallee(kCallee, kCalleesFrame);
    Write(0x40, {0x90, 0xe8, 0xda, 0xff, 0xff, 0xff, 0x90});
  }

  void Write(uint64_t offset, std::vector<uint8_t> bytes) {
    std::memcpy(code_.data() + offset, bytes.data(), bytes.size());
  }
  void WriteCallee(uint64_t offset, uint8_t frame) {
    Write(offset, {0x48, 0x83, 0xec, frame});      // sub $frame, %rsp
    Write(offset + 4, {0x48, 0x83, 0xc4, frame});  // add $frame, %rsp
    Write(offset + 8, {0xc3});                     // ret
  }

  // The frames of a thread at `pc` in the callee, which has moved rsp by
  // `moved`; what it has there looks like no return address.
  Stack UnwindCallee(uint64_t pc, uint64_t moved) {
    std::vector<uint64_t> words(moved / 8, 7);
    words.insert(words.end(), {kCode + kAfterCall, 0, kCode + kRoot, 7, 7, 7});
    return UnwindWords(kCode + pc, words);
  }
  Stack UnwindWords(uint64_t pc, const std::vector<uint64_t>& words) {
    MemoryCopy stack{.begin = Address(kStack),
                     .bytes = std::vector<std::byte>(words.size() * 8)};
    std::memcpy(stack.bytes.data(), words.data(), stack.bytes.size());
    return unwinder_.Unwind(
        Registers::FromPcAndSp(Address(pc), Address(kStack)), stack);
  }

  size_t Read(Address from, absl::Span<std::byte> into) {
    ++reads_;
    EXPECT_GE(from, Address(kCode)) << "nothing executable is there";
    EXPECT_LT(from, Address(kCode + kCodeSize));
    const uint64_t offset = from - Address(kCode);
    const size_t size = std::min<uint64_t>(into.size(), kCodeSize - offset);
    std::memcpy(into.data(), code_.data() + offset, size);
    return size;
  }

  std::vector<uint8_t> code_ = std::vector<uint8_t>(kCodeSize, 0xcc);
  int reads_ = 0;
  ModuleMap modules_;
  Unwinder unwinder_{modules_,
                     [this](Address from, absl::Span<std::byte> into) {
                       return Read(from, into);
                     }};
};

std::vector<uint64_t> Offsets(const Stack& stack) {
  std::vector<uint64_t> offsets;
  for (const CodeAddress frame : stack.frames) {
    offsets.push_back(frame.address().value() - kCode);
  }
  return offsets;
}

TEST_F(CodeInMemoryTest, IsFollowedAtItsFirstAndLastInstructions) {
  for (const auto& [pc, moved] : {std::pair{kCallee, uint64_t{0}},
                                  {kCalleesBody, kCalleesFrame},
                                  {kCalleesReturn, uint64_t{0}}}) {
    const Stack stack = UnwindCallee(pc, moved);
    EXPECT_THAT(Offsets(stack), ElementsAre(pc, kAfterCall, kRoot));
    EXPECT_EQ(stack.end, StackEnd::kComplete);
  }
}

TEST_F(CodeInMemoryTest, WithoutASourceItIsNotKnown) {
  Unwinder unwinder(modules_);
  const Stack stack = unwinder.Unwind(
      Registers::FromPcAndSp(Address(kCode + kCallee), Address(kStack)),
      {.begin = Address(kStack), .bytes = std::vector<std::byte>(64)});
  EXPECT_THAT(Offsets(stack), ElementsAre(kCallee));
  EXPECT_EQ(stack.end, StackEnd::kUnreadableMemory);
}

TEST_F(CodeInMemoryTest, ReturnAddressThatFollowsNoCallIsNotBelieved) {
  const Stack stack =
      UnwindWords(kCode + kCallee, {kCode + kAfterCall + 1, 0, 0, 0});
  EXPECT_THAT(Offsets(stack), ElementsAre(kCallee));
}

TEST_F(CodeInMemoryTest, IsReadOnceForManyLooks) {
  for (int i = 0; i < 500; ++i) UnwindCallee(kCalleesBody, kCalleesFrame);
  EXPECT_EQ(reads_, 1);
}

TEST_F(CodeInMemoryTest, OtherCodeInItsPlaceIsNoticed) {
  UnwindCallee(kCalleesBody, kCalleesFrame);
  WriteCallee(kCallee, kCalleesFrame + 16);
  const Stack stack = UnwindCallee(kCalleesBody, kCalleesFrame + 16);
  EXPECT_THAT(Offsets(stack), ElementsAre(kCalleesBody, kAfterCall, kRoot));
  EXPECT_EQ(stack.end, StackEnd::kComplete);
}

TEST_F(CodeInMemoryTest, CallMadeSinceInAKnownPageIsNoticed) {
  UnwindCallee(kCalleesBody, kCalleesFrame);
  constexpr uint64_t kNewCall = 0x80;
  Write(kNewCall, {0xff, 0xd0, 0x5d, 0xc3});  // call *%rax; pop %rbp; ret
  const Stack stack = UnwindWords(
      kCode + kCallee, {kCode + kNewCall + 2, 0, kCode + kRoot, 7, 7, 7});
  EXPECT_THAT(Offsets(stack), ElementsAre(kCallee, kNewCall + 2, kRoot));
}

TEST_F(CodeInMemoryTest, MayCrossAPage) {
  constexpr uint64_t kAtTheEdge = kSecondPage - 6;
  WriteCallee(kAtTheEdge, kCalleesFrame);
  const Stack stack = UnwindCallee(kAtTheEdge, 0);
  EXPECT_THAT(Offsets(stack), ElementsAre(kAtTheEdge, kAfterCall, kRoot));
}

// As of a Go function all of whose ways out lead through a switch.
TEST_F(CodeInMemoryTest, IsFollowedThroughAJumpTable) {
  constexpr uint64_t kSwitch = 0x100;
  constexpr uint64_t kCases[] = {kSwitch, 0x140, kCallee};
  Write(kSwitch, {0x4c, 0x8d, 0x1d, 0x79, 0, 0, 0});  // lea table(%rip), %r11
  Write(kSwitch + 7, {0x43, 0xff, 0x24, 0xd3});       // jmp *(%r11, %r10, 8)
  for (size_t i = 0; i < std::size(kCases); ++i) {
    const uint64_t address = kCode + kCases[i];
    std::memcpy(code_.data() + 0x180 + i * 8, &address, sizeof address);
  }
  Write(0x140, {0x48, 0x83, 0xc4, kCalleesFrame, 0xc3});  // add; ret
  const Stack stack = UnwindCallee(kSwitch, kCalleesFrame);
  EXPECT_THAT(Offsets(stack), ElementsAre(kSwitch, kAfterCall, kRoot));
  EXPECT_EQ(stack.end, StackEnd::kComplete);
}

// vgf2p8affineqb, from registers and from memory.
TEST_F(CodeInMemoryTest, IsFollowedOverVectorInstructionsThatCapstoneLacks) {
  constexpr uint64_t kVectors = 0x200;
  Write(kVectors, {0x62, 0xf3, 0xed, 0x48, 0xce, 0xd9, 0x00});
  Write(kVectors + 7,
        {0x62, 0xf3, 0xed, 0x48, 0xce, 0x1d, 0x00, 0x10, 0, 0, 0});
  Write(kVectors + 18, {0x62, 0xf2, 0x6d, 0x48, 0x75, 0x5c, 0xc4, 0x01, 0xc3});
  const Stack stack = UnwindCallee(kVectors, 0);
  EXPECT_THAT(Offsets(stack), ElementsAre(kVectors, kAfterCall, kRoot));
}

// The first instruction of all may be a call, with nothing readable before.
TEST_F(CodeInMemoryTest, MayBeginWithACall) {
  Write(0, {0xff, 0xd0, 0x5d, 0xc3});  // call *%rax; pop %rbp; ret
  const Stack stack =
      UnwindWords(kCode + kCallee, {kCode + 2, 0, kCode + kRoot, 7, 7, 7});
  EXPECT_THAT(Offsets(stack), ElementsAre(kCallee, 2, kRoot));
}

}  // namespace
}  // namespace hubspy

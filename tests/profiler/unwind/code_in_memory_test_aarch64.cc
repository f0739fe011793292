// Code that no file holds, as a JIT compiler makes it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
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
constexpr uint64_t kAfterCall = 0x0c;
constexpr uint64_t kCallee = 0x20;
constexpr uint64_t kCalleesBody = 0x28;
constexpr uint64_t kCalleesReturn = 0x30;
constexpr uint64_t kRoot = 0x44;  // as Go's goexit: ends the stack

class CodeInMemoryTest : public testing::Test {
 protected:
  CodeInMemoryTest() {
    modules_.Update({{.range = {Address(kCode), Address(kCode + kCodeSize)},
                      .readable = true,
                      .executable = true}},
                    {});
    Write(0x00, {0xa9bf7bfd,    // stp x29, x30, [sp, #-16]!
                 0x910003fd,    // mov x29, sp
                 0x94000006,    // bl kCallee
                 0xa8c17bfd,    // ldp x29, x30, [sp], #16
                 0xd65f03c0});  // ret
    WriteCallee(kCallee, 32);
    Write(0x40, {0xaa0003e0,    // mov x0, x0
                 0x97fffff7});  // bl kCallee
  }

  void Write(uint64_t offset, std::vector<uint32_t> words) {
    std::memcpy(code_.data() + offset, words.data(), words.size() * 4);
  }
  void WriteCallee(uint64_t offset, uint32_t frame) {
    Write(offset, {0xd10003ff | frame << 10,  // sub sp, sp, #frame
                   0xf90003fe,                // str x30, [sp]
                   0xf94003fe,                // ldr x30, [sp]
                   0x910003ff | frame << 10,  // add sp, sp, #frame
                   0xd65f03c0});              // ret
  }

  // The frames of a thread at `pc` in the callee, with its return address in
  // the link register or, in a frame of `frame` bytes, on the stack.
  Stack UnwindCallee(uint64_t pc, uint64_t frame, uint64_t link) {
    std::vector<uint64_t> words(frame / 8, 7);
    if (frame > 0) words[0] = kCode + kAfterCall;
    words.insert(words.end(), {0, kCode + kRoot, 7, 7, 7});
    return UnwindWords(kCode + pc, link, words);
  }
  Stack UnwindWords(uint64_t pc, uint64_t link,
                    const std::vector<uint64_t>& words) {
    MemoryCopy stack{.begin = Address(kStack),
                     .bytes = std::vector<std::byte>(words.size() * 8)};
    std::memcpy(stack.bytes.data(), words.data(), stack.bytes.size());
    Registers registers = Registers::FromPcAndSp(Address(pc), Address(kStack));
    registers.Set(Reg::kLr, link);
    return unwinder_.Unwind(registers, stack);
  }

  size_t Read(Address from, absl::Span<std::byte> into) {
    EXPECT_GE(from, Address(kCode)) << "nothing executable is there";
    EXPECT_LT(from, Address(kCode + kCodeSize));
    const uint64_t offset = from - Address(kCode);
    const size_t size = std::min<uint64_t>(into.size(), kCodeSize - offset);
    std::memcpy(into.data(), code_.data() + offset, size);
    return size;
  }

  std::vector<uint8_t> code_ = std::vector<uint8_t>(kCodeSize);
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
  for (const auto& [pc, frame] : {std::pair{kCallee, uint64_t{0}},
                                  {kCalleesBody, uint64_t{32}},
                                  {kCalleesReturn, uint64_t{0}}}) {
    const Stack stack = UnwindCallee(pc, frame, kCode + kAfterCall);
    EXPECT_THAT(Offsets(stack), ElementsAre(pc, kAfterCall, kRoot));
    EXPECT_EQ(stack.end, StackEnd::kComplete);
  }
}

// It was another call's.
TEST_F(CodeInMemoryTest, LinkRegisterOfAFunctionThatHasSavedItIsNotAsked) {
  const Stack stack = UnwindCallee(kCalleesBody, 32, 3);
  EXPECT_THAT(Offsets(stack), ElementsAre(kCalleesBody, kAfterCall, kRoot));
}

TEST_F(CodeInMemoryTest, SignedReturnAddressIsStripped) {
  const Stack stack =
      UnwindCallee(kCallee, 0, 0x0035'0000'0000'0000 | (kCode + kAfterCall));
  EXPECT_THAT(Offsets(stack), ElementsAre(kCallee, kAfterCall, kRoot));
}

TEST_F(CodeInMemoryTest, ReturnAddressThatFollowsNoCallIsNotBelieved) {
  const Stack stack = UnwindCallee(kCallee, 0, kCode + kAfterCall + 4);
  EXPECT_THAT(Offsets(stack), ElementsAre(kCallee));
}

}  // namespace
}  // namespace hubspy

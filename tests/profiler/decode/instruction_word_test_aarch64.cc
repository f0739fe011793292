// Instructions read from their words, beside what Capstone says of them.
#include <array>
#include <cstring>
#include <random>

#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "decode/decoder.h"
#include "decode/instruction_text.h"
#include "decode/instruction_word.h"
#include "gtest/gtest.h"

namespace hubspy {
namespace {

using Kind = Instruction::Kind;

constexpr Address kAt(0xffff'8000'1234);

std::array<uint8_t, kInstructionWordBytes> BytesOf(uint32_t word) {
  std::array<uint8_t, kInstructionWordBytes> bytes;
  std::memcpy(bytes.data(), &word, sizeof word);
  return bytes;
}

std::optional<Instruction> Decoded(uint32_t word) {
  return Decode(BytesOf(word), kAt);
}

Kind KindOf(WordBranch::Kind kind) {
  switch (kind) {
    case WordBranch::Kind::kCall:
      return Kind::kCall;
    case WordBranch::Kind::kJump:
      return Kind::kJump;
    case WordBranch::Kind::kBranch:
      return Kind::kBranch;
  }
  return Kind::kOther;
}

bool IsBranch(Kind kind) {
  return kind == Kind::kCall || kind == Kind::kJump || kind == Kind::kBranch;
}

// Words of all kinds; every other one begins as branches do.
class Words {
 public:
  uint32_t Next() {
    constexpr std::array<uint8_t, 12> kBegins = {
        0x14, 0x17, 0x94, 0x97, 0x54, 0x34, 0xb5, 0x36, 0xb7, 0xd6, 0x90, 0xb0};
    const auto word = static_cast<uint32_t>(random_());
    if (word % 2 == 0) return static_cast<uint32_t>(random_());
    return word >> 8 | uint32_t{kBegins[word % kBegins.size()]} << 24;
  }

 private:
  std::mt19937 random_{8};
};

TEST(InstructionWord, BranchesAreCapstones) {
  Words words;
  int branches = 0;
  for (int i = 0; i < 200'000; ++i) {
    const uint32_t word = words.Next();
    const std::optional<Instruction> decoded = Decoded(word);
    if (!decoded) continue;
    const std::optional<WordBranch> branch = BranchOf(word, kAt);
    ASSERT_EQ(branch.has_value(), IsBranch(decoded->kind)) << std::hex << word;
    if (!branch) continue;
    ++branches;
    ASSERT_EQ(KindOf(branch->kind), decoded->kind) << std::hex << word;
    ASSERT_EQ(branch->target, decoded->target) << std::hex << word;
  }
  EXPECT_GT(branches, 50'000);
}

TEST(InstructionWord, BranchesThroughRegistersTellWhich) {
  for (uint32_t number = 0; number < 32; ++number) {
    for (const uint32_t form : {0xd61f'0000, 0xd63f'0000}) {  // br, blr
      const uint32_t word = form | number << 5;
      const auto branch = BranchOf(word, kAt);
      ASSERT_TRUE(branch);
      EXPECT_EQ(branch->through, number);
      EXPECT_FALSE(branch->target);
      ASSERT_TRUE(Decoded(word));
      EXPECT_EQ(Decoded(word)->kind, KindOf(branch->kind));
    }
  }
}

TEST(InstructionWord, PagesAreCapstones) {
  Words words;
  int pages = 0;
  for (int i = 0; i < 200'000; ++i) {
    const uint32_t word = words.Next();
    const auto page = AdrpOf(word, kAt);
    const auto described = Describe(BytesOf(word), kAt);
    ASSERT_EQ(page.has_value(),
              described && absl::StartsWith(described->text, "adrp "))
        << std::hex << word;
    if (!page) continue;
    ++pages;
    ASSERT_TRUE(absl::EndsWith(described->text,
                               absl::StrFormat(", #0x%x", page->page.value())))
        << described->text << ", not " << page->page.value();
  }
  EXPECT_GT(pages, 10'000);
}

// As GNU as assembles them.
TEST(InstructionWord, SumsAndLoads) {
  constexpr uint32_t kAdd = 0x913f'fe30;      // add x16, x17, #0xfff
  constexpr uint32_t kLoad = 0xf947'fe11;     // ldr x17, [x16, #0xff8]
  constexpr uint32_t kShifted = 0x9140'0610;  // add x16, x16, #1, lsl #12
  constexpr uint32_t kShort = 0xb940'0211;    // ldr w17, [x16]
  const auto sum = AddOf(kAdd);
  ASSERT_TRUE(sum);
  EXPECT_EQ(sum->to, 16u);
  EXPECT_EQ(sum->from, 17u);
  EXPECT_EQ(sum->offset, 0xfffu);
  const auto load = LoadOf(kLoad);
  ASSERT_TRUE(load);
  EXPECT_EQ(load->to, 17u);
  EXPECT_EQ(load->from, 16u);
  EXPECT_EQ(load->offset, 0xff8u);
  for (const uint32_t other : {kShifted, kShort, kLoad}) {
    EXPECT_FALSE(AddOf(other)) << std::hex << other;
  }
  for (const uint32_t other : {kShifted, kShort, kAdd}) {
    EXPECT_FALSE(LoadOf(other)) << std::hex << other;
  }
}

TEST(InstructionWord, HintsGoOn) {
  for (const uint32_t hint : {0xd503'201f,     // nop
                              0xd503'245f,     // bti c
                              0xd503'219f}) {  // autia1716
    EXPECT_TRUE(IsHint(hint)) << std::hex << hint;
  }
  EXPECT_FALSE(IsHint(0xd65f'03c0));  // ret
  EXPECT_FALSE(IsHint(0xd503'3fdf));  // isb
}

}  // namespace
}  // namespace hubspy

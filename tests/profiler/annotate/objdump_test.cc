// Against objdump: the same bytes are the same instructions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "annotate/annotate.h"
#include "support/child.h"

namespace hubspy {
namespace {

struct OracleInstruction {
  uint64_t address = 0;
  std::string text;
};
struct OracleFunction {
  std::string name;
  CodePiece code;
  std::vector<OracleInstruction> instructions;
};

// A function begins with "0000000000001190 <name>:", an instruction is
// "    1190:\t8b 07                \tmov    (%rdi),%eax".
std::vector<OracleFunction> Objdump(const std::string& file) {
  Child objdump = Child::Exec({"objdump", "-d", "-w", "-z", file});
  std::vector<OracleFunction> functions;
  while (const std::optional<std::string> line = objdump.NextLine()) {
    if (absl::EndsWith(*line, ">:")) {
      functions.push_back({.name = *line});
      continue;
    }
    const std::vector<std::string> columns = absl::StrSplit(*line, '\t');
    uint64_t address = 0;
    if (functions.empty() || columns.size() < 2 ||
        !absl::SimpleHexAtoi(
            absl::StripSuffix(absl::StripAsciiWhitespace(columns[0]), ":"),
            &address)) {
      continue;
    }
    OracleFunction& function = functions.back();
    if (function.instructions.empty()) function.code.begin = Address(address);
    function.instructions.push_back(
        {address, columns.size() > 2 ? columns[2] : "(bad)"});
    for (const absl::string_view byte :
         absl::StrSplit(columns[1], ' ', absl::SkipEmpty())) {
      uint32_t value = 0;
      EXPECT_TRUE(absl::SimpleHexAtoi(byte, &value)) << *line;
      function.code.bytes.push_back(static_cast<uint8_t>(value));
    }
  }
  return functions;
}

std::string LibcOfThisProcess() {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (absl::EndsWith(line, "/libc.so.6")) return line.substr(line.find('/'));
  }
  return "";
}

class AgainstObjdump : public testing::TestWithParam<std::string> {};

TEST_P(AgainstObjdump, InstructionsBeginAtTheSameAddresses) {
  const std::vector<OracleFunction> functions = Objdump(GetParam());
  EXPECT_GT(functions.size(), 10u);
  for (const OracleFunction& function : functions) {
    const Annotation ours = AnnotateCode({&function.code, 1}, {});
    for (size_t i = 0; i < function.instructions.size(); ++i) {
      const OracleInstruction& theirs = function.instructions[i];
      ASSERT_LT(i, ours.instructions.size()) << function.name;
      ASSERT_EQ(ours.instructions[i].address.value(), theirs.address)
          << function.name << ", behind " << ours.instructions[i - 1].text;
    }
    EXPECT_EQ(ours.instructions.size(), function.instructions.size());
  }
}

INSTANTIATE_TEST_SUITE_P(Of, AgainstObjdump,
                         testing::Values(SPIN_WAIT, LibcOfThisProcess()),
                         [](const auto& test) {
                           return test.index == 0 ? "SpinWait" : "Libc";
                         });

}  // namespace
}  // namespace hubspy

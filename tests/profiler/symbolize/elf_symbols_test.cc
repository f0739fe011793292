#include "symbolize/elf_symbols.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "profiler/symbolize/addr2line.h"
#include "profiler/symbolize/file_image.h"
#include "symbolize/elf_handles.h"

namespace hubspy {
namespace {

// See fixture/handmade.S.
class ElfSymbolsTest : public testing::Test {
 protected:
  ElfSymbolsTest()
      : file_(absl::StrCat(HUBSPY_SYMBOL_FIXTURES, "/libhandmade.so")),
        at_(SymbolAddresses(file_)),
        bytes_(ReadFile(file_)) {
    elf_version(EV_CURRENT);
    elf_.reset(elf_memory(bytes_.data(), bytes_.size()));
    symbols_.Add(elf_.get());
    symbols_.Sort();
  }

  absl::string_view At(const std::string& symbol, uint64_t offset) {
    return symbols_.Find(at_.at(symbol) + offset);
  }

  std::string file_;
  std::map<std::string, uint64_t> at_;
  std::string bytes_;
  ElfHandle elf_;
  ElfSymbols symbols_;
};

TEST_F(ElfSymbolsTest, AFunctionReachesAsFarAsItsSizeSays) {
  EXPECT_EQ(At("sized", 0), "sized");
  EXPECT_EQ(At("sized", 7), "sized");
  EXPECT_EQ(At("sized", 8), "") << "a gap that belongs to nobody";
}

TEST_F(ElfSymbolsTest, ALabelInAFunctionIsNoFunction) {
  EXPECT_EQ(At("label_in_sized", 0), "sized");
  EXPECT_EQ(At("label_in_sized", 1), "sized");
}

TEST_F(ElfSymbolsTest, AFunctionWithoutASizeReachesToTheNext) {
  EXPECT_EQ(At("sizeless", 0), "sizeless");
  EXPECT_EQ(At("sizeless", 3), "sizeless");
  EXPECT_EQ(At("sizeless", 4), "callable");
  EXPECT_EQ(At("last_of_all", 1), "last_of_all");
  EXPECT_EQ(At("last_of_all", 2), "") << "the section ends";
}

TEST_F(ElfSymbolsTest, OfSeveralNamesThePeoplesIsTaken) {
  EXPECT_EQ(At("__callable", 1), "callable");
  EXPECT_EQ(At("a_local_name", 1), "callable");
}

TEST_F(ElfSymbolsTest, DataAndMarksAreNoNames) {
  EXPECT_EQ(At("a_variable", 0), "");
  EXPECT_EQ(At("$x", 0), "sized");
}

}  // namespace
}  // namespace hubspy

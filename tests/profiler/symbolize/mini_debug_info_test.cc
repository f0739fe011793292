#include "symbolize/mini_debug_info.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "profiler/symbolize/addr2line.h"
#include "profiler/symbolize/file_image.h"
#include "profiler/symbolize/fixtures.h"
#include "symbolize/inflate.h"
#include "symbolize/symbolizer.h"

namespace hubspy {
namespace {

std::string NameAt(Symbolizer& symbolizer, const LoadedModule& module,
                   uint64_t address) {
  return symbolizer.Resolve(&module, CodeAddress::Exact(Address(address)))
      .back()
      .function;
}

// No debug file is found of an image that lies nowhere.
LoadedModule WithoutDebugFile(const std::string& path) {
  return Loaded(std::make_shared<FileImage>(
      ReadFile(path), FileImage::Paths{"/nowhere/lib.so", ""}));
}

TEST(MiniDebugInfo, GivesAStrippedImageTheNamesOfItsSymbolTable) {
  const LoadedModule whole = WithoutDebugFile(Fixture("symbols"));
  const LoadedModule mini = WithoutDebugFile(Fixture("mini"));
  const LoadedModule bare = WithoutDebugFile(Fixture("stripped"));
  Symbolizer symbolizer;
  int same = 0, saved = 0;
  for (const uint64_t address : AddressesOfFunctions(Fixture("dwarf5"))) {
    const std::string name = NameAt(symbolizer, mini, address);
    EXPECT_EQ(name, NameAt(symbolizer, whole, address))
        << "0x" << std::hex << address;
    ++same;
    if (name != NameAt(symbolizer, bare, address)) ++saved;
  }
  EXPECT_GT(same, 500);
  EXPECT_GT(saved, 500) << "the plainly stripped image knows them, too";
}

TEST(MiniDebugInfo, ADebugFileIsKnownBetter) {
  const LoadedModule module = Loaded(FileImage::Of(Fixture("mini")));
  Symbolizer symbolizer;
  const uint64_t run =
      SymbolAddresses(Fixture("dwarf5"))["_ZN3hub4Loop3RunEPFiiE"];
  const auto frames =
      symbolizer.Resolve(&module, CodeAddress::Exact(Address(run)));
  EXPECT_TRUE(absl::EndsWith(frames.back().file, "fixture.cc"));
}

std::string Xz(const std::string& what) {
  return Output(absl::StrCat(what, " | xz --format=xz"));
}

TEST(InflateXz, GivesBackWhatWasCompressed) {
  EXPECT_EQ(*InflateXz(Xz("printf hello"), 100), "hello");
  EXPECT_EQ(*InflateXz(Xz("head -c 1000000 /dev/zero"), 1'000'000),
            std::string(1'000'000, '\0'));
  EXPECT_EQ(*InflateXz(Xz("true"), 0), "");
}

TEST(InflateXz, StopsAtItsBound) {
  const std::string bomb = Xz("head -c 100000000 /dev/zero");
  EXPECT_LT(bomb.size(), 100'000u);
  EXPECT_TRUE(absl::IsResourceExhausted(InflateXz(bomb, 1'000'000).status()));
  EXPECT_TRUE(
      absl::IsResourceExhausted(InflateXz(Xz("printf hello"), 4).status()));
}

TEST(InflateXz, RefusesWhatIsBrokenOrNotAll) {
  std::string bytes = Xz("printf hello");
  EXPECT_TRUE(absl::IsDataLoss(InflateXz("", 100).status()));
  EXPECT_TRUE(absl::IsDataLoss(InflateXz("no xz at all", 100).status()));
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_TRUE(
        absl::IsDataLoss(InflateXz(bytes.substr(0, size), 100).status()))
        << size;
  }
  bytes[bytes.size() / 2] ^= 1;
  EXPECT_TRUE(absl::IsDataLoss(InflateXz(bytes, 100).status()));
}

}  // namespace
}  // namespace hubspy

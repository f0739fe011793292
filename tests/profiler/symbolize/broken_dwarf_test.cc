// Debug information is as hostile as the program it comes with.
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "profiler/symbolize/addr2line.h"
#include "profiler/symbolize/file_image.h"
#include "profiler/symbolize/fixtures.h"
#include "symbolize/symbolizer.h"

namespace hubspy {
namespace {

void ResolveAll(std::string bytes, const std::vector<uint64_t>& addresses) {
  const LoadedModule module = Loaded(std::make_shared<FileImage>(
      std::move(bytes), FileImage::Paths{"/nowhere/x.so", ""}));
  Symbolizer symbolizer;
  for (size_t i = 0; i < addresses.size(); i += 7) {
    const auto frames =
        symbolizer.Resolve(&module, CodeAddress::Exact(Address(addresses[i])));
    ASSERT_FALSE(frames.empty());
    ASSERT_FALSE(frames.back().function.empty());
  }
}

class MutatedDwarf : public testing::TestWithParam<std::string> {};

TEST_P(MutatedDwarf, GivesNamesWhateverBytesChange) {
  const std::string whole = ReadFile(Fixture(GetParam()));
  const auto addresses = AddressesOfFunctions(Fixture(GetParam()));
  std::mt19937 random(20);
  for (int round = 0; round < 300; ++round) {
    std::string bytes = whole;
    const int changes = 1 << (round % 8);
    // Debug sections and section headers are the file's later part.
    for (int i = 0; i < changes; ++i) {
      const size_t at = bytes.size() / 3 + random() % (bytes.size() * 2 / 3);
      bytes[at] = static_cast<char>(random());
    }
    ResolveAll(std::move(bytes), addresses);
  }
}

TEST_P(MutatedDwarf, GivesNamesWhereverTheFileEnds) {
  const std::string whole = ReadFile(Fixture(GetParam()));
  const auto addresses = AddressesOfFunctions(Fixture(GetParam()));
  for (size_t size = 0; size < whole.size(); size += whole.size() / 97) {
    ResolveAll(whole.substr(0, size), addresses);
  }
}

TEST(BrokenDwarf, MeetsEachEntryOfATwistedTreeOnce) {
  const LoadedModule module = Loaded(FileImage::Of(Fixture("handmade")));
  const auto symbols = SymbolAddresses(Fixture("handmade"));
  Symbolizer symbolizer;
  const auto name_at = [&](const std::string& symbol) {
    return symbolizer
        .Resolve(&module, CodeAddress::Exact(Address(symbols.at(symbol))))
        .back()
        .function;
  };
  EXPECT_EQ(name_at("circle"), "circle_in_dwarf");
  EXPECT_EQ(name_at("sized"), "sized");
}

INSTANTIATE_TEST_SUITE_P(Symbolizer, MutatedDwarf,
                         testing::Values("dwarf4", "dwarf5", "compressed"),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace hubspy

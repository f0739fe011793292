#include "symbolize/symbolizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "profiler/symbolize/addr2line.h"
#include "profiler/symbolize/file_image.h"
#include "profiler/symbolize/fixtures.h"

namespace hubspy {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

absl::string_view Basename(absl::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

// addr2line does not know the scope of a function without a linkage name; we
// do.
bool SameFunction(const std::string& ours, const std::string& theirs) {
  return ours == theirs || absl::EndsWith(ours, absl::StrCat("::", theirs));
}

struct Case {
  std::string fixture;
  std::string debug;  // where its debug information came from
};

// For the test's name, which otherwise shows the bytes of a pointer.
void PrintTo(const Case& test, std::ostream* out) { *out << test.fixture; }

class AgainstAddr2line : public testing::TestWithParam<Case> {};

TEST_P(AgainstAddr2line, SameFunctionsAndLinesAtEveryAddress) {
  const std::vector<uint64_t> addresses =
      AddressesOfFunctions(Fixture(GetParam().debug));
  const auto oracle =
      Addr2line(Fixture(absl::StrCat(GetParam().debug, "_oracle")), addresses);
  ASSERT_EQ(oracle.size(), addresses.size());
  const LoadedModule module =
      Loaded(FileImage::Of(Fixture(GetParam().fixture)));
  Symbolizer symbolizer;
  int compared = 0;
  size_t deepest = 0;
  for (size_t i = 0; i < addresses.size(); ++i) {
    SCOPED_TRACE(absl::StrCat("0x", absl::Hex(addresses[i])));
    // The compiler's start files have no debug information.
    if (oracle[i].front().function == "??") continue;
    const auto ours = symbolizer.Resolve(&module, At(addresses[i]));
    ASSERT_EQ(ours.size(), oracle[i].size());
    for (size_t f = 0; f < ours.size(); ++f) {
      const OracleFrame& theirs = oracle[i][f];
      EXPECT_TRUE(SameFunction(ours[f].function, theirs.function))
          << ours[f].function << " / " << theirs.function;
      EXPECT_EQ(ours[f].line, theirs.line) << theirs.function;
      EXPECT_EQ(Basename(ours[f].file), Basename(theirs.file));
      EXPECT_EQ(ours[f].inlined, f + 1 < ours.size());
      EXPECT_EQ(ours[f].module, Fixture(GetParam().fixture));
    }
    deepest = std::max(deepest, ours.size());
    ++compared;
  }
  EXPECT_GT(compared, 500);
  EXPECT_GE(deepest, 3u) << "the fixture should inline";
}

INSTANTIATE_TEST_SUITE_P(
    Symbolizer, AgainstAddr2line,
    testing::Values(Case{"dwarf4", "dwarf4"}, Case{"dwarf5", "dwarf5"},
                    Case{"pair4", "pair4"}, Case{"pair5", "pair5"},
                    Case{"types4", "pair4"}, Case{"types5", "pair5"},
                    Case{"split4", "pair4"}, Case{"split5", "pair5"},
                    Case{"split_types4", "pair4"},
                    Case{"split_types5", "pair5"},
                    Case{"split_compressed4", "pair4"},
                    Case{"split_compressed5", "pair5"}, Case{"zdebug", "pair5"},
                    Case{"zstd", "pair5"}, Case{"compressed", "compressed"},
                    Case{"shared", "pair4"}, Case{"stripped", "dwarf5"},
                    Case{"stripped_no_build_id", "no_build_id"}),
    [](const auto& test) { return test.param.fixture; });

// nm is the oracle: every address of a function gives all of it.
TEST(Symbolizer, TellsTheRangesOfFunctions) {
  constexpr uint64_t kBias = 0x10000;
  for (const auto& [name, oracle] :
       {Case{"dwarf4", "dwarf4"}, Case{"dwarf5", "dwarf5"},
        Case{"split5", "pair5"}, Case{"stripped", "dwarf5"}}) {
    const LoadedModule module = Loaded(FileImage::Of(Fixture(name)), kBias);
    Symbolizer symbolizer;
    int compared = 0;
    for (const auto& [begin, size] : FunctionSizes(Fixture(oracle))) {
      const AddressRange whole{Address(begin + kBias),
                               Address(begin + size + kBias)};
      for (const uint64_t at : {begin, begin + size / 2, begin + size - 1}) {
        const auto ranges = symbolizer.FunctionRanges(&module, At(at + kBias));
        EXPECT_THAT(ranges, testing::Contains(whole)) << name << " " << begin;
      }
      ++compared;
    }
    EXPECT_GT(compared, 10) << name;
  }
}

TEST(Symbolizer, IsNotHeldUpByAPipeWhereASplitUnitShouldBe) {
  const std::string pipe =
      absl::StrCat(HUBSPY_SYMBOL_FIXTURES, "/split_lost/fixture.dwo");
  unlink(pipe.c_str());
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  const std::string file = Fixture("split_lost");
  const LoadedModule module = Loaded(FileImage::Of(file));
  const uint64_t run = SymbolAddresses(file)["_ZN3hub4Loop3RunEPFiiE"];
  Symbolizer symbolizer;
  EXPECT_EQ(symbolizer.Resolve(&module, At(run)).back().function,
            "hub::Loop::Run");
}

// The address of a symbol, as nm tells it.
uint64_t AddressOf(const std::string& file, absl::string_view symbol,
                   absl::string_view nm_options = "") {
  const std::string text = Output(absl::StrCat("nm ", nm_options, " ", file));
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    const std::vector<absl::string_view> fields = absl::StrSplit(line, ' ');
    uint64_t address;
    if (fields.size() == 3 &&
        absl::StartsWith(absl::StrCat(fields[2], "@"),
                         absl::StrCat(symbol, "@")) &&
        absl::SimpleHexAtoi(fields[0], &address)) {
      return address;
    }
  }
  ADD_FAILURE() << file << " has no " << symbol;
  return 0;
}

std::vector<std::string> Functions(absl::Span<const SymbolFrame> frames) {
  std::vector<std::string> functions;
  for (const SymbolFrame& f : frames) functions.push_back(f.function);
  return functions;
}

TEST(Symbolizer, TellsWhereAFunctionIsDeclared) {
  const LoadedModule module = Loaded(FileImage::Of(Fixture("dwarf5")));
  const std::string source =
      ReadFile(absl::StrCat(HUBSPY_SYMBOL_SOURCES, "/fixture.cc"));
  const size_t at = source.find("int Loop::Run(");
  const auto line = 1 + std::count(source.begin(), source.begin() + at, '\n');
  Symbolizer symbolizer;
  const auto frames = symbolizer.Resolve(
      &module, At(AddressOf(Fixture("dwarf5"), "_ZN3hub4Loop3RunEPFiiE")));
  EXPECT_EQ(frames.back().function, "hub::Loop::Run");
  EXPECT_EQ(frames.back().function_line, line);
}

TEST(Symbolizer, NamesScopesOfFunctionsWithoutALinkageName) {
  const LoadedModule module = Loaded(FileImage::Of(Fixture("dwarf5")));
  Symbolizer symbolizer;
  EXPECT_EQ(symbolizer
                .Resolve(&module, At(AddressOf(Fixture("dwarf5"),
                                               "_ZN12_GLOBAL__N_16HiddenEi")))
                .back()
                .function,
            "(anonymous namespace)::Hidden");
}

TEST(Symbolizer, LooksReturnAddressesUpInsideTheCall) {
  const std::string file = Fixture("dwarf5");
  const LoadedModule module = Loaded(FileImage::Of(file), 0x7f0000000000);
  const uint64_t entry = AddressOf(file, "_ZN3hub4Loop3RunEPFiiE");
  Symbolizer symbolizer;
  const Address start(0x7f0000000000 + entry);
  EXPECT_EQ(
      symbolizer.Resolve(&module, CodeAddress::Exact(start)).back().function,
      "hub::Loop::Run");
  const auto before = symbolizer.Resolve(&module, CodeAddress::Return(start));
  EXPECT_NE(before.back().function, "hub::Loop::Run");
  EXPECT_EQ(before.back().address, start);
}

TEST(Symbolizer, TakesExportedNamesWhereNothingElseIsLeft) {
  const std::string file = Fixture("stripped");
  // Named so that no debug file is found.
  const auto image = std::make_shared<FileImage>(
      ReadFile(file), FileImage::Paths{"/nowhere/libstripped.so", ""});
  const LoadedModule module = Loaded(image);
  Symbolizer symbolizer;
  const uint64_t entry = AddressOf(file, "fixture_entry", "-D");
  EXPECT_THAT(Functions(symbolizer.Resolve(&module, At(entry + 1))),
              ElementsAre("fixture_entry"));
  EXPECT_THAT(symbolizer.Resolve(&module, At(entry + 1))[0].file, IsEmpty());
  const uint64_t hidden =
      AddressOf(Fixture("dwarf5"), "_ZN3hub4Loop3RunEPFiiE");
  EXPECT_THAT(Functions(symbolizer.Resolve(&module, At(hidden))),
              ElementsAre(absl::StrCat("libstripped.so+0x", absl::Hex(hidden))))
      << "an exported name must not reach over what follows it";
}

TEST(Symbolizer, NamesPltStubsByWhatTheyCall) {
  for (const absl::string_view name : {"dwarf5", "lazy_plt"}) {
    const std::string file = Fixture(name);
    const std::string text =
        Output(absl::StrCat(HUBSPY_OBJDUMP, " -d --no-show-raw-insn ", file));
    const LoadedModule module = Loaded(FileImage::Of(file));
    Symbolizer symbolizer;
    std::vector<std::string> stubs;
    // objdump names stubs as well: "0000000000001030 <puts@plt>:"
    for (const absl::string_view line : absl::StrSplit(text, '\n')) {
      const std::vector<absl::string_view> fields = absl::StrSplit(line, ' ');
      uint64_t address;
      if (fields.size() != 2 || !absl::EndsWith(fields[1], "@plt>:") ||
          !absl::SimpleHexAtoi(fields[0], &address)) {
        continue;
      }
      stubs.emplace_back(fields[1].substr(1, fields[1].size() - 3));
      const std::string ours =
          symbolizer.Resolve(&module, At(address + 2)).back().function;
      const size_t plain = stubs.back().find("@");
      if (!absl::StartsWith(stubs.back(), "_Z")) {
        EXPECT_EQ(ours, stubs.back().substr(0, plain) + "@plt");
      }
      EXPECT_TRUE(absl::EndsWith(ours, "@plt")) << ours;
    }
    EXPECT_THAT(stubs, testing::Contains("puts@plt")) << name;
  }
}

// Our own vdso, as the kernel mapped it.
std::string VdsoBytes() {
  for (const absl::string_view line :
       absl::StrSplit(ReadFile("/proc/self/maps"), '\n')) {
    uint64_t begin, end;
    const std::vector<absl::string_view> range =
        absl::StrSplit(line.substr(0, line.find(' ')), '-');
    if (absl::EndsWith(line, "[vdso]") &&
        absl::SimpleHexAtoi(range[0], &begin) &&
        absl::SimpleHexAtoi(range[1], &end)) {
      return std::string(reinterpret_cast<const char*>(begin), end - begin);
    }
  }
  return "";
}

TEST(Symbolizer, NamesTheVdsoFromItsBytes) {
  const std::string bytes = VdsoBytes();
  if (bytes.empty()) GTEST_SKIP() << "there is none; qemu-user has none";
  const std::string file = testing::TempDir() + "vdso.so";
  std::ofstream(file, std::ios::binary) << bytes;
  const LoadedModule module = Loaded(
      std::make_shared<FileImage>(bytes, FileImage::Paths{"[vdso]", ""}));
  const uint64_t gettime = AddressOf(file, "clock_gettime", "-D");
  Symbolizer symbolizer;
  EXPECT_THAT(Functions(symbolizer.Resolve(&module, At(gettime + 1))),
              ElementsAre("clock_gettime"));
  EXPECT_THAT(Functions(symbolizer.Resolve(&module, At(0xfffffff0))),
              ElementsAre("[vdso]+0xfffffff0"));
}

TEST(Symbolizer, SaysWhereUnknownCodeLies) {
  Symbolizer symbolizer;
  EXPECT_THAT(Functions(symbolizer.Resolve(nullptr, At(0x1234))),
              ElementsAre("[0x1234]"));
  LoadedModule gone;
  gone.module.path = "/tmp/plugin.so";
  gone.module.load_bias = 0x1000;
  EXPECT_THAT(Functions(symbolizer.Resolve(
                  &gone, CodeAddress::Return(Address(0x1234)))),
              ElementsAre("plugin.so+0x234"));
  const LoadedModule text = Loaded(std::make_shared<FileImage>(
      "no ELF file", FileImage::Paths{"/tmp/notes.txt", "/tmp/notes.txt"}));
  EXPECT_THAT(Functions(symbolizer.Resolve(&text, At(3))),
              ElementsAre("notes.txt+0x3"));
}

TEST(Symbolizer, NamesCodeOutsideOfModulesByTheJitsMap) {
  PerfMap map("perf-7.map");
  map.Append("1000 10 tick\n");
  Symbolizer symbolizer;
  const auto frames =
      symbolizer.Resolve(nullptr, CodeAddress::Return(Address(0x1010)), &map);
  EXPECT_THAT(Functions(frames), ElementsAre("tick"));
  EXPECT_EQ(frames[0].module, "perf-7.map");
  EXPECT_EQ(frames[0].address, Address(0x1010));
  const LoadedModule module = Loaded(FileImage::Of(Fixture("dwarf5")));
  EXPECT_THAT(Functions(symbolizer.Resolve(&module, At(0x1008), &map)),
              testing::Not(testing::Contains("tick")));
}

TEST(Symbolizer, FollowsTheJitsMapAsItGrows) {
  PerfMap map("perf-7.map");
  Symbolizer symbolizer;
  const auto before = symbolizer.Resolve(nullptr, At(0x1004), &map);
  EXPECT_THAT(Functions(before), ElementsAre("[0x1004]"));
  map.Append("1000 10 tick\n");
  EXPECT_THAT(Functions(symbolizer.Resolve(nullptr, At(0x1004), &map)),
              ElementsAre("tick"));
  map.Append("1000 10 tock\n");
  EXPECT_THAT(Functions(symbolizer.Resolve(nullptr, At(0x1004), &map)),
              ElementsAre("tock"));
  EXPECT_THAT(Functions(before), ElementsAre("[0x1004]")) << "still valid";
}

TEST(Symbolizer, ShortensNamesOfImagesButNotOfTheJit) {
  PerfMap map("perf-7.map");
  map.Append("10 10 py::a<module>\n");
  const std::string file = Fixture("dwarf5");
  const LoadedModule module = Loaded(FileImage::Of(file));
  Symbolizer symbolizer({.short_names = true});
  const uint64_t fold = AddressOf(file, "_ZN3hub4FoldIdEET_S1_S1_");
  EXPECT_EQ(symbolizer.Resolve(&module, At(fold)).back().function,
            "hub::Fold<…>");
  EXPECT_EQ(symbolizer.Resolve(nullptr, At(0x10), &map).back().function,
            "py::a<module>");
}

TEST(Symbolizer, KeepsResultsInPlace) {
  const LoadedModule module = Loaded(FileImage::Of(Fixture("dwarf5")));
  Symbolizer symbolizer;
  const auto first = symbolizer.Resolve(&module, At(0x1200));
  for (uint64_t a = 0; a < 10000; ++a) symbolizer.Resolve(&module, At(a));
  const auto again = symbolizer.Resolve(&module, At(0x1200));
  EXPECT_EQ(first.data(), again.data());
}

TEST(Symbolizer, TellsTwoLoadsOfOneImageApart) {
  const std::string file = Fixture("dwarf5");
  const auto image = FileImage::Of(file);
  const LoadedModule low = Loaded(image, 0x10000);
  const LoadedModule high = Loaded(image, 0x10001);
  const uint64_t entry = AddressOf(file, "fixture_entry");
  Symbolizer symbolizer;
  EXPECT_EQ(symbolizer.Resolve(&low, At(0x10000 + entry)).back().function,
            "fixture_entry");
  EXPECT_NE(symbolizer.Resolve(&high, At(0x10000 + entry)).back().function,
            "fixture_entry");
}

}  // namespace
}  // namespace hubspy

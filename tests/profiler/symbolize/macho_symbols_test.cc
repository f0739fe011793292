// Names in Mach-O images. The expected ones are llvm-symbolizer-14's and
// llvm-nm-14's for the same files (see ../image/fixture/make_macho.sh).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "profiler/image/macho_files.h"
#include "profiler/symbolize/file_image.h"
#include "symbolize/debug_sections.h"
#include "symbolize/macho_debug_file.h"
#include "symbolize/macho_names.h"
#include "symbolize/symbolizer.h"

namespace hubspy {
namespace {

using ::testing::ElementsAre;

struct Library {
  std::string file;
  // An address in each of its functions, and where it is in Area.
  uint64_t area, in_entry, in_twice_in_local, in_main;
};

// For the test's name, which otherwise shows the bytes of a pointer.
void PrintTo(const Library& library, std::ostream* out) {
  *out << library.file;
}

const Library kX86 = {"libshapes_x86_64.dylib", 0x3d0, 0x3e8, 0x470, 0x495};
const Library kArm = {"libshapes_arm64.dylib", 0x388, 0x3a0, 0x428, 0x450};

// The image alone, without its dSYM beside it.
std::shared_ptr<const Image> Alone(const Library& library) {
  return std::make_shared<FileImage>(
      ReadFile(MachoFile(library.file)),
      FileImage::Paths{absl::StrCat("/lib/", library.file), ""});
}

std::vector<std::string> Names(std::shared_ptr<const Image> image,
                               uint64_t vaddr) {
  const LoadedModule module = Loaded(std::move(image), 0x10000);
  Symbolizer symbolizer;
  std::vector<std::string> names;
  for (const SymbolFrame& frame : symbolizer.Resolve(
           &module, CodeAddress::Exact(Address(vaddr + 0x10000)))) {
    names.push_back(frame.line == 0
                        ? frame.function
                        : absl::StrCat(frame.function, " ", frame.file, ":",
                                       frame.line,
                                       frame.inlined ? " inlined" : ""));
  }
  return names;
}

class MachoLibrary : public testing::TestWithParam<Library> {};
INSTANTIATE_TEST_SUITE_P(BothMachines, MachoLibrary,
                         testing::Values(kX86, kArm), [](const auto& test) {
                           return test.index == 0 ? "x86_64" : "arm64";
                         });

TEST_P(MachoLibrary, SymbolsNameItsFunctions) {
  const Library& at = GetParam();
  EXPECT_THAT(Names(Alone(at), at.area + 4), ElementsAre("shapes::Box::Area"));
  EXPECT_THAT(Names(Alone(at), at.in_entry), ElementsAre("entry"));
  EXPECT_THAT(Names(Alone(at), at.in_twice_in_local), ElementsAre("Local"));
  EXPECT_THAT(Names(Alone(at), at.in_main), ElementsAre("main"));
}

TEST_P(MachoLibrary, ItsDsymNamesLinesAndInlinedFunctions) {
  const Library& at = GetParam();
  const auto image = FileImage::Of(MachoFile(at.file));
  EXPECT_THAT(Names(image, at.area + 4),
              ElementsAre("shapes::Box::Area /src/shapes.cc:10"));
  EXPECT_THAT(Names(image, at.in_twice_in_local),
              ElementsAre("Twice /src/shapes.cc:15 inlined",
                          "Local /src/shapes.cc:18"));
}

TEST_P(MachoLibrary, AFunctionWithoutANameIsCalledAfterItsBegin) {
  const Library& at = GetParam();
  const Bytes bytes = WithoutSymbols(ReadMachoFile(at.file));
  const auto image = std::make_shared<FileImage>(
      std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()),
      FileImage::Paths{absl::StrCat("/lib/", at.file), ""});
  EXPECT_THAT(Names(image, at.area + 1),
              ElementsAre(absl::StrCat(at.file, "+0x", absl::Hex(at.area))));
  EXPECT_THAT(Names(image, at.area + 8),
              ElementsAre(absl::StrCat(at.file, "+0x", absl::Hex(at.area))));
}

TEST_P(MachoLibrary, ADsymOfAnotherBuildIsNotUsed) {
  const Library& at = GetParam();
  Bytes bytes = ReadMachoFile(at.file);
  const size_t uuid = CommandAt(bytes, macho::kUuid);
  bytes[uuid + sizeof(macho::Command)] ^= std::byte{1};
  const auto image = std::make_shared<FileImage>(
      std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()),
      FileImage::Paths{MachoFile(at.file), MachoFile(at.file)});
  EXPECT_THAT(Names(image, at.in_entry), ElementsAre("entry"));
}

TEST(MachoNames, AFunctionEndsWhereTheNextBegins) {
  const Bytes bytes = ReadMachoFile(kX86.file);
  const MachoContents contents = *ParseBytes(bytes);
  const MachoNames names(contents, bytes);
  EXPECT_EQ(names.Find(0x3cf), nullptr);
  ASSERT_NE(names.Find(0x3df), nullptr);
  EXPECT_EQ(names.Find(0x3df)->end, 0x3e0u);
  EXPECT_EQ(names.Find(0x49a)->name, "main");
  EXPECT_EQ(names.Find(0x49a)->end, 0x49bu);  // and so the section does
  EXPECT_EQ(names.Find(0x49b), nullptr);
}

// As dyld's symbol table is after strip -x: what has a name does not take over
// what has lost its own.
TEST(MachoNames, ANameIsNotStretchedOverFunctionsThatHaveNone) {
  Bytes bytes = ReadMachoFile(kX86.file);
  const size_t at = CommandAt(bytes, macho::kSymbolTable);
  const auto table = At<macho::SymbolTableCommand>(bytes, at);
  int hidden = 0;
  for (uint32_t i = 0; i < table.symbol_count; ++i) {
    const size_t place = table.symbols_offset + i * sizeof(macho::Symbol);
    auto symbol = At<macho::Symbol>(bytes, place);
    // A debugger's symbols are there, too.
    if (symbol.value != 0x460 || (symbol.type & macho::kStab) != 0) continue;
    symbol.type = macho::kStab;
    Put(bytes, place, symbol);
    ++hidden;
  }
  ASSERT_EQ(hidden, 1);
  const MachoContents contents = *ParseBytes(bytes);
  const MachoNames names(contents, bytes);
  EXPECT_EQ(names.Find(0x45f)->name, "entry");
  EXPECT_EQ(names.Find(0x460)->name, "");
  EXPECT_EQ(names.Find(0x490)->name, "main");
}

TEST(DsymPaths, BesideTheImageAndItsBundles) {
  EXPECT_THAT(DsymPaths("/opt/bin/tool"),
              ElementsAre("/opt/bin/tool.dSYM/Contents/Resources/DWARF/tool"));
  EXPECT_THAT(
      DsymPaths("/A/Foo.app/Contents/MacOS/Foo"),
      ElementsAre(
          "/A/Foo.app/Contents/MacOS/Foo.dSYM/Contents/Resources/DWARF/Foo",
          "/A/Foo.app.dSYM/Contents/Resources/DWARF/Foo"));
  EXPECT_THAT(DsymPaths(""), ElementsAre());
  EXPECT_THAT(DsymPaths("tool"),
              ElementsAre("tool.dSYM/Contents/Resources/DWARF/tool"));
}

TEST(MachoDebugSection, NamesAreCutOff) {
  EXPECT_EQ(MachoDebugSection("__debug_info"), DebugSection::kInfo);
  EXPECT_EQ(MachoDebugSection("__debug_str_offs"), DebugSection::kStrOffsets);
  EXPECT_EQ(MachoDebugSection("__debug_line_str"), DebugSection::kLineStr);
  EXPECT_EQ(MachoDebugSection("__apple_names"), std::nullopt);
}

}  // namespace
}  // namespace hubspy

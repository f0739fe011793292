// The expected values are llvm-objdump-14's, llvm-nm-14's and llvm-lipo-14's
// for the same files:
//   llvm-objdump-14 --macho --private-headers --function-starts --unwind-info
#include "image/macho_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "image/image.h"
#include "image/macho_functions.h"
#include "image/macho_symbols.h"
#include "model/machine.h"
#include "profiler/image/macho_files.h"

namespace hubspy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr char kX86[] = "libshapes_x86_64.dylib";
constexpr char kArm[] = "libshapes_arm64.dylib";

MachoContents Parsed(const std::string& name) {
  const absl::StatusOr<MachoContents> contents =
      ParseBytes(ReadMachoFile(name));
  EXPECT_TRUE(contents.ok()) << contents.status();
  return contents.ok() ? *contents : MachoContents();
}

std::vector<std::string> SymbolsOf(const std::string& name) {
  const Bytes bytes = ReadMachoFile(name);
  std::vector<std::string> lines;
  for (const MachoSymbol& symbol : CodeSymbols(Parsed(name), bytes)) {
    char line[256];
    std::snprintf(line, sizeof line, "%llx %c %s",
                  static_cast<unsigned long long>(symbol.vaddr),
                  symbol.external ? 'T' : 't',
                  std::string(symbol.name).c_str());
    lines.push_back(line);
  }
  return lines;
}

TEST(MachoParser, TellsMachineUuidAndCode) {
  const MachoContents x86 = Parsed(kX86);
  EXPECT_EQ(x86.cpu_type, macho::kCpuX86_64);
  EXPECT_EQ(x86.file_type, macho::kDylib);
  EXPECT_EQ(x86.uuid, "4c4c44f155553144a1b8f40424cda6a7");
  EXPECT_EQ(x86.code, (ImageRange{0, 0x2000}));
  EXPECT_EQ(x86.segments.size(), 3u);
  const MachoContents arm = Parsed(kArm);
  EXPECT_EQ(arm.cpu_type, macho::kCpuArm64);
  EXPECT_EQ(arm.uuid, "4c4c440355553144a16c2ba31365b9b0");
  EXPECT_EQ(arm.code, (ImageRange{0, 0x4000}));
}

TEST(MachoParser, APageZeroIsNoCode) {
  const MachoContents program = Parsed("program_x86_64");
  EXPECT_EQ(program.file_type, macho::kExecute);
  EXPECT_EQ(program.header_vaddr, 0x100000000u);
  EXPECT_EQ(program.code, (ImageRange{0x100000000, 0x100002000}));
}

TEST(MachoParser, SectionsLieWhereTheyAre) {
  const MachoContents x86 = Parsed(kX86);
  const MachoSection* const text = x86.Find("__TEXT", "__text");
  ASSERT_NE(text, nullptr);
  EXPECT_EQ(text->range, (ImageRange{0x3d0, 0x49b}));
  EXPECT_EQ(text->bytes, (FileRange{976, 0xcb}));
  EXPECT_TRUE(text->in_code);
  EXPECT_TRUE(text->has_instructions);
  const MachoSection* const green = x86.Find("__DATA", "__green");
  ASSERT_NE(green, nullptr);
  EXPECT_EQ(green->range.begin, 0x2000u);
  EXPECT_FALSE(green->in_code);
  EXPECT_EQ(x86.Find("__TEXT", "__green"), nullptr);
}

TEST(MachoParser, SymbolsAreThoseOfCode) {
  EXPECT_THAT(
      SymbolsOf(kX86),
      UnorderedElementsAre("460 t _ZL5Locali", "3d0 T _ZNK6shapes3Box4AreaEi",
                           "3e0 T entry", "490 T main"));
  EXPECT_THAT(
      SymbolsOf(kArm),
      UnorderedElementsAre("410 t _ZL5Locali", "388 T _ZNK6shapes3Box4AreaEi",
                           "394 T entry", "44c T main"));
  // Without __mh_execute_header, which lies in front of the code.
  EXPECT_THAT(SymbolsOf("program_x86_64"),
              UnorderedElementsAre("1000003c0 t _ZL5Locali",
                                   "100000330 T _ZNK6shapes3Box4AreaEi",
                                   "100000340 T entry", "1000003f0 T main"));
}

TEST(MachoParser, FunctionStartsAreTheLinkers) {
  EXPECT_THAT(FunctionStarts(Parsed(kX86), ReadMachoFile(kX86)),
              ElementsAre(0x3d0, 0x3e0, 0x460, 0x490));
  EXPECT_THAT(FunctionStarts(Parsed(kArm), ReadMachoFile(kArm)),
              ElementsAre(0x388, 0x394, 0x410, 0x44c, 0x460));
  EXPECT_THAT(
      FunctionStarts(Parsed("program_x86_64"), ReadMachoFile("program_x86_64")),
      ElementsAre(0x100000330, 0x100000340, 0x1000003c0, 0x1000003f0));
}

// Two functions that are unwound alike are one entry there.
TEST(MachoParser, WithoutThatListTheUnwindTableTellsMost) {
  Bytes bytes = ReadMachoFile(kArm);
  const size_t at = CommandAt(bytes, macho::kFunctionStarts);
  auto command = At<macho::LinkEditCommand>(bytes, at);
  command.size = 0;
  Put(bytes, at, command);
  EXPECT_THAT(FunctionStarts(*ParseBytes(bytes), bytes),
              ElementsAre(0x388, 0x394, 0x44c, 0x460));
}

TEST(MachoParser, TheUuidIsANoteThatIdentifiesTheBuild) {
  const Bytes bytes = ReadMachoFile(kX86);
  const Note note = Parsed(kX86).notes.at(0);
  EXPECT_TRUE(note.identifies_build);
  ASSERT_EQ(note.description.size(), 16u);
  EXPECT_EQ(std::memcmp(note.description.data(),
                        bytes.data() + note.description_vaddr, 16),
            0);
}

TEST(MachoParser, OfAFatFileTheSliceForTheMachine) {
  const Bytes bytes = ReadMachoFile("libplain_fat.dylib");
  EXPECT_TRUE(IsMacho(bytes));
  const absl::StatusOr<FileRange> x86 = SliceOf(bytes, macho::kCpuX86_64);
  ASSERT_TRUE(x86.ok()) << x86.status();
  EXPECT_EQ(*x86, (FileRange{0x1000, 0x21c0}));
  const absl::StatusOr<FileRange> arm = SliceOf(bytes, macho::kCpuArm64);
  ASSERT_TRUE(arm.ok()) << arm.status();
  EXPECT_EQ(*arm, (FileRange{0x4000, 0x42e0}));
  EXPECT_EQ(
      ParseBytes(absl::MakeSpan(bytes).subspan(arm->offset, arm->size))->uuid,
      "4c4c448755553144a14e2d8d4ae8b5a1");
  EXPECT_TRUE(absl::IsInvalidArgument(SliceOf(bytes, 0x01000012).status()));
}

// By hand: no tool here writes them.
Bytes Fat64(const std::vector<macho::FatSlice64>& slices) {
  Bytes bytes(0x10000);
  Put(bytes, 0,
      macho::FatHeader{
          __builtin_bswap32(macho::kFatMagic64),
          __builtin_bswap32(static_cast<uint32_t>(slices.size()))});
  size_t at = sizeof(macho::FatHeader);
  for (macho::FatSlice64 slice : slices) {
    slice.cpu_type = __builtin_bswap32(slice.cpu_type);
    slice.cpu_subtype = __builtin_bswap32(slice.cpu_subtype);
    slice.offset = __builtin_bswap64(slice.offset);
    slice.size = __builtin_bswap64(slice.size);
    Put(bytes, at, slice);
    at += sizeof slice;
  }
  return bytes;
}

TEST(MachoParser, SlicesMayHave64BitHeaders) {
  const Bytes bytes = Fat64({{macho::kCpuX86_64, 3, 0x1000, 0x10},
                             {macho::kCpuArm64, 0, 0x8000, 0x20}});
  EXPECT_TRUE(IsMacho(bytes));
  EXPECT_EQ(*SliceOf(bytes, macho::kCpuArm64), (FileRange{0x8000, 0x20}));
}

TEST(MachoParser, TheSliceThatTheKernelTakesComesFirst) {
  const Bytes bytes = Fat64({{macho::kCpuX86_64, 3, 0x1000, 1},
                             {macho::kCpuX86_64, 8, 0x2000, 1},
                             {macho::kCpuArm64, 0x80000002, 0x3000, 1},
                             {macho::kCpuArm64, 0, 0x4000, 1}});
  EXPECT_EQ(SliceOf(bytes, macho::kCpuX86_64)->offset, 0x2000u);
  EXPECT_EQ(SliceOf(bytes, macho::kCpuArm64)->offset, 0x4000u);
}

TEST(MachoParser, ASliceOutsideTheFileIsRefused) {
  const Bytes bytes = Fat64({{macho::kCpuX86_64, 3, 0xfff0, 0x11}});
  EXPECT_THAT(SliceOf(bytes, macho::kCpuX86_64).status().message(),
              HasSubstr("outside the file"));
}

// A Java class begins as a fat file does.
TEST(MachoParser, AJavaClassIsRefused) {
  Bytes bytes(64);
  Put(bytes, 0, __builtin_bswap32(macho::kFatMagic));
  Put(bytes, 4, __builtin_bswap32(0x00000041));
  EXPECT_TRUE(
      absl::IsInvalidArgument(SliceOf(bytes, macho::kCpuX86_64).status()));
}

TEST(MachoParser, WhatIsCutOffIsRefusedAtEveryLength) {
  const Bytes bytes = ReadMachoFile(kX86);
  const auto whole = At<macho::Header>(bytes, 0);
  for (size_t size = 0; size < sizeof whole + whole.commands_size; size += 8) {
    EXPECT_TRUE(absl::IsInvalidArgument(
        ParseBytes(absl::MakeSpan(bytes).first(size)).status()))
        << size;
  }
}

TEST(MachoParser, OffsetsOutsideTheFileAreRefused) {
  const Bytes good = ReadMachoFile(kX86);
  {
    Bytes bytes = good;
    const size_t at = CommandAt(bytes, macho::kSymbolTable);
    auto command = At<macho::SymbolTableCommand>(bytes, at);
    command.symbol_count = 0x10000000;
    Put(bytes, at, command);
    EXPECT_THAT(ParseBytes(bytes).status().message(), HasSubstr("symbol"));
  }
  {
    Bytes bytes = good;
    const size_t at = CommandAt(bytes, macho::kFunctionStarts);
    auto command = At<macho::LinkEditCommand>(bytes, at);
    command.offset = 0xffffff00;
    Put(bytes, at, command);
    EXPECT_THAT(ParseBytes(bytes).status().message(), HasSubstr("function"));
  }
  {
    Bytes bytes = good;
    const size_t at = CommandAt(bytes, macho::kSegment64);
    auto command = At<macho::SegmentCommand>(bytes, at);
    command.vaddr = UINT64_MAX - 0x1000;
    Put(bytes, at, command);
    EXPECT_THAT(ParseBytes(bytes).status().message(),
                HasSubstr("address space"));
  }
}

TEST(MachoFunctions, AZeroEndsTheList) {
  const std::vector<std::byte> list = {std::byte{0x90}, std::byte{0x07},
                                       std::byte{0x10}, std::byte{0},
                                       std::byte{0x10}};
  EXPECT_THAT(ListedFunctionStarts(list, 0x1000, {0x1000, 0x2000}),
              ElementsAre(0x1390, 0x13a0));
}

TEST(MachoFunctions, ADistanceThatIsTooFarEndsTheListToo) {
  const std::vector<std::byte> list = {std::byte{0x10}, std::byte{0xff},
                                       std::byte{0xff}, std::byte{0x7f}};
  EXPECT_THAT(ListedFunctionStarts(list, 0x1000, {0x1000, 0x2000}),
              ElementsAre(0x1010));
  EXPECT_THAT(ListedFunctionStarts(std::vector<std::byte>(12, std::byte{0xff}),
                                   0, {0, UINT64_MAX}),
              IsEmpty());
}

// One index entry and its end mark, and a page of two functions.
Bytes UnwindTable(uint32_t page_kind) {
  Bytes table(28 + 2 * 12 + 8 + 16);
  const size_t page = 28 + 2 * 12;
  Put(table, 0,
      macho::UnwindHeader{.version = 1, .index_offset = 28, .index_count = 2});
  Put(table, 28,
      macho::UnwindIndexEntry{0x100, static_cast<uint32_t>(page), 0});
  Put(table, 28 + 12, macho::UnwindIndexEntry{0x300, 0, 0});
  Put(table, page, macho::UnwindPage{page_kind, 8, 2});
  return table;
}

TEST(MachoFunctions, RegularPagesNameFunctionsByTheImage) {
  Bytes table = UnwindTable(macho::kUnwindRegularPage);
  Put<uint32_t>(table, 60, 0x100);
  Put<uint32_t>(table, 68, 0x180);
  EXPECT_THAT(UnwindFunctionStarts(table, 0x1000, {0x1000, 0x2000}),
              ElementsAre(0x1100, 0x1180));
}

TEST(MachoFunctions, CompressedPagesNameFunctionsByTheirFirst) {
  Bytes table = UnwindTable(macho::kUnwindCompressedPage);
  Put<uint32_t>(table, 60, 0x05000000);
  Put<uint32_t>(table, 64, 0x02000040);
  EXPECT_THAT(UnwindFunctionStarts(table, 0x1000, {0x1000, 0x2000}),
              ElementsAre(0x1100, 0x1140));
}

TEST(MachoFunctions, PagesThatShareTheirEntriesEndTheTable) {
  Bytes table = UnwindTable(macho::kUnwindCompressedPage);
  Put(table, 0,
      macho::UnwindHeader{
          .version = 1, .index_offset = 28, .index_count = 0xffffffff});
  // The end mark points to the same page, and what follows is read as more.
  Put(table, 28 + 12, macho::UnwindIndexEntry{0x300, 28 + 2 * 12, 0});
  Put(table, 28 + 2 * 12,
      macho::UnwindPage{macho::kUnwindCompressedPage, 0, 8});
  EXPECT_LE(UnwindFunctionStarts(table, 0, {0, UINT64_MAX}).size(),
            table.size() / 4);
}

TEST(MachoImage, OpensAsAnImage) {
  const auto image = Image::Open(MachoFile(OurFile()), "/lib/shapes");
  ASSERT_TRUE(image.ok()) << image.status();
  const MachoContents contents = Parsed(OurFile());
  EXPECT_EQ((*image)->name(), "/lib/shapes");
  EXPECT_EQ((*image)->build_id(), contents.uuid);
  EXPECT_EQ((*image)->vaddr_begin(), contents.code.begin);
  EXPECT_EQ((*image)->vaddr_end(), contents.code.end);
  EXPECT_EQ((*image)->segments().size(), 1u);
  EXPECT_EQ((*image)->eh_frame(), std::nullopt);
  EXPECT_EQ((*image)->Notes().size(), 1u);
  EXPECT_EQ((*image)->SectionNamed("__DATA,__green"),
            contents.Find("__DATA", "__green")->range);
  EXPECT_EQ((*image)->SectionNamed("__DATA,__blue"), std::nullopt);
}

TEST(MachoImage, ItsShadowHoldsItsCode) {
  for (const char* const name : {"libplain_fat.dylib", "program_x86_64"}) {
    const Bytes file = ReadMachoFile(name);
    const absl::StatusOr<FileRange> slice = SliceOf(file, kMachoCpu);
    if (!slice.ok()) continue;
    const auto bytes = absl::MakeSpan(file).subspan(slice->offset, slice->size);
    const MachoContents contents = *ParseBytes(bytes);
    const MachoSection& text = *contents.Find("__TEXT", "__text");
    for (const auto& image :
         {Image::Open(MachoFile(name), name), Image::FromBytes(file, name)}) {
      ASSERT_TRUE(image.ok()) << image.status();
      EXPECT_EQ((*image)->bytes().size(), slice->size);
      const auto bias = (*image)->ShadowBias();
      ASSERT_TRUE(bias.ok()) << bias.status();
      EXPECT_EQ(
          std::memcmp(reinterpret_cast<const void*>(*bias + text.range.begin),
                      bytes.data() + text.bytes->offset, text.range.size()),
          0);
    }
  }
}

TEST(MachoImage, OfAnotherMachineIsRefused) {
  const std::string other = OurFile() == kX86 ? kArm : kX86;
  EXPECT_THAT(Image::Open(MachoFile(other), other).status().message(),
              HasSubstr("another machine"));
}

}  // namespace
}  // namespace hubspy

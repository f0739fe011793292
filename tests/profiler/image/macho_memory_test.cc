// An image of a shared cache: the library of fixture/, spread over memory as
// such a cache has it, and its names among those of others.
#include "image/macho_memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "image/macho_functions.h"
#include "image/macho_symbols.h"
#include "image/module_map.h"
#include "model/machine.h"
#include "profiler/image/macho_files.h"

namespace hubspy {
namespace {

using ::testing::IsEmpty;
using ::testing::IsNull;
using ::testing::NotNull;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAreArray;

constexpr uint64_t kText = 0x180000000;
constexpr uint64_t kLinkEdit = 0x1f0000000;
// Where in the cache's own file, and in its pool of names, the image's begin.
constexpr uint64_t kInCache = 0x5000000;
constexpr uint32_t kOthersNames = 0x12345;

using Names = std::vector<std::pair<uint64_t, std::string>>;

Names SymbolsIn(const MachoContents& contents,
                absl::Span<const std::byte> bytes) {
  Names names;
  for (const MachoSymbol& symbol : CodeSymbols(contents, bytes)) {
    names.emplace_back(symbol.vaddr - contents.header_vaddr, symbol.name);
  }
  return names;
}

class SharedCache {
 public:
  SharedCache() : file_(ReadMachoFile(OurFile())) {
    MoveSegments();
    MoveLinkEdit();
    const auto header = At<macho::Header>(file_, 0);
    pieces_[kText] = {file_.begin(),
                      file_.begin() + sizeof header + header.commands_size};
  }

  size_t Read(Address from, absl::Span<std::byte> into) const {
    auto piece = pieces_.upper_bound(from.value());
    if (piece == pieces_.begin()) return 0;
    --piece;
    const uint64_t offset = from.value() - piece->first;
    if (offset >= piece->second.size()) return 0;
    const size_t size =
        std::min<size_t>(into.size(), piece->second.size() - offset);
    std::copy_n(piece->second.begin() + static_cast<ptrdiff_t>(offset), size,
                into.begin());
    return size;
  }

  absl::StatusOr<std::shared_ptr<const Image>> Open() const {
    return MachoImageInMemory(
        Address(kText),
        [this](Address from, absl::Span<std::byte> into) {
          return Read(from, into);
        },
        "/usr/lib/libshapes.dylib");
  }

  Bytes& headers() { return pieces_[kText]; }

 private:
  // To where the cache was linked for; here it was moved by 0x1000000.
  void MoveSegments() {
    const auto header = At<macho::Header>(file_, 0);
    size_t at = sizeof header;
    for (uint32_t i = 0; i < header.command_count; ++i) {
      const auto command = At<macho::Command>(file_, at);
      if (command.command == macho::kSegment64) {
        auto segment = At<macho::SegmentCommand>(file_, at);
        const bool link_edit = std::strcmp(segment.name, "__LINKEDIT") == 0;
        segment.vaddr += (link_edit ? kLinkEdit : kText) - 0x1000000;
        if (link_edit) segment.vaddr = kLinkEdit - 0x1000000;
        if (link_edit) segment.memory_size = 0x1000000;
        if (link_edit) segment.file_offset = kInCache;
        Put(file_, at, segment);
        for (uint32_t s = 0; s < segment.section_count; ++s) {
          const size_t place = at + sizeof segment + s * sizeof(macho::Section);
          auto section = At<macho::Section>(file_, place);
          section.vaddr += kText - 0x1000000;
          Put(file_, place, section);
        }
      }
      at += command.size;
    }
  }

  // Symbols, the list of functions, and names behind those of others.
  void MoveLinkEdit() {
    const size_t symbols_at = CommandAt(file_, macho::kSymbolTable);
    auto table = At<macho::SymbolTableCommand>(file_, symbols_at);
    const size_t starts_at = CommandAt(file_, macho::kFunctionStarts);
    auto starts = At<macho::LinkEditCommand>(file_, starts_at);
    Bytes all;
    const auto append = [&](const std::byte* begin, size_t size) {
      const size_t offset = all.size();
      all.insert(all.end(), begin, begin + size);
      return static_cast<uint32_t>(kInCache + offset);
    };
    std::vector<macho::Symbol> symbols(table.symbol_count);
    std::memcpy(symbols.data(), file_.data() + table.symbols_offset,
                symbols.size() * sizeof(macho::Symbol));
    for (macho::Symbol& symbol : symbols) {
      symbol.name += kOthersNames;
      symbol.value += kText - 0x1000000;
    }
    const uint32_t symbols_begin =
        append(reinterpret_cast<const std::byte*>(symbols.data()),
               symbols.size() * sizeof(macho::Symbol));
    const uint32_t starts_begin =
        append(file_.data() + starts.offset, starts.size);
    const Bytes others(kOthersNames, std::byte{'x'});
    const uint32_t names_begin = append(others.data(), others.size());
    append(file_.data() + table.names_offset, table.names_size);
    table.symbols_offset = symbols_begin;
    table.names_offset = names_begin;
    table.names_size += kOthersNames;
    starts.offset = starts_begin;
    Put(file_, symbols_at, table);
    Put(file_, starts_at, starts);
    pieces_[kLinkEdit] = std::move(all);
  }

  Bytes file_;
  std::map<uint64_t, Bytes> pieces_;
};

TEST(MachoInMemory, HasTheNamesAndFunctionsOfItsFile) {
  const Bytes file = ReadMachoFile(OurFile());
  const MachoContents on_disk = *ParseBytes(file);
  const auto image = SharedCache().Open();
  ASSERT_TRUE(image.ok()) << image.status();
  const absl::Span<const std::byte> bytes = (*image)->bytes();
  const MachoContents contents = *ParseBytes(bytes);
  EXPECT_EQ((*image)->build_id(), on_disk.uuid);
  EXPECT_THAT(SymbolsIn(contents, bytes), SizeIs(4));
  EXPECT_THAT(SymbolsIn(contents, bytes),
              UnorderedElementsAreArray(SymbolsIn(on_disk, file)));
  std::vector<uint64_t> starts;
  for (const uint64_t start : FunctionStarts(contents, bytes)) {
    starts.push_back(start - contents.header_vaddr);
  }
  EXPECT_EQ(starts, FunctionStarts(on_disk, file));
  // The pool of names is the cache's; of it only what is the image's is kept.
  EXPECT_LT(bytes.size(), file.size());
}

TEST(MachoInMemory, WithoutItsNamesItIsStillAnImage) {
  SharedCache cache;
  Bytes& headers = cache.headers();
  const size_t at = CommandAt(headers, macho::kSymbolTable);
  auto table = At<macho::SymbolTableCommand>(headers, at);
  table.names_offset = 0;
  Put(headers, at, table);
  const auto image = cache.Open();
  ASSERT_TRUE(image.ok()) << image.status();
  const absl::Span<const std::byte> bytes = (*image)->bytes();
  EXPECT_THAT(SymbolsIn(*ParseBytes(bytes), bytes), IsEmpty());
}

TEST(MachoInMemory, WhatCannotBeReadIsSaid) {
  SharedCache cache;
  cache.headers().pop_back();
  EXPECT_TRUE(absl::IsDataLoss(cache.Open().status()));
  cache.headers().clear();
  EXPECT_TRUE(absl::IsDataLoss(cache.Open().status()));
}

TEST(MachoInMemory, IsAModuleWhoseCodeIsReadFromMemory) {
  const SharedCache cache;
  const AddressRange code = {Address(kText), Address(kText + 0x2000)};
  ModuleMap modules;
  modules.Update({{.range = code,
                   .executable = true,
                   .path = "/usr/lib/libshapes.dylib",
                   .in_memory_image = Address(kText)}},
                 {}, [&](Address from, absl::Span<std::byte> into) {
                   return cache.Read(from, into);
                 });
  ASSERT_THAT(modules.modules(), SizeIs(1));
  const LoadedModule* const module = modules.Find(Address(kText + 0x3d0));
  ASSERT_THAT(module, NotNull());
  EXPECT_THAT(module->image, NotNull());
  EXPECT_FALSE(module->HasCode());
  EXPECT_EQ(module->module.load_bias, 0x1000000u);
  EXPECT_EQ(modules.CodeWithoutImage(Address(kText + 0x3d0)), code);
  EXPECT_THAT(modules.Find(Address(kLinkEdit)), IsNull());
}

}  // namespace
}  // namespace hubspy

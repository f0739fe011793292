#include "image/module_map.h"

#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <link.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "model/machine.h"

namespace hubspy {
namespace {

using ::testing::IsEmpty;
using ::testing::IsNull;
using ::testing::NotNull;
using ::testing::SizeIs;

const char kSelf[] = "/proc/self/exe";

// This program's code, as the kernel would list it at load bias `bias`.
Mapping CodeAt(uint64_t bias) {
  const std::shared_ptr<const Image> image = *Image::Open(kSelf, "self");
  for (const Segment& segment : image->segments()) {
    if (!segment.executable) continue;
    const uint64_t into_page = segment.vaddr % 4096;
    const uint64_t begin = bias + segment.vaddr - into_page;
    const uint64_t size = (segment.memory_size + into_page + 4095) & ~4095ull;
    return {.range = {Address(begin), Address(begin + size)},
            .file_offset = segment.file_offset - into_page,
            .readable = true,
            .executable = true,
            .device = 1,
            .inode = 2,
            .path = "/bin/self",
            .open_path = kSelf};
  }
  return {};
}

Mapping Anonymous(uint64_t begin, uint64_t end) {
  return {.range = {Address(begin), Address(end)},
          .readable = true,
          .executable = true};
}

TEST(ModuleMap, LoadBiasFollowsFromTheMapping) {
  ModuleMap modules;
  modules.Update({CodeAt(0x500000000000)}, {});
  ASSERT_THAT(modules.modules(), SizeIs(1));
  const LoadedModule& module = modules.modules()[0];
  EXPECT_EQ(module.module.load_bias, 0x500000000000u);
  EXPECT_EQ(module.module.path, "/bin/self");
  EXPECT_EQ(module.module.build_id, module.image->build_id());
  EXPECT_EQ(module.module.range.begin.value(),
            0x500000000000 + module.image->vaddr_begin());
}

TEST(ModuleMap, PartOfASegmentTellsTheSame) {
  Mapping part = CodeAt(0x500000000000);
  part.range.begin = part.range.begin + 4096;
  part.file_offset += 4096;
  ModuleMap modules;
  modules.Update({part}, {});
  EXPECT_EQ(modules.modules()[0].module.load_bias, 0x500000000000u);
}

TEST(ModuleMap, FindKnowsBeginAndEnd) {
  ModuleMap modules;
  modules.Update({CodeAt(0x500000000000)}, {});
  const AddressRange range = modules.modules()[0].module.range;
  EXPECT_THAT(modules.Find(range.begin), NotNull());
  EXPECT_THAT(modules.Find(range.end - 1), NotNull());
  EXPECT_THAT(modules.Find(range.end), IsNull());
  EXPECT_THAT(modules.Find(range.begin - 1), IsNull());
}

TEST(ModuleMap, SameFileTwiceIsTwoModulesOfOneImage) {
  ModuleMap modules;
  modules.Update({CodeAt(0x600000000000), CodeAt(0x500000000000)}, {});
  ASSERT_THAT(modules.modules(), SizeIs(2));
  EXPECT_LT(modules.modules()[0].module.range.begin,
            modules.modules()[1].module.range.begin);
  EXPECT_EQ(modules.modules()[0].image, modules.modules()[1].image);
}

TEST(ModuleMap, ImagesAreOpenedOnce) {
  ModuleMap modules;
  modules.Update({CodeAt(0x500000000000)}, {});
  const std::shared_ptr<const Image> image = modules.modules()[0].image;
  modules.Update({CodeAt(0x500000000000)}, {});
  EXPECT_EQ(modules.modules()[0].image, image);
}

TEST(ModuleMap, UnloadedModuleIsStillKnown) {
  ModuleMap modules;
  modules.Update({CodeAt(0x500000000000)}, {});
  const Address inside = modules.modules()[0].module.range.begin + 8;
  modules.Update({CodeAt(0x600000000000)}, {});
  EXPECT_THAT(modules.modules(), SizeIs(2));
  EXPECT_THAT(modules.Find(inside), NotNull());
}

TEST(ModuleMap, UnloadedModuleGivesWayToOtherCode) {
  ModuleMap modules;
  modules.Update({CodeAt(0x500000000000)}, {});
  const AddressRange range = modules.modules()[0].module.range;
  modules.Update({Anonymous(range.begin.value(), range.end.value())}, {});
  EXPECT_THAT(modules.Find(range.begin), IsNull());
}

TEST(ModuleMap, AFileThatIsNotWhatTheMemoryHoldsIsNotUsed) {
  const uint64_t kBias = 0x500000000000;
  const std::shared_ptr<const Image> image = *Image::Open(kSelf, "self");
  const auto load = [&](MemoryReader memory) {
    Mapping code = CodeAt(kBias);
    Mapping head = code;
    head.executable = false;
    head.range = {Address(kBias), code.range.begin};
    head.file_offset = 0;
    ModuleMap modules;
    modules.Update({head, code}, {}, memory);
    return modules.modules()[0];
  };
  const auto same = [&](Address from, absl::Span<std::byte> into) {
    // The first segment is loaded as it lies in the file.
    const auto bytes = image->bytes().subspan(from.value() - kBias);
    std::copy_n(bytes.begin(), into.size(), into.begin());
    return into.size();
  };
  EXPECT_THAT(load(same).image, NotNull());
  EXPECT_TRUE(load(same).image_status.ok());
  EXPECT_THAT(load(NoMemory).image, NotNull());

  const auto other = [&](Address from, absl::Span<std::byte> into) {
    same(from, into);
    into.back() ^= std::byte{1};
    return into.size();
  };
  const LoadedModule changed = load(other);
  EXPECT_THAT(changed.image, IsNull());
  EXPECT_THAT(changed.module.build_id, IsEmpty());
  EXPECT_EQ(changed.image_status.message(),
            "/bin/self was changed on disk after it was loaded");
}

// Its code but for the file's first page, which on some machines is code, too.
Mapping CodeBehindHeader(uint64_t bias) {
  constexpr uint64_t kPage = 4096;
  Mapping code = CodeAt(bias);
  if (code.file_offset == 0) {
    code.file_offset = kPage;
    code.range.begin = code.range.begin + kPage;
  }
  return code;
}

// This program at 0x500000000000 with its text on pages of no file, and with
// `spoilt` bytes of that other than in the file.
std::vector<LoadedModule> LoadWithMovedText(uint64_t spoilt) {
  const uint64_t kBias = 0x500000000000;
  const std::shared_ptr<const Image> image = *Image::Open(kSelf, "self");
  const Mapping text = CodeBehindHeader(kBias);
  Mapping head = text;
  head.executable = false;
  head.range = {Address(kBias), text.range.begin};
  head.file_offset = 0;
  const Mapping moved =
      Anonymous(text.range.begin.value(), text.range.end.value());
  const auto memory = [&](Address from, absl::Span<std::byte> into) {
    const Address spoilt_end = text.range.begin + spoilt;
    for (size_t i = 0; i < into.size(); ++i) {
      const Mapping& file = from < text.range.begin ? head : text;
      const auto offset = file.file_offset + (from + i - file.range.begin);
      into[i] = image->bytes()[offset];
      if (from + i >= text.range.begin && from + i < spoilt_end) {
        into[i] ^= std::byte{1};
      }
    }
    return into.size();
  };
  ModuleMap modules;
  modules.Update({head, moved}, {}, memory);
  EXPECT_FALSE(modules.WouldReplace({head, moved}));
  return modules.modules();
}

TEST(ModuleMap, TextThatWasMovedToOtherPagesIsStillItsModules) {
  const std::vector<LoadedModule> modules = LoadWithMovedText(0);
  ASSERT_THAT(modules, SizeIs(1));
  EXPECT_EQ(modules[0].module.path, "/bin/self");
  EXPECT_EQ(modules[0].module.load_bias, 0x500000000000u);
  EXPECT_THAT(modules[0].image, NotNull());
}

// As where the text is the file's first segment, and the next one begins at
// some larger page.
TEST(ModuleMap, TextThatWasMovedWithItsHeaderIsStillItsModules) {
  const uint64_t kBias = 0x500000000000;
  const std::shared_ptr<const Image> image = *Image::Open(kSelf, "self");
  const Segment& first = image->segments().front();
  const Segment& last = image->segments().back();
  const uint64_t begin = kBias + first.vaddr - first.file_offset;
  const Mapping text = CodeAt(kBias);
  const Mapping moved = Anonymous(begin, text.range.end.value());
  Mapping data = text;
  data.executable = false;
  const uint64_t page = 4096;
  data.range = {
      Address((kBias + last.vaddr) / page * page),
      Address((kBias + last.vaddr + last.file_size) / page * page) + page};
  data.file_offset = last.file_offset / page * page;
  ASSERT_GT(data.range.begin, moved.range.end);
  const auto memory = [&](Address from, absl::Span<std::byte> into) {
    for (size_t i = 0; i < into.size(); ++i) {
      into[i] = image->bytes()[from - Address(begin) + i];
    }
    return into.size();
  };
  ModuleMap modules;
  modules.Update({moved, data}, {}, memory);
  ASSERT_THAT(modules.modules(), SizeIs(1));
  EXPECT_EQ(modules.modules()[0].module.load_bias, kBias);
  // Far from there it is somebody else's.
  data.range = {data.range.begin + (4 << 20), data.range.end + (4 << 20)};
  ModuleMap others;
  others.Update({moved, data}, {}, memory);
  EXPECT_THAT(others.modules(), IsEmpty());
}

TEST(ModuleMap, OtherCodeBetweenAFilesMappingsIsNotIts) {
  EXPECT_THAT(LoadWithMovedText(~uint64_t{0} >> 8), IsEmpty());
  const Mapping text = CodeBehindHeader(0);
  EXPECT_THAT(LoadWithMovedText(text.range.size() / 8), IsEmpty());
}

TEST(ModuleMap, MemoryIsNotAskedWhereTheImageIsNotMapped) {
  ModuleMap modules;
  modules.Update({CodeBehindHeader(0x500000000000)}, {},
                 [](Address, absl::Span<std::byte> into) {
                   ADD_FAILURE();
                   return into.size();
                 });
  EXPECT_THAT(modules.modules()[0].image, NotNull());
}

TEST(ModuleMap, SaysWhyThereIsNoImage) {
  const auto status_of = [](const std::string& path) {
    Mapping mapping = CodeAt(0x500000000000);
    mapping.path = path;
    mapping.open_path = "";
    ModuleMap modules;
    modules.Update({mapping}, {});
    return modules.modules()[0].image_status;
  };
  EXPECT_TRUE(absl::IsNotFound(status_of("/usr/lib/libc.so.6")));
  EXPECT_TRUE(absl::IsInvalidArgument(status_of("/memfd:code")));
}

TEST(ModuleMap, CodeWhoseFileCannotBeOpenedIsAModuleWithoutImage) {
  Mapping mapping = CodeAt(0x500000000000);
  mapping.open_path = "/no/such/file";
  ModuleMap modules;
  modules.Update({mapping}, {});
  ASSERT_THAT(modules.modules(), SizeIs(1));
  EXPECT_EQ(modules.modules()[0].image, nullptr);
  EXPECT_EQ(modules.modules()[0].module.range, mapping.range);
}

TEST(ModuleMap, FilesThatAreOnlyReadAreNotOpened) {
  Mapping mapping = CodeAt(0x500000000000);
  mapping.executable = false;
  ModuleMap modules;
  modules.Update({mapping}, {});
  EXPECT_THAT(modules.modules(), SizeIs(0));
}

TEST(ModuleMap, VdsoComesFromItsBytes) {
  const auto image = *Image::Open(kSelf, "self");
  Mapping mapping = CodeAt(0x7fff00000000);
  mapping.inode = 0;
  mapping.open_path = "";
  mapping.path = "[vdso]";
  ModuleMap modules;
  modules.Update({mapping}, {});
  EXPECT_THAT(modules.modules(), SizeIs(0));
  modules.Update({mapping}, image->bytes());
  ASSERT_THAT(modules.modules(), SizeIs(1));
  EXPECT_EQ(modules.modules()[0].module.load_bias, 0x7fff00000000u);
  EXPECT_EQ(modules.modules()[0].image->name(), "[vdso]");
}

// A library of two segments, each of the file's one page.
struct TwoSegments {
  std::string name;
  uint64_t inode = 0;
  uint64_t code = 0;
  uint64_t data = 0;

  // Both, mapped at `bias`; code first.
  std::vector<Mapping> At(uint64_t bias) const {
    const Elf64_Phdr code_header = {.p_type = PT_LOAD,
                                    .p_flags = PF_R | PF_X,
                                    .p_vaddr = code,
                                    .p_filesz = 4096,
                                    .p_memsz = 4096};
    Elf64_Phdr data_header = code_header;
    data_header.p_flags = PF_R | PF_W;
    data_header.p_vaddr = data;
    const Elf64_Phdr headers[] = {code_header, data_header};
    Elf64_Ehdr header = {.e_type = ET_DYN,
                         .e_machine = kElfMachine,
                         .e_phoff = sizeof header,
                         .e_phentsize = sizeof code_header,
                         .e_phnum = 2};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    std::string bytes(4096, 0);
    std::memcpy(bytes.data(), &header, sizeof header);
    std::memcpy(bytes.data() + sizeof header, headers, sizeof headers);
    const std::string path = testing::TempDir() + name;
    std::ofstream(path, std::ios::binary) << bytes;
    Mapping code_mapping = {
        .range = {Address(bias + code), Address(bias + code + 4096)},
        .readable = true,
        .executable = true,
        .device = 1,
        .inode = inode,
        .path = name,
        .open_path = path};
    Mapping data_mapping = code_mapping;
    data_mapping.range = {Address(bias + data), Address(bias + data + 4096)};
    data_mapping.executable = false;
    return {code_mapping, data_mapping};
  }
};

// As ld.so's where it is linked for pages of 64 KiB, and the kernel's are less.
TEST(ModuleMap, OtherCodeInTheRoomBetweenSegmentsIsNotItsModules) {
  const uint64_t kBias = 0x500000000000;
  const uint64_t kApart = 1 << 30;
  const uint64_t kMiddle = kBias + kApart / 2;
  const TwoSegments outer[] = {
      {.name = "ld.so", .inode = 3, .data = kApart},
      {.name = "text_last", .inode = 3, .code = kApart}};
  const TwoSegments inner[] = {
      {.name = "inner", .inode = 4, .data = 4096},
      {.name = "inner_last", .inode = 4, .code = 4096}};
  const Mapping made = Anonymous(kBias + kApart / 4, kBias + kApart / 4 + 4096);
  for (const TwoSegments& around : outer) {
    for (const TwoSegments& between : inner) {
      std::vector<Mapping> mappings = around.At(kBias);
      const Address code = mappings[0].range.begin;
      ModuleMap alone;
      alone.Update(mappings, {});
      EXPECT_EQ(alone.Find(code)->module.range.size(), kApart + 4096);

      for (const Mapping& mapping : between.At(kMiddle)) {
        mappings.push_back(mapping);
      }
      mappings.push_back(made);
      std::sort(mappings.begin(), mappings.end(),
                [](const Mapping& a, const Mapping& b) {
                  return a.range.begin < b.range.begin;
                });
      ModuleMap modules;
      modules.Update(mappings, {});
      ASSERT_THAT(modules.Find(code), NotNull());
      EXPECT_EQ(modules.Find(code)->module.path, around.name);
      for (const uint64_t page : {kMiddle, kMiddle + 4096}) {
        ASSERT_THAT(modules.Find(Address(page)), NotNull());
        EXPECT_EQ(modules.Find(Address(page))->module.path, between.name);
      }
      EXPECT_THAT(modules.Find(made.range.begin), IsNull());
      EXPECT_EQ(modules.CodeWithoutImage(made.range.begin), made.range);
    }
  }
}

TEST(ModuleMap, TellsWhenOtherCodeWouldTakeAModulesPlace) {
  const Mapping code = CodeAt(0x500000000000);
  ModuleMap modules;
  EXPECT_FALSE(modules.WouldReplace({code}));
  modules.Update({code}, {});
  EXPECT_FALSE(modules.WouldReplace({code}));
  EXPECT_FALSE(modules.WouldReplace({})) << "unloaded";
  EXPECT_FALSE(modules.WouldReplace({code, CodeAt(0x600000000000)}));
  Mapping by_link = code;
  by_link.started_as = "/bin/link";
  ModuleMap linked;
  linked.Update({by_link}, {});
  EXPECT_FALSE(linked.WouldReplace({by_link}));
  Mapping other = code;
  other.path = "/lib/other.so";
  EXPECT_TRUE(modules.WouldReplace({other}));
  EXPECT_TRUE(modules.WouldReplace(
      {Anonymous(code.range.begin.value(), code.range.end.value())}));
}

TEST(ModuleMap, MapsOfOneCacheShareImages) {
  const auto images = std::make_shared<ImageCache>();
  ModuleMap one(images);
  ModuleMap other(images);
  one.Update({CodeAt(0x500000000000)}, {});
  other.Update({CodeAt(0x600000000000)}, {});
  EXPECT_EQ(one.modules()[0].image, other.modules()[0].image);
}

}  // namespace
}  // namespace hubspy

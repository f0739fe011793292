// What comes from a macOS target as bytes: its list of images, its arguments,
// and what is said where it keeps itself closed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "target/darwin/arguments.h"
#include "target/darwin/image_list.h"
#include "target/darwin/refusal.h"

namespace hubspy {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

// Pieces of memory, with nothing between them.
class Pieces : public Memory {
 public:
  size_t Read(Address from, absl::Span<std::byte> into) const override {
    if (before_read) before_read(from);
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

  // 64-bit words, one after the other.
  void Words(uint64_t at, const std::vector<uint64_t>& words) {
    Put(at, words.data(), words.size() * sizeof(uint64_t));
  }
  void Text(uint64_t at, const std::string& text) {
    Put(at, text.c_str(), text.size() + 1);
  }
  void Put(uint64_t at, const void* bytes, size_t size) {
    const auto* const begin = static_cast<const std::byte*>(bytes);
    pieces_[at] = {begin, begin + size};
  }
  void Remove(uint64_t at) { pieces_.erase(at); }

  std::function<void(Address)> before_read;

 private:
  std::map<uint64_t, std::vector<std::byte>> pieces_;
};

constexpr uint64_t kInfos = 0x1000;
constexpr uint64_t kArray = 0x2000;

uint64_t TwoNumbers(uint32_t first, uint32_t second) {
  return first | uint64_t{second} << 32;
}

// dyld_all_image_infos of `version`, with `count` images.
void PutInfos(Pieces& memory, uint32_t count, uint64_t array = kArray,
              uint32_t version = 17, uint64_t changed_at = 5) {
  std::vector<uint64_t> words(25);
  words[0] = TwoNumbers(version, count);
  words[1] = array;
  words[4] = 0x7000;  // dyldImageLoadAddress
  words[23] = changed_at;
  words[24] = 0x3100;  // dyldPath
  memory.Words(kInfos, words);
}

Pieces TwoImages() {
  Pieces memory;
  PutInfos(memory, 2);
  memory.Words(kArray, {0x100000000, 0x3000, 0, 0x180000000, 0x3040, 0});
  memory.Text(0x3000, "/opt/bin/tool");
  memory.Text(0x3040, "/usr/lib/libSystem.B.dylib");
  memory.Text(0x3100, "/usr/lib/dyld");
  return memory;
}

TEST(ImageList, NamesEachImageAndDyldItself) {
  const Pieces memory = TwoImages();
  const auto list = ReadImageList(memory, Address(kInfos));
  ASSERT_TRUE(list.ok()) << list.status();
  ASSERT_THAT(list->images, SizeIs(3));
  EXPECT_EQ(list->images[0].header, Address(0x100000000));
  EXPECT_EQ(list->images[0].path, "/opt/bin/tool");
  EXPECT_EQ(list->images[1].path, "/usr/lib/libSystem.B.dylib");
  EXPECT_EQ(list->images[2].header, Address(0x7000));
  EXPECT_EQ(list->images[2].path, "/usr/lib/dyld");
  EXPECT_EQ(ReadImageListMark(memory, Address(kInfos)), list->mark);
}

TEST(ImageList, AnotherListHasAnotherMark) {
  Pieces memory = TwoImages();
  const uint64_t mark = ReadImageListMark(memory, Address(kInfos));
  PutInfos(memory, 2, kArray, 17, 6);
  EXPECT_NE(ReadImageListMark(memory, Address(kInfos)), mark);
}

TEST(ImageList, WhileDyldChangesItThereIsNone) {
  Pieces memory = TwoImages();
  PutInfos(memory, 2, 0);
  EXPECT_TRUE(
      absl::IsUnavailable(ReadImageList(memory, Address(kInfos)).status()));
  EXPECT_EQ(ReadImageListMark(memory, Address(kInfos)), 0u);
}

TEST(ImageList, WhatChangesMeanwhileIsReadAgain) {
  Pieces memory = TwoImages();
  int arrays_read = 0;
  memory.before_read = [&](Address at) {
    if (at == Address(kArray) && ++arrays_read == 1) {
      PutInfos(memory, 1, kArray, 17, 6);
    }
  };
  const auto list = ReadImageList(memory, Address(kInfos));
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_THAT(list->images, SizeIs(2));  // one, and dyld
  EXPECT_EQ(arrays_read, 2);
}

TEST(ImageList, GarbageIsRefused) {
  Pieces memory = TwoImages();
  PutInfos(memory, 0xffffffff);
  EXPECT_TRUE(
      absl::IsDataLoss(ReadImageList(memory, Address(kInfos)).status()));
  PutInfos(memory, 2, kArray, 14);
  EXPECT_TRUE(
      absl::IsDataLoss(ReadImageList(memory, Address(kInfos)).status()));
  EXPECT_TRUE(absl::IsDataLoss(ReadImageList(memory, Address(0x666)).status()));
  PutInfos(memory, 0, 0, 0, 0);
  EXPECT_TRUE(
      absl::IsUnavailable(ReadImageList(memory, Address(kInfos)).status()));
}

struct TestSegment {
  const char* name;
  uint64_t vaddr;
  uint64_t size;
  uint64_t file_offset;
  int32_t protection;
};

// mach_header_64 and its segment_command_64s.
void PutImage(Pieces& memory, uint64_t at,
              const std::vector<TestSegment>& segments, uint32_t flags = 0) {
  std::vector<std::byte> bytes(32 + 72 * segments.size());
  const auto put = [&](size_t offset, auto value) {
    std::memcpy(bytes.data() + offset, &value, sizeof value);
  };
  put(0, uint32_t{0xfeedfacf});
  put(16, static_cast<uint32_t>(segments.size()));
  put(20, static_cast<uint32_t>(72 * segments.size()));
  put(24, flags);
  size_t offset = 32;
  for (const TestSegment& segment : segments) {
    put(offset, uint32_t{0x19});
    put(offset + 4, uint32_t{72});
    std::memcpy(bytes.data() + offset + 8, segment.name,
                std::strlen(segment.name));
    put(offset + 24, segment.vaddr);
    put(offset + 32, segment.size);
    put(offset + 40, segment.file_offset);
    put(offset + 60, segment.protection);
    offset += 72;
  }
  memory.Put(at, bytes.data(), bytes.size());
}

TEST(MappingsOf, AreTheImagesSegmentsWhereTheyWereMoved) {
  Pieces memory;
  PutImage(memory, 0x104000000,
           {{"__PAGEZERO", 0, 0x100000000, 0, 0},
            {"__TEXT", 0x100000000, 0x4000, 0, 5},
            {"__DATA", 0x100004000, 0x8000, 0x4000, 3}});
  const std::vector<Mapping> mappings =
      MappingsOf({Address(0x104000000), "/opt/bin/tool"}, memory);
  ASSERT_THAT(mappings, SizeIs(2));
  const Mapping& text = mappings[0];
  EXPECT_EQ(text.range,
            (AddressRange{Address(0x104000000), Address(0x104004000)}));
  EXPECT_TRUE(text.executable);
  EXPECT_FALSE(text.writable);
  EXPECT_EQ(text.path, "/opt/bin/tool");
  EXPECT_EQ(text.in_memory_image, Address(0x104000000));
  const Mapping& data = mappings[1];
  EXPECT_EQ(data.range.begin, Address(0x104004000));
  EXPECT_EQ(data.file_offset, 0x4000u);
  EXPECT_FALSE(data.executable);
  EXPECT_TRUE(data.writable);
}

TEST(MappingsOf, InTheSharedCacheOnlyCodeIsAnImagesOwn) {
  Pieces memory;
  PutImage(memory, 0x19a000000,
           {{"__TEXT", 0x180000000, 0x4000, 0x555000, 5},
            {"__LINKEDIT", 0x1f0000000, 0x10000000, 0, 1}},
           0x80000000);
  const std::vector<Mapping> mappings =
      MappingsOf({Address(0x19a000000), "/usr/lib/libz.1.dylib"}, memory);
  ASSERT_THAT(mappings, SizeIs(1));
  EXPECT_EQ(mappings[0].range.begin, Address(0x19a000000));
}

TEST(MappingsOf, WhatIsNoImageHasNone) {
  Pieces memory;
  memory.Words(0x5000, std::vector<uint64_t>(64, 0x1234567812345678));
  EXPECT_THAT(MappingsOf({Address(0x5000), "x"}, memory), IsEmpty());
  EXPECT_THAT(MappingsOf({Address(0x9000), "x"}, memory), IsEmpty());
  // Its commands are not all there, and one ends behind the others.
  PutImage(memory, 0x6000, {{"__TEXT", 0, 0x4000, 0, 5}});
  const uint32_t too_long = 73;
  std::vector<std::byte> image(32 + 72);
  memory.Read(Address(0x6000), absl::MakeSpan(image));
  std::memcpy(image.data() + 32 + 4, &too_long, sizeof too_long);
  memory.Put(0x6000, image.data(), image.size());
  EXPECT_THAT(MappingsOf({Address(0x6000), "x"}, memory), IsEmpty());
}

TEST(MappingsOf, ASegmentThatWrapsIsLeftOut) {
  Pieces memory;
  PutImage(memory, 0x6000,
           {{"__TEXT", 0, 0x1000, 0, 5},
            {"__DATA", 0x1000, UINT64_MAX - 0x100, 0, 3}});
  EXPECT_THAT(MappingsOf({Address(0x6000), "x"}, memory), SizeIs(1));
}

std::string Arguments(int32_t count, const std::string& rest) {
  std::string bytes(sizeof count, '\0');
  std::memcpy(bytes.data(), &count, sizeof count);
  return bytes + rest;
}

TEST(ProcessArguments, AreThoseBehindThePath) {
  using namespace std::string_literals;
  EXPECT_EQ(ParseProcessArguments(
                Arguments(3, "/bin/tool\0\0\0\0tool\0-x\0a b\0HOME=/root\0"s)),
            "tool -x a b");
  EXPECT_EQ(ParseProcessArguments(Arguments(1, "/bin/tool\0\x1b[31m\0"s)),
            "?[31m");
}

TEST(ProcessArguments, WhatIsCutOffOrGarbageIsNoMore) {
  using namespace std::string_literals;
  EXPECT_EQ(ParseProcessArguments(""), "");
  EXPECT_EQ(ParseProcessArguments("abc"), "");
  EXPECT_EQ(ParseProcessArguments(Arguments(5, "/bin/tool")), "");
  EXPECT_EQ(ParseProcessArguments(Arguments(5, "/bin/tool\0to"s)), "to");
  EXPECT_EQ(ParseProcessArguments(Arguments(-1, "/bin/tool\0tool\0"s)), "");
}

TEST(DarwinRefusal, TellsTheThreeWaysOut) {
  const std::string text =
      ExplainRefusal({.pid = 7, .name = "redis-server", .our_user_id = 501});
  EXPECT_THAT(text,
              AllOf(HasSubstr("process 7 (redis-server)"), HasSubstr("sudo"),
                    HasSubstr("com.apple.security.cs.debugger"),
                    HasSubstr("tools/sign"), HasSubstr("get-task-allow")));
  EXPECT_THAT(text, Not(HasSubstr("\n")));
}

TEST(DarwinRefusal, RootIsNotToldToBecomeRoot) {
  EXPECT_THAT(ExplainRefusal({.pid = 7, .our_user_id = 0}),
              AllOf(Not(HasSubstr("sudo")), HasSubstr("cs.debugger")));
}

TEST(DarwinRefusal, NamesWhatTheTargetIs) {
  EXPECT_THAT(ExplainRefusal({.pid = 7,
                              .name = "Finder",
                              .our_user_id = 0,
                              .code_signing = kPlatformBinary}),
              AllOf(HasSubstr("System Integrity Protection"),
                    Not(HasSubstr("get-task-allow"))));
  EXPECT_THAT(
      ExplainRefusal(
          {.pid = 7, .our_user_id = 501, .code_signing = kHardenedRuntime}),
      AllOf(HasSubstr("hardened runtime"), HasSubstr("sudo")));
  EXPECT_THAT(
      ExplainRefusal({.pid = 7,
                      .our_user_id = 501,
                      .code_signing = kHardenedRuntime | kGetTaskAllow}),
      Not(HasSubstr("hardened runtime")));
}

}  // namespace
}  // namespace hubspy

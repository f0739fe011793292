#include "target/darwin/image_list.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <optional>
#include <type_traits>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"

namespace hubspy {
namespace {

// Large applications load some thousands.
constexpr uint32_t kMaxImages = 1 << 16;
constexpr size_t kMaxPath = 1024;  // PATH_MAX, sys/syslimits.h
constexpr uint32_t kMaxCommandBytes = 1 << 20;
constexpr int kAttempts = 5;

// The begin of dyld_all_image_infos, as it is since version 15 (macOS 10.12).
struct AllImageInfos {
  uint32_t version;
  uint32_t count;
  uint64_t array;  // 0 while dyld changes it
  uint64_t notification;
  uint8_t flags[8];  // processDetachedFromSharedRegion, libSystemInitialized
  uint64_t dyld_header;
  uint64_t not_needed[18];
  uint64_t changed_at;  // infoArrayChangeTimestamp
  uint64_t dyld_path;
};
static_assert(offsetof(AllImageInfos, dyld_header) == 32);
static_assert(offsetof(AllImageInfos, changed_at) == 184);
constexpr uint32_t kOldestVersion = 15;

struct ImageInfo {  // dyld_image_info
  uint64_t header;
  uint64_t path;
  uint64_t modified_at;
};

// mach-o/loader.h: mach_header_64, load_command, segment_command_64.
struct Header {
  uint32_t magic;
  uint32_t cpu_type;
  uint32_t cpu_subtype;
  uint32_t file_type;
  uint32_t command_count;
  uint32_t commands_size;
  uint32_t flags;
  uint32_t reserved;
};
struct Command {
  uint32_t command;
  uint32_t size;
};
struct Segment64 {
  Command command;
  char name[16];
  uint64_t vaddr;
  uint64_t memory_size;
  uint64_t file_offset;
  uint64_t file_size;
  int32_t most_protection;
  int32_t protection;
  uint32_t section_count;
  uint32_t flags;
};
constexpr uint32_t kMagic64 = 0xfeedfacf;        // MH_MAGIC_64
constexpr uint32_t kInSharedCache = 0x80000000;  // MH_DYLIB_IN_CACHE
constexpr uint32_t kSegment64 = 0x19;            // LC_SEGMENT_64
// mach/vm_prot.h
constexpr int32_t kRead = 1, kWrite = 2, kExecute = 4;

template <typename T>
std::optional<T> ReadValue(const Memory& memory, Address from) {
  static_assert(std::is_trivially_copyable_v<T>);
  T value;
  const auto into =
      absl::MakeSpan(reinterpret_cast<std::byte*>(&value), sizeof value);
  if (memory.Read(from, into) != into.size()) return std::nullopt;
  return value;
}

// Up to its NUL; empty where there is none to be read.
std::string ReadPath(const Memory& memory, Address from) {
  if (!from) return "";
  char text[kMaxPath];
  const size_t size = memory.Read(
      from, absl::MakeSpan(reinterpret_cast<std::byte*>(text), sizeof text));
  const size_t length = strnlen(text, size);
  return length == size ? "" : std::string(text, length);
}

uint64_t MarkOf(const AllImageInfos& infos) {
  // dyld counts the time of each change; the other two are for a list that was
  // only begun when that was read.
  return infos.changed_at * 31 + infos.array + infos.count;
}

absl::StatusOr<AllImageInfos> ReadInfos(const Memory& memory, Address at) {
  const auto infos = ReadValue<AllImageInfos>(memory, at);
  if (!infos) {
    return absl::DataLossError("dyld's list of images cannot be read");
  }
  if (infos->version == 0) {
    return absl::UnavailableError("dyld has not begun yet");
  }
  if (infos->version < kOldestVersion || infos->count > kMaxImages) {
    return absl::DataLossError(absl::StrCat(
        "dyld's list of images is of version ", infos->version, ", with ",
        infos->count, " of them: nothing that hubspy knows"));
  }
  return *infos;
}

}  // namespace

uint64_t ReadImageListMark(const Memory& memory, Address infos) {
  const absl::StatusOr<AllImageInfos> read = ReadInfos(memory, infos);
  return read.ok() && read->array != 0 ? MarkOf(*read) : 0;
}

absl::StatusOr<ImageList> ReadImageList(const Memory& memory, Address infos) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const absl::StatusOr<AllImageInfos> before = ReadInfos(memory, infos);
    if (!before.ok()) return before.status();
    if (before->array == 0) continue;
    std::vector<ImageInfo> entries(before->count);
    const auto bytes =
        absl::MakeSpan(reinterpret_cast<std::byte*>(entries.data()),
                       entries.size() * sizeof(ImageInfo));
    if (memory.Read(Address(before->array), bytes) != bytes.size()) continue;
    ImageList list{.mark = MarkOf(*before)};
    for (const ImageInfo& entry : entries) {
      list.images.push_back(
          {Address(entry.header), ReadPath(memory, Address(entry.path))});
    }
    if (before->dyld_header != 0) {
      std::string path = ReadPath(memory, Address(before->dyld_path));
      if (path.empty()) path = "/usr/lib/dyld";
      list.images.push_back({Address(before->dyld_header), std::move(path)});
    }
    // Paths of images that were unloaded meanwhile may be anything.
    if (ReadImageListMark(memory, infos) == list.mark) return list;
  }
  return absl::UnavailableError("dyld is changing its list of images");
}

std::vector<Mapping> MappingsOf(const ListedImage& image,
                                const Memory& memory) {
  std::vector<Mapping> mappings;
  const auto header = ReadValue<Header>(memory, image.header);
  if (!header || header->magic != kMagic64 ||
      header->commands_size > kMaxCommandBytes) {
    return mappings;
  }
  std::vector<std::byte> commands(header->commands_size);
  commands.resize(
      memory.Read(image.header + sizeof(Header), absl::MakeSpan(commands)));
  const bool in_cache = (header->flags & kInSharedCache) != 0;
  std::optional<uint64_t> slide;
  size_t at = 0;
  for (uint32_t i = 0; i < header->command_count; ++i) {
    Command command;
    if (commands.size() - at < sizeof command) break;
    std::memcpy(&command, commands.data() + at, sizeof command);
    if (command.size < sizeof command || command.size > commands.size() - at) {
      break;
    }
    Segment64 segment;
    if (command.command == kSegment64 && command.size >= sizeof segment) {
      std::memcpy(&segment, commands.data() + at, sizeof segment);
      const bool is_text = strncmp(segment.name, "__TEXT", 16) == 0;
      // The header is the begin of __TEXT, and that of what follows.
      if (is_text) slide = image.header.value() - segment.vaddr;
      const bool executable = (segment.protection & kExecute) != 0;
      const bool wanted = segment.protection != 0 && slide &&
                          segment.memory_size != 0 && (executable || !in_cache);
      const Address begin(segment.vaddr + slide.value_or(0));
      const Address end = begin + segment.memory_size;
      if (wanted && begin < end) {
        mappings.push_back({.range = {begin, end},
                            .file_offset = in_cache ? 0 : segment.file_offset,
                            .readable = (segment.protection & kRead) != 0,
                            .writable = (segment.protection & kWrite) != 0,
                            .executable = executable,
                            .path = image.path,
                            .in_memory_image = image.header});
      }
    }
    at += command.size;
  }
  return mappings;
}

}  // namespace hubspy

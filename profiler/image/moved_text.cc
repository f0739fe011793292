#include "image/moved_text.h"

#include <elf.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>

#include "model/page_size.h"

namespace hubspy {
namespace {

constexpr size_t kPlaces = 64;
constexpr size_t kBytesAPlace = 32;

// Segments begin at multiples of a page, of whatever size it may be: of up to
// 64 KiB on aarch64, and 2 MiB where linkers align for huge ones. Less than
// that lies between them.
constexpr uint64_t kMostBetweenSegments = 2 << 20;

bool BeginsWithElfHeader(const Mapping& mapping, MemoryReader memory) {
  std::array<std::byte, SELFMAG> magic;
  return memory(mapping.range.begin, absl::MakeSpan(magic)) == SELFMAG &&
         std::memcmp(magic.data(), ELFMAG, SELFMAG) == 0;
}

// Where the text is the file's first segment, its header may have moved along.
bool HasElfHeader(const Mapping& file, const Mapping& code,
                  const std::vector<Mapping>& mappings, MemoryReader memory) {
  return std::any_of(mappings.begin(), mappings.end(),
                     [&](const Mapping& mapping) {
                       return SameFile(mapping, file) &&
                              mapping.file_offset == 0 &&
                              BeginsWithElfHeader(mapping, memory);
                     }) ||
         BeginsWithElfHeader(code, memory);
}

bool HoldsSegment(const Segment& segment, uint64_t bias, const Mapping& code,
                  const Image& image, MemoryReader memory) {
  const Address loaded(segment.vaddr + bias);
  const Address begin = std::max(code.range.begin, loaded);
  const Address end = std::min(code.range.end, loaded + segment.file_size);
  if (end <= begin || end - begin < kBytesAPlace) return false;
  const uint64_t step =
      std::max<uint64_t>((end - begin - kBytesAPlace) / kPlaces, 1);
  for (Address at = begin; at + kBytesAPlace <= end; at = at + step) {
    const uint64_t offset = segment.file_offset + (at - loaded);
    if (offset > image.bytes().size() ||
        image.bytes().size() - offset < kBytesAPlace) {
      return false;
    }
    std::array<std::byte, kBytesAPlace> bytes;
    if (memory(at, absl::MakeSpan(bytes)) != bytes.size() ||
        !std::equal(
            bytes.begin(), bytes.end(),
            image.bytes().begin() + static_cast<std::ptrdiff_t>(offset))) {
      return false;
    }
  }
  return true;
}

}  // namespace

const Mapping* FileAround(const Mapping& code,
                          const std::vector<Mapping>& mappings,
                          MemoryReader memory) {
  const auto at = std::lower_bound(
      mappings.begin(), mappings.end(), code.range.begin,
      [](const Mapping& m, Address begin) { return m.range.begin < begin; });
  if (at == mappings.end() || at->range != code.range) return nullptr;
  const auto candidate = [&](const Mapping& m, uint64_t between) {
    return between < kMostBetweenSegments && m.inode != 0 &&
           !m.open_path.empty() && HasElfHeader(m, code, mappings, memory);
  };
  if (at != mappings.begin()) {
    const Mapping& below = *std::prev(at);
    if (candidate(below, code.range.begin - below.range.end)) return &below;
  }
  if (std::next(at) != mappings.end()) {
    const Mapping& above = *std::next(at);
    if (candidate(above, above.range.begin - code.range.end)) return &above;
  }
  return nullptr;
}

std::optional<uint64_t> MovedTextBias(const Mapping& code, const Mapping& file,
                                      const Image& image, MemoryReader memory) {
  for (const Segment& shown : image.segments()) {
    const uint64_t first_page = shown.file_offset & ~(PageSize() - 1);
    // Two segments may share a page of the file: each may be the one.
    if (file.file_offset < first_page ||
        file.file_offset >= shown.file_offset + shown.file_size) {
      continue;
    }
    const uint64_t bias = file.range.begin.value() - file.file_offset +
                          shown.file_offset - shown.vaddr;
    for (const Segment& segment : image.segments()) {
      if (segment.executable &&
          HoldsSegment(segment, bias, code, image, memory)) {
        return bias;
      }
    }
  }
  return std::nullopt;
}

}  // namespace hubspy

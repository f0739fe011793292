// Any bytes as a Mach-O file, of either machine, as a fat one, and as memory.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "image/image.h"
#include "image/macho_format.h"
#include "image/macho_functions.h"
#include "image/macho_memory.h"
#include "image/macho_parser.h"
#include "image/macho_symbols.h"
#include "image/read_at.h"

namespace {

using hubspy::ImageRange;

void Check(bool holds) {
  if (!holds) std::abort();
}

void TryAll(absl::Span<const std::byte> bytes) {
  const auto read = [bytes](uint64_t offset, absl::Span<std::byte> into) {
    return hubspy::CopyAt(bytes, offset, into);
  };
  for (const uint32_t cpu :
       {hubspy::macho::kCpuX86_64, hubspy::macho::kCpuArm64}) {
    const auto slice = hubspy::ChooseSlice(read, bytes.size(), cpu);
    if (!slice.ok()) continue;
    Check(hubspy::Inside(slice->offset, slice->size, bytes.size()));
    const auto image = bytes.subspan(slice->offset, slice->size);
    const auto contents = hubspy::ParseMacho(
        [image](uint64_t offset, absl::Span<std::byte> into) {
          return hubspy::CopyAt(image, offset, into);
        },
        image.size());
    if (!contents.ok()) continue;
    for (const hubspy::MachoSection& section : contents->sections) {
      Check(section.range.begin <= section.range.end);
      Check(!section.bytes ||
            hubspy::Inside(section.bytes->offset, section.bytes->size,
                           image.size()));
    }
    volatile size_t sum = 0;
    for (const auto& symbol : hubspy::CodeSymbols(*contents, image)) {
      Check(symbol.vaddr < symbol.section_end);
      for (const char letter : symbol.name) sum = sum + letter;
    }
    uint64_t last = 0;
    for (const uint64_t start : hubspy::FunctionStarts(*contents, image)) {
      Check(contents->code.Contains(start) && (last == 0 || last < start));
      last = start;
    }
  }
}

// The bytes as memory that holds an image: where those of the corpus are linked
// for.
void TryInMemory(absl::Span<const std::byte> bytes) {
  constexpr uint64_t kBegin = 0x1000;
  const auto image = hubspy::MachoImageInMemory(
      hubspy::Address(kBegin),
      [bytes](hubspy::Address from, absl::Span<std::byte> into) -> size_t {
        const uint64_t offset = from.value() - kBegin;
        if (offset >= bytes.size()) return 0;
        const size_t part =
            std::min<size_t>(into.size(), bytes.size() - offset);
        hubspy::CopyAt(bytes, offset, into.first(part));
        return part;
      },
      "fuzz");
  if (image.ok()) TryAll((*image)->bytes());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::Span<const std::byte> bytes(
      reinterpret_cast<const std::byte*>(data), size);
  TryAll(bytes);
  TryInMemory(bytes);
  // All of the shadow that stands for bytes of the file can be read.
  const auto image = hubspy::Image::FromBytes(bytes, "fuzz");
  if (!image.ok()) return 0;
  const auto bias = (*image)->ShadowBias();
  if (!bias.ok()) return 0;
  volatile uint8_t sum = 0;
  for (const hubspy::Segment& segment : (*image)->segments()) {
    Check(segment.vaddr >= (*image)->vaddr_begin() &&
          segment.vaddr + segment.memory_size <= (*image)->vaddr_end());
    for (uint64_t i = 0; i < segment.file_size; i += 512) {
      sum = sum ^ *reinterpret_cast<const uint8_t*>(*bias + segment.vaddr + i);
    }
  }
  return 0;
}

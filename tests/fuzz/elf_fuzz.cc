// Any bytes as an executable file.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "image/image.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto image = hubspy::Image::FromBytes(
      {reinterpret_cast<const std::byte*>(data), size}, "fuzz");
  if (!image.ok()) return 0;
  for (const hubspy::Segment& segment : (*image)->segments()) {
    const bool inside_file = segment.file_offset <= size &&
                             segment.file_size <= size - segment.file_offset;
    const bool inside_image =
        segment.vaddr >= (*image)->vaddr_begin() &&
        segment.vaddr + segment.memory_size <= (*image)->vaddr_end();
    if (!inside_file || !inside_image) std::abort();
  }
  // All of the shadow that stands for bytes of the file can be read.
  const auto bias = (*image)->ShadowBias();
  if (!bias.ok()) return 0;
  volatile uint8_t sum = 0;
  for (const hubspy::Segment& segment : (*image)->segments()) {
    for (uint64_t i = 0; i < segment.file_size; i += 512) {
      sum = sum ^ *reinterpret_cast<const uint8_t*>(*bias + segment.vaddr + i);
    }
  }
  return 0;
}

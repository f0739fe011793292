#include "symbolize/image_symbols.h"

#include <algorithm>

#include "image/macho_parser.h"
#include "symbolize/elf_image_symbols.h"
#include "symbolize/macho_image_symbols.h"

namespace hubspy {

std::unique_ptr<ImageSymbols> ImageSymbols::Of(
    std::shared_ptr<const Image> image) {
  if (IsMacho(image->bytes())) {
    return std::make_unique<MachoImageSymbols>(std::move(image));
  }
  return std::make_unique<ElfImageSymbols>(std::move(image));
}

std::vector<ImageRange> Disjoint(
    std::vector<std::pair<uint64_t, uint64_t>> ranges) {
  std::sort(ranges.begin(), ranges.end());
  std::vector<ImageRange> disjoint;
  for (auto [begin, end] : ranges) {
    if (!disjoint.empty()) begin = std::max(begin, disjoint.back().end);
    if (begin < end) disjoint.push_back({begin, end});
  }
  return disjoint;
}

}  // namespace hubspy

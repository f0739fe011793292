// All that is known of one image's addresses, from whatever sources there are.
#ifndef HUBSPY_SYMBOLIZE_IMAGE_SYMBOLS_H_
#define HUBSPY_SYMBOLIZE_IMAGE_SYMBOLS_H_

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "image/image.h"
#include "symbolize/dwarf_names.h"

namespace hubspy {

class ImageSymbols {
 public:
  // Reads the image's bytes, not its path: the process that the path leads
  // through may be gone by now.
  static std::unique_ptr<ImageSymbols> Of(std::shared_ptr<const Image> image);

  virtual ~ImageSymbols() = default;

  // Innermost first; `vaddr` in the image's own numbering. Empty when nothing
  // is known.
  virtual std::vector<SourceFrame> FramesAt(uint64_t vaddr) = 0;

  // The code of the function that holds `vaddr`; sorted and disjoint. Empty
  // when that is not known, as of a stub.
  virtual std::vector<ImageRange> FunctionRangesAt(uint64_t vaddr) = 0;
};

// What of such ranges, [begin, end) each, remains in order and disjoint.
std::vector<ImageRange> Disjoint(
    std::vector<std::pair<uint64_t, uint64_t>> ranges);

}  // namespace hubspy

#endif  // HUBSPY_SYMBOLIZE_IMAGE_SYMBOLS_H_

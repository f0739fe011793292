// What is known of a Mach-O image's addresses: by the DWARF of its dSYM, by its
// symbol table, and by its list of functions.
//
// Of a function without a name all samples should still be one line: it is
// called after the place where it begins, "libz.1.dylib+0x1234".
#ifndef HUBSPY_SYMBOLIZE_MACHO_IMAGE_SYMBOLS_H_
#define HUBSPY_SYMBOLIZE_MACHO_IMAGE_SYMBOLS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "image/image.h"
#include "symbolize/dwarf_names.h"
#include "symbolize/image_symbols.h"
#include "symbolize/macho_debug_file.h"
#include "symbolize/macho_names.h"
#include "symbolize/split_units.h"

namespace hubspy {

class MachoImageSymbols : public ImageSymbols {
 public:
  explicit MachoImageSymbols(std::shared_ptr<const Image> image);

  std::vector<SourceFrame> FramesAt(uint64_t vaddr) override;
  std::vector<ImageRange> FunctionRangesAt(uint64_t vaddr) override;

 private:
  // In the order in which they refer to each other.
  std::shared_ptr<const Image> image_;
  std::unique_ptr<MachoDebugFile> debug_file_;
  std::unique_ptr<SplitUnits> split_units_;
  std::unique_ptr<DwarfNames> dwarf_names_;
  std::optional<MachoNames> names_;  // absent: the image cannot be read
};

}  // namespace hubspy

#endif  // HUBSPY_SYMBOLIZE_MACHO_IMAGE_SYMBOLS_H_

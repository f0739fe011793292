// All that is known of one image's addresses, from whatever sources there are.
#ifndef HUBSPY_SYMBOLIZE_IMAGE_SYMBOLS_H_
#define HUBSPY_SYMBOLIZE_IMAGE_SYMBOLS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "image/image.h"
#include "symbolize/debug_file.h"
#include "symbolize/debug_sections.h"
#include "symbolize/dwarf_names.h"
#include "symbolize/elf_handles.h"
#include "symbolize/elf_symbols.h"
#include "symbolize/mini_debug_info.h"
#include "symbolize/plt.h"
#include "symbolize/split_units.h"

namespace hubspy {

class ImageSymbols {
 public:
  // Reads the image's bytes, not its path: the process that the path leads
  // through may be gone by now.
  explicit ImageSymbols(std::shared_ptr<const Image> image);

  // Innermost first; `vaddr` in the image's own numbering. Empty when nothing
  // is known.
  std::vector<SourceFrame> FramesAt(uint64_t vaddr);

  // The code of the function that holds `vaddr`; sorted and disjoint. Empty
  // when that is not known, as of a stub.
  std::vector<ImageRange> FunctionRangesAt(uint64_t vaddr);

 private:
  void OpenDwarf();

  // In the order in which they refer to each other: destroyed from the end.
  std::shared_ptr<const Image> image_;
  ElfHandle elf_;
  std::unique_ptr<DebugFile> debug_file_;
  std::unique_ptr<DebugFile> shared_file_;
  std::unique_ptr<DwarfFile> shared_dwarf_;
  std::unique_ptr<DwarfFile> dwarf_;
  std::unique_ptr<SplitUnits> split_units_;
  std::unique_ptr<DwarfNames> dwarf_names_;
  std::unique_ptr<MiniDebugInfo> mini_;  // only for want of a debug file
  ElfSymbols symbols_;
  std::optional<PltStubs> stubs_;
};

}  // namespace hubspy

#endif  // HUBSPY_SYMBOLIZE_IMAGE_SYMBOLS_H_

// What is known of an ELF image's addresses: by its DWARF or that of its debug
// file, its symbol tables and its stubs.
#ifndef HUBSPY_SYMBOLIZE_ELF_IMAGE_SYMBOLS_H_
#define HUBSPY_SYMBOLIZE_ELF_IMAGE_SYMBOLS_H_

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
#include "symbolize/image_symbols.h"
#include "symbolize/mini_debug_info.h"
#include "symbolize/plt.h"
#include "symbolize/split_units.h"

namespace hubspy {

class ElfImageSymbols : public ImageSymbols {
 public:
  explicit ElfImageSymbols(std::shared_ptr<const Image> image);

  std::vector<SourceFrame> FramesAt(uint64_t vaddr) override;
  std::vector<ImageRange> FunctionRangesAt(uint64_t vaddr) override;

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

#endif  // HUBSPY_SYMBOLIZE_ELF_IMAGE_SYMBOLS_H_

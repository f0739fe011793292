// The symbols that a stripped image still carries: MiniDebugInfo, an ELF file
// compressed with xz in the section .gnu_debugdata (GDB manual, section
// "Debugging information in a special section"). Fedora's packages have it.
//
//   std::unique_ptr<MiniDebugInfo> mini = MiniDebugInfo::Of(elf);
//   if (mini != nullptr) symbols.Add(mini->elf());
//
// The surprising part: a few hundred bytes of xz can stand for gigabytes. What
// inflates beyond kMaxMiniDebugInfo is taken for no MiniDebugInfo at all.
#ifndef HUBSPY_SYMBOLIZE_MINI_DEBUG_INFO_H_
#define HUBSPY_SYMBOLIZE_MINI_DEBUG_INFO_H_

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "symbolize/elf_handles.h"

namespace hubspy {

// The largest there are (a browser's) inflate to some ten MB.
inline constexpr size_t kMaxMiniDebugInfo = size_t{256} << 20;

class MiniDebugInfo {
 public:
  // Null when `elf` has none that can be read.
  static std::unique_ptr<MiniDebugInfo> Of(Elf* elf);

  Elf* elf() const { return elf_.get(); }

 private:
  explicit MiniDebugInfo(std::string bytes);

  std::string bytes_;  // what elf_ reads
  ElfHandle elf_;
};

}  // namespace hubspy

#endif  // HUBSPY_SYMBOLIZE_MINI_DEBUG_INFO_H_

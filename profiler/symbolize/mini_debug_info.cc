#include "symbolize/mini_debug_info.h"

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "symbolize/elf_section.h"
#include "symbolize/inflate.h"

namespace hubspy {
std::unique_ptr<MiniDebugInfo> MiniDebugInfo::Of(Elf* elf) {
  const absl::string_view section = RawSection(elf, ".gnu_debugdata");
  if (section.empty()) return nullptr;
  absl::StatusOr<std::string> bytes = InflateXz(section, kMaxMiniDebugInfo);
  // An image without it has the rest of its names still.
  if (!bytes.ok() || bytes->empty()) return nullptr;
  std::unique_ptr<MiniDebugInfo> mini(new MiniDebugInfo(*std::move(bytes)));
  return elf_kind(mini->elf()) == ELF_K_ELF ? std::move(mini) : nullptr;
}

MiniDebugInfo::MiniDebugInfo(std::string bytes)
    : bytes_(std::move(bytes)),
      elf_(elf_memory(bytes_.data(), bytes_.size())) {}

}  // namespace hubspy

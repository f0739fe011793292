#include "symbolize/elf_image_symbols.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "symbolize/demangle.h"

namespace hubspy {
namespace {

// libelf takes bytes as writable but, opened like this, only reads them.
ElfHandle OpenBytes(absl::Span<const std::byte> bytes) {
  elf_version(EV_CURRENT);
  if (bytes.empty()) return nullptr;
  auto* begin = const_cast<std::byte*>(bytes.data());
  return ElfHandle(elf_memory(reinterpret_cast<char*>(begin), bytes.size()));
}

}  // namespace

ElfImageSymbols::ElfImageSymbols(std::shared_ptr<const Image> image)
    : image_(std::move(image)), elf_(OpenBytes(image_->bytes())) {
  if (elf_ == nullptr || elf_kind(elf_.get()) != ELF_K_ELF) return;
  OpenDwarf();
  symbols_.Add(elf_.get());
  if (debug_file_ != nullptr) {
    symbols_.Add(debug_file_->elf());
  } else {
    mini_ = MiniDebugInfo::Of(elf_.get());
    if (mini_ != nullptr) symbols_.Add(mini_->elf());
  }
  symbols_.Sort();
  stubs_.emplace(elf_.get());
}

void ElfImageSymbols::OpenDwarf() {
  std::string path = image_->open_path();
  dwarf_ = DwarfFile::Of(elf_.get());
  if (dwarf_ == nullptr) {
    debug_file_ = FindDebugFile(elf_.get(), *image_);
    if (debug_file_ == nullptr) return;
    path = debug_file_->path();
    dwarf_ = DwarfFile::Of(debug_file_->elf());
    if (dwarf_ == nullptr) return;
  }
  Elf* elf = debug_file_ == nullptr ? elf_.get() : debug_file_->elf();
  shared_file_ = FindSharedFile(elf, *image_, path);
  if (shared_file_ != nullptr) {
    shared_dwarf_ = DwarfFile::Of(shared_file_->elf());
    if (shared_dwarf_ != nullptr) {
      dwarf_setalt(dwarf_->dwarf(), shared_dwarf_->dwarf());
    }
  }
  split_units_ = std::make_unique<SplitUnits>(
      *image_, debug_file_ == nullptr ? "" : path, dwarf_->sections());
  dwarf_names_ = std::make_unique<DwarfNames>(dwarf_->dwarf(), *split_units_);
}

std::vector<SourceFrame> ElfImageSymbols::FramesAt(uint64_t vaddr) {
  std::vector<SourceFrame> frames;
  if (dwarf_names_ != nullptr) frames = dwarf_names_->FramesAt(vaddr);
  if (!frames.empty() && !frames.back().function.empty()) return frames;

  // Assembly has lines, and no functions but its symbols.
  absl::string_view symbol = symbols_.Find(vaddr);
  std::string name = Demangle(symbol);
  if (symbol.empty() && stubs_) {
    symbol = stubs_->Find(vaddr);
    if (!symbol.empty()) name = absl::StrCat(Demangle(symbol), "@plt");
  }
  if (symbol.empty()) return {};
  if (frames.empty()) frames.emplace_back();
  frames.back().function = std::move(name);
  return frames;
}

std::vector<ImageRange> ElfImageSymbols::FunctionRangesAt(uint64_t vaddr) {
  std::vector<std::pair<uint64_t, uint64_t>> found;
  if (dwarf_names_ != nullptr) found = dwarf_names_->FunctionRangesAt(vaddr);
  if (found.empty()) {
    if (const auto range = symbols_.FindRange(vaddr)) found.push_back(*range);
  }
  return Disjoint(std::move(found));
}

}  // namespace hubspy

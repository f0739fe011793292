#include "symbolize/macho_image_symbols.h"

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "image/macho_parser.h"
#include "image/read_at.h"
#include "symbolize/demangle.h"

namespace hubspy {

MachoImageSymbols::MachoImageSymbols(std::shared_ptr<const Image> image)
    : image_(std::move(image)) {
  const absl::Span<const std::byte> bytes = image_->bytes();
  const absl::StatusOr<MachoContents> contents = ParseMacho(
      [&](uint64_t offset, absl::Span<std::byte> into) {
        return CopyAt(bytes, offset, into);
      },
      bytes.size());
  if (!contents.ok()) return;
  names_.emplace(*contents, bytes);
  debug_file_ = MachoDebugFile::Find(*image_, *contents);
  if (debug_file_ == nullptr) return;
  split_units_ = std::make_unique<SplitUnits>(*image_, debug_file_->path(),
                                              debug_file_->sections());
  dwarf_names_ =
      std::make_unique<DwarfNames>(debug_file_->dwarf(), *split_units_);
}

std::vector<SourceFrame> MachoImageSymbols::FramesAt(uint64_t vaddr) {
  std::vector<SourceFrame> frames;
  if (dwarf_names_ != nullptr) frames = dwarf_names_->FramesAt(vaddr);
  if (!frames.empty() && !frames.back().function.empty()) return frames;
  const MachoFunction* const function = names_ ? names_->Find(vaddr) : nullptr;
  if (function == nullptr) return {};
  if (frames.empty()) frames.emplace_back();
  const absl::string_view image = image_->name();
  frames.back().function =
      function->name.empty() ? absl::StrCat(image.substr(image.rfind('/') + 1),
                                            "+0x", absl::Hex(function->begin))
                             : Demangle(function->name);
  return frames;
}

std::vector<ImageRange> MachoImageSymbols::FunctionRangesAt(uint64_t vaddr) {
  std::vector<std::pair<uint64_t, uint64_t>> found;
  if (dwarf_names_ != nullptr) found = dwarf_names_->FunctionRangesAt(vaddr);
  if (found.empty() && names_) {
    if (const MachoFunction* const function = names_->Find(vaddr)) {
      found.emplace_back(function->begin, function->end);
    }
  }
  return Disjoint(std::move(found));
}

}  // namespace hubspy

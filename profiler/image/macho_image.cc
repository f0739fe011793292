#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_split.h"
#include "image/image.h"
#include "image/image_file.h"
#include "image/macho_parser.h"
#include "image/owned_mapping.h"
#include "image/shadow.h"
#include "model/machine.h"

namespace hubspy {
namespace {

std::vector<Segment> CodeOf(const MachoContents& contents) {
  std::vector<Segment> code;
  std::copy_if(contents.segments.begin(), contents.segments.end(),
               std::back_inserter(code),
               [](const Segment& segment) { return segment.executable; });
  return code;
}

class MachoImage : public Image {
 public:
  MachoImage(const ImageFile& file, FileRange slice, MachoContents contents,
             OwnedMapping bytes)
      : name_(file.name()),
        open_path_(file.open_path()),
        slice_(slice),
        contents_(std::move(contents)),
        code_(CodeOf(contents_)),
        bytes_(std::move(bytes)),
        shadow_(MakeShadow(file, {code_, contents_.code, slice.offset})) {}

  const std::string& name() const override { return name_; }
  const std::string& open_path() const override { return open_path_; }
  const std::string& build_id() const override { return contents_.uuid; }
  const std::vector<Segment>& segments() const override { return code_; }
  std::vector<Note> Notes() const override { return contents_.notes; }
  std::optional<ImageRange> SectionNamed(
      absl::string_view name) const override {
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(name, ',');
    const MachoSection* const found = contents_.Find(parts.first, parts.second);
    if (found == nullptr) return std::nullopt;
    return found->range;
  }
  absl::Span<const std::byte> bytes() const override {
    return {bytes_.data() + slice_.offset, slice_.size};
  }
  uint64_t vaddr_begin() const override { return contents_.code.begin; }
  uint64_t vaddr_end() const override { return contents_.code.end; }
  // There may be an __eh_frame, for a few functions; the rest has compact
  // unwind tables, and all have frame pointers.
  std::optional<ImageRange> eh_frame_hdr() const override {
    return std::nullopt;
  }
  std::optional<ImageRange> eh_frame() const override { return std::nullopt; }
  absl::StatusOr<uintptr_t> ShadowBias() const override {
    if (!shadow_.ok()) return shadow_.status();
    return reinterpret_cast<uintptr_t>(shadow_->data()) - contents_.code.begin;
  }

 private:
  std::string name_;
  std::string open_path_;
  FileRange slice_;
  MachoContents contents_;
  std::vector<Segment> code_;
  OwnedMapping bytes_;                   // all slices
  absl::StatusOr<OwnedMapping> shadow_;  // as in ElfImage
};

}  // namespace

absl::StatusOr<std::shared_ptr<const Image>> MakeMachoImage(
    const ImageFile& file) {
  const absl::StatusOr<FileRange> slice = ChooseSlice(
      [&](uint64_t offset, absl::Span<std::byte> into) {
        return file.Read(offset, into);
      },
      file.size(), kMachoCpu);
  if (!slice.ok()) return slice.status();
  absl::StatusOr<MachoContents> contents = ParseMacho(
      [&](uint64_t offset, absl::Span<std::byte> into) {
        return Inside(offset, into.size(), slice->size) &&
               file.Read(slice->offset + offset, into);
      },
      slice->size);
  if (!contents.ok()) return contents.status();
  if (contents->cpu_type != kMachoCpu) {
    return absl::InvalidArgumentError(
        "not a Mach-O image: in its slice it is for another machine");
  }
  if (contents->code.size() == 0) {
    return absl::InvalidArgumentError("not a Mach-O image: it has no code");
  }
  absl::StatusOr<OwnedMapping> bytes = file.Map();
  if (!bytes.ok()) return bytes.status();
  return std::make_shared<MachoImage>(file, *slice, *std::move(contents),
                                      *std::move(bytes));
}

}  // namespace hubspy

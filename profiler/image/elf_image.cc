#include <utility>

#include "image/elf_parser.h"
#include "image/image.h"
#include "image/image_file.h"
#include "image/owned_mapping.h"
#include "image/shadow.h"

namespace hubspy {
namespace {

class ElfImage : public Image {
 public:
  ElfImage(const ImageFile& file, ElfContents contents, OwnedMapping bytes)
      : name_(file.name()),
        open_path_(file.open_path()),
        contents_(std::move(contents)),
        bytes_(std::move(bytes)),
        shadow_(MakeShadow(file, {contents_.segments, contents_.loaded})) {}

  const std::string& name() const override { return name_; }
  const std::string& open_path() const override { return open_path_; }
  const std::string& build_id() const override { return contents_.build_id; }
  const std::vector<Segment>& segments() const override {
    return contents_.segments;
  }
  std::vector<Note> Notes() const override { return contents_.notes; }
  absl::Span<const std::byte> bytes() const override {
    return {bytes_.data(), bytes_.size()};
  }
  uint64_t vaddr_begin() const override { return contents_.loaded.begin; }
  uint64_t vaddr_end() const override { return contents_.loaded.end; }
  std::optional<ImageRange> eh_frame_hdr() const override {
    return contents_.eh_frame_hdr;
  }
  std::optional<ImageRange> eh_frame() const override {
    return contents_.eh_frame;
  }
  absl::StatusOr<uintptr_t> ShadowBias() const override {
    if (!shadow_.ok()) return shadow_.status();
    return reinterpret_cast<uintptr_t>(shadow_->data()) -
           contents_.loaded.begin;
  }

 private:
  std::string name_;
  std::string open_path_;
  ElfContents contents_;
  OwnedMapping bytes_;
  // Made at once, although it may never be asked for: later the file's
  // descriptor is closed and its path may be gone with the target.
  absl::StatusOr<OwnedMapping> shadow_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<const Image>> MakeElfImage(
    const ImageFile& file) {
  absl::StatusOr<ElfContents> contents = ParseElf(
      [&](uint64_t offset, absl::Span<std::byte> into) {
        return file.Read(offset, into);
      },
      file.size());
  if (!contents.ok()) return contents.status();
  absl::StatusOr<OwnedMapping> bytes = file.Map();
  if (!bytes.ok()) return bytes.status();
  return std::make_shared<ElfImage>(file, *std::move(contents),
                                    *std::move(bytes));
}

}  // namespace hubspy

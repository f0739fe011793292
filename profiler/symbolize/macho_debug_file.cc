#include "symbolize/macho_debug_file.h"

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "image/image_file.h"
#include "image/read_at.h"

namespace hubspy {
namespace {

bool IsBundle(absl::string_view folder) {
  for (const absl::string_view kind :
       {".app", ".framework", ".bundle", ".xpc", ".appex", ".plugin"}) {
    if (absl::EndsWith(folder, kind)) return true;
  }
  return false;
}

}  // namespace

std::vector<std::string> DsymPaths(absl::string_view path) {
  const absl::string_view name = path.substr(path.rfind('/') + 1);
  if (name.empty()) return {};
  const auto in_dsym_of = [&](absl::string_view what) {
    return absl::StrCat(what, ".dSYM/Contents/Resources/DWARF/", name);
  };
  std::vector<std::string> paths = {in_dsym_of(path)};
  for (size_t slash = path.rfind('/'); slash != 0; slash = path.rfind('/')) {
    if (slash == absl::string_view::npos) break;
    path = path.substr(0, slash);
    if (IsBundle(path)) paths.push_back(in_dsym_of(path));
  }
  return paths;
}

std::unique_ptr<MachoDebugFile> MachoDebugFile::Find(
    const Image& image, const MachoContents& contents) {
  if (contents.uuid.empty()) return nullptr;
  std::vector<std::string> paths = DsymPaths(image.open_path());
  for (std::string& path : DsymPaths(image.name())) {
    paths.push_back(std::move(path));
  }
  for (const std::string& path : paths) {
    if (auto file = Open(path, contents)) return file;
  }
  return nullptr;
}

std::unique_ptr<MachoDebugFile> MachoDebugFile::Open(
    const std::string& path, const MachoContents& image) {
  const absl::StatusOr<ImageFile> file = ImageFile::Open(path, path);
  if (!file.ok()) return nullptr;
  const absl::StatusOr<FileRange> slice = ChooseSlice(
      [&](uint64_t offset, absl::Span<std::byte> into) {
        return file->Read(offset, into);
      },
      file->size(), image.cpu_type);
  if (!slice.ok()) return nullptr;
  const absl::StatusOr<MachoContents> contents = ParseMacho(
      [&](uint64_t offset, absl::Span<std::byte> into) {
        return Inside(offset, into.size(), slice->size) &&
               file->Read(slice->offset + offset, into);
      },
      slice->size);
  if (!contents.ok() || contents->uuid != image.uuid) return nullptr;
  absl::StatusOr<OwnedMapping> mapped = file->Map();
  if (!mapped.ok()) return nullptr;
  std::unique_ptr<MachoDebugFile> result(
      new MachoDebugFile(path, *std::move(mapped)));
  for (const MachoSection& section : contents->sections) {
    const auto kind = MachoDebugSection(section.name);
    if (!kind || section.segment != "__DWARF" || !section.bytes) continue;
    result->sections_[*kind] = {
        reinterpret_cast<const char*>(result->bytes_.data()) + slice->offset +
            section.bytes->offset,
        section.bytes->size};
  }
  result->dwarf_ = SectionDwarf::Of(result->sections_);
  return result->dwarf_ == nullptr ? nullptr : std::move(result);
}

}  // namespace hubspy

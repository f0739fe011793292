#include "image/module_map.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "image/elf_parser.h"

namespace hubspy {
namespace {

constexpr absl::string_view kVdso = "[vdso]";

bool Overlap(const AddressRange& a, const AddressRange& b) {
  return a.begin < b.end && b.begin < a.end;
}

bool HasFile(const Mapping& mapping) { return mapping.inode != 0; }

// Null where we cannot open the very file that is mapped: its module still has
// a name.
std::shared_ptr<const Image> OpenImage(const Mapping& mapping,
                                       absl::Span<const std::byte> vdso) {
  if (mapping.path != kVdso && mapping.open_path.empty()) return nullptr;
  absl::StatusOr<std::shared_ptr<const Image>> image =
      mapping.path == kVdso ? Image::FromBytes(vdso, mapping.path)
                            : Image::Open(mapping.open_path, mapping.path);
  return image.ok() ? *std::move(image) : nullptr;
}

// Which of the image's segments the mapping shows, and so by how much all of
// it is displaced. Two segments may share a page of the file (the end of one
// and the begin of the next); the executable one is meant here.
std::optional<uint64_t> LoadBias(const Mapping& mapping, const Image& image) {
  for (const Segment& segment : image.segments()) {
    if (!segment.executable) continue;
    const uint64_t first_page = segment.file_offset & ~(kPageSize - 1);
    if (mapping.file_offset < first_page ||
        mapping.file_offset >= segment.file_offset + segment.file_size) {
      continue;
    }
    return mapping.range.begin.value() - mapping.file_offset +
           segment.file_offset - segment.vaddr;
  }
  return std::nullopt;
}

LoadedModule ToModule(const Mapping& mapping,
                      std::shared_ptr<const Image> image) {
  LoadedModule loaded;
  loaded.module.path = mapping.path;
  loaded.module.range = mapping.range;
  loaded.module.load_bias = mapping.range.begin.value() - mapping.file_offset;
  if (image == nullptr) return loaded;
  const std::optional<uint64_t> bias = LoadBias(mapping, *image);
  if (!bias) return loaded;
  loaded.module.load_bias = *bias;
  loaded.module.build_id = image->build_id();
  loaded.module.range = {Address(image->vaddr_begin() + *bias),
                         Address(image->vaddr_end() + *bias)};
  loaded.image = std::move(image);
  return loaded;
}

// Inserts where it belongs in the sorted, disjoint `modules`, unless something
// is there already: who came first stays.
void InsertIfFree(LoadedModule module, std::vector<LoadedModule>& modules) {
  const AddressRange range = module.module.range;
  if (range.end <= range.begin) return;
  const auto at = std::upper_bound(modules.begin(), modules.end(), range.begin,
                                   [](Address begin, const LoadedModule& m) {
                                     return begin < m.module.range.begin;
                                   });
  if (at != modules.begin() && Overlap(std::prev(at)->module.range, range)) {
    return;
  }
  if (at != modules.end() && Overlap(at->module.range, range)) return;
  modules.insert(at, std::move(module));
}

// Whether there is code where the module is, its own or other.
bool HasCode(const LoadedModule& module, const std::vector<Mapping>& mappings) {
  return std::any_of(mappings.begin(), mappings.end(),
                     [&](const Mapping& mapping) {
                       return mapping.executable &&
                              Overlap(mapping.range, module.module.range);
                     });
}

// Whether code of the module's file is where the module is.
bool IsMapped(const LoadedModule& module,
              const std::vector<Mapping>& mappings) {
  return std::any_of(
      mappings.begin(), mappings.end(), [&](const Mapping& mapping) {
        return mapping.executable && mapping.path == module.module.path &&
               Overlap(mapping.range, module.module.range);
      });
}

}  // namespace

std::shared_ptr<const Image> ImageCache::Get(const Mapping& mapping,
                                             absl::Span<const std::byte> vdso) {
  const FileKey key{mapping.device, mapping.inode, mapping.path};
  const auto known = images_.find(key);
  if (known != images_.end()) return known->second;
  if (mapping.path == kVdso && vdso.empty()) return nullptr;
  return images_.emplace(key, OpenImage(mapping, vdso)).first->second;
}

void ImageCache::DropUnused() {
  absl::erase_if(images_, [](const auto& entry) {
    return entry.second != nullptr && entry.second.use_count() <= 1;
  });
}

void ModuleMap::Update(const std::vector<Mapping>& mappings,
                       absl::Span<const std::byte> vdso) {
  std::vector<LoadedModule> old = std::move(modules_);
  modules_.clear();

  // Code is what makes a mapping a module's; files that are only read (fonts,
  // databases, devices) are never opened.
  for (const Mapping& mapping : mappings) {
    if (!mapping.executable) continue;
    const bool is_vdso = mapping.path == kVdso;
    if (!is_vdso && !HasFile(mapping)) continue;
    if (is_vdso && vdso.empty()) continue;
    InsertIfFree(ToModule(mapping, images_->Get(mapping, vdso)), modules_);
  }

  // Unloaded ones stay, unless other code took their place.
  for (LoadedModule& module : old) {
    if (!HasCode(module, mappings)) {
      InsertIfFree(std::move(module), modules_);
    }
  }
  old.clear();
  images_->DropUnused();
}

bool ModuleMap::WouldReplace(const std::vector<Mapping>& mappings) const {
  return std::any_of(
      modules_.begin(), modules_.end(), [&](const LoadedModule& module) {
        return HasCode(module, mappings) && !IsMapped(module, mappings);
      });
}

const LoadedModule* ModuleMap::Find(Address address) const {
  const auto behind =
      std::upper_bound(modules_.begin(), modules_.end(), address,
                       [](Address a, const LoadedModule& m) {
                         return a < m.module.range.begin;
                       });
  if (behind == modules_.begin()) return nullptr;
  const LoadedModule& candidate = *std::prev(behind);
  return candidate.module.range.Contains(address) ? &candidate : nullptr;
}

}  // namespace hubspy

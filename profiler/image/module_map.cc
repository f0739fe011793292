#include "image/module_map.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "image/macho_memory.h"
#include "image/moved_text.h"
#include "model/page_size.h"

namespace hubspy {
namespace {

constexpr absl::string_view kVdso = "[vdso]";

bool Overlap(const AddressRange& a, const AddressRange& b) {
  return a.begin < b.end && b.begin < a.end;
}

bool HasImage(const Mapping& mapping) {
  return mapping.inode != 0 || mapping.in_memory_image;
}

MappedFile FileOf(const Mapping& mapping) {
  return mapping.in_memory_image
             ? MappedFile{0, mapping.in_memory_image.value(), mapping.path}
             : MappedFile{mapping.device, mapping.inode, mapping.path};
}

// How the kernel names memory that has a file's nature, but never was on disk;
// a JIT may keep its code in it.
bool IsSharedMemory(absl::string_view path) {
  return absl::StartsWith(path, "/memfd:") || absl::StartsWith(path, "/SYSV") ||
         path == "/dev/zero";
}

absl::StatusOr<std::shared_ptr<const Image>> OpenImage(
    const Mapping& mapping, absl::Span<const std::byte> vdso,
    MemoryReader memory) {
  if (mapping.in_memory_image) {
    return MachoImageInMemory(mapping.in_memory_image, memory, mapping.path);
  }
  if (mapping.path == kVdso) return Image::FromBytes(vdso, mapping.path);
  if (mapping.open_path.empty()) {
    if (IsSharedMemory(mapping.path)) {
      return absl::InvalidArgumentError(
          absl::StrCat(mapping.path, " never was a file"));
    }
    return absl::NotFoundError(absl::StrCat(
        mapping.path, " was deleted or replaced on disk after it was loaded"));
  }
  return Image::Open(mapping.open_path, mapping.path);
}

// Which of the image's segments the mapping shows, and so by how much all of
// it is displaced. Two segments may share a page of the file (the end of one
// and the begin of the next); the executable one is meant here.
std::optional<uint64_t> LoadBias(const Mapping& mapping, const Image& image) {
  if (mapping.in_memory_image) {
    return mapping.in_memory_image.value() - image.vaddr_begin();
  }
  for (const Segment& segment : image.segments()) {
    if (!segment.executable) continue;
    const uint64_t first_page = segment.file_offset & ~(PageSize() - 1);
    if (mapping.file_offset < first_page ||
        mapping.file_offset >= segment.file_offset + segment.file_size) {
      continue;
    }
    return mapping.range.begin.value() - mapping.file_offset +
           segment.file_offset - segment.vaddr;
  }
  return std::nullopt;
}

// Bytes by which one build of an image is told from another, and where.
struct Identity {
  uint64_t vaddr = 0;
  std::vector<std::byte> bytes;
};

std::optional<Identity> IdentityOf(const Image& image) {
  for (Note& note : image.Notes()) {
    if (note.identifies_build) {
      return Identity{note.description_vaddr, std::move(note.description)};
    }
  }
  for (const Segment& segment : image.segments()) {
    // An ELF header; or a Mach-O header and what its commands begin with.
    constexpr size_t kHeader = 64;
    if (segment.file_offset != 0 || segment.file_size < kHeader) continue;
    const absl::Span<const std::byte> header = image.bytes().first(kHeader);
    return Identity{segment.vaddr, {header.begin(), header.end()}};
  }
  return std::nullopt;
}

// False only if the target's memory says otherwise: it may have given up the
// pages where that is written.
bool IsWhatWasLoaded(const Image& image, const Mapping& code,
                     const std::vector<Mapping>& mappings,
                     MemoryReader memory) {
  if (code.in_memory_image) return true;  // from there it was read
  const std::optional<uint64_t> bias = LoadBias(code, image);
  const std::optional<Identity> identity = IdentityOf(image);
  if (!bias || !identity || identity->bytes.empty()) return true;
  const Address begin(identity->vaddr + *bias);
  const Address last = begin + (identity->bytes.size() - 1);
  const bool mapped = std::any_of(
      mappings.begin(), mappings.end(), [&](const Mapping& mapping) {
        return SameFile(mapping, code) && mapping.range.Contains(begin) &&
               mapping.range.Contains(last);
      });
  if (!mapped) return true;
  std::vector<std::byte> loaded(identity->bytes.size());
  return memory(begin, absl::MakeSpan(loaded)) != loaded.size() ||
         loaded == identity->bytes;
}

// What the mapped file is called as a user knows it.
const std::string& NameOf(const Mapping& mapping) {
  return mapping.started_as.empty() ? mapping.path : mapping.started_as;
}

bool HasSegmentIn(const ImageRange& range, const Image& image) {
  const uint64_t in_page = PageSize() - 1;
  return std::any_of(image.segments().begin(), image.segments().end(),
                     [&](const Segment& segment) {
                       const uint64_t end = segment.vaddr + segment.memory_size;
                       return (segment.vaddr & ~in_page) < range.end &&
                              range.begin < ((end + in_page) & ~in_page);
                     });
}

// In order of their addresses.
using SortedMappings = std::vector<const Mapping*>;

SortedMappings Sorted(const std::vector<Mapping>& mappings) {
  SortedMappings sorted;
  sorted.reserve(mappings.size());
  for (const Mapping& mapping : mappings) sorted.push_back(&mapping);
  std::sort(sorted.begin(), sorted.end(),
            [](const Mapping* a, const Mapping* b) {
              return a->range.begin < b->range.begin;
            });
  return sorted;
}

// As much of the image around `code` as has no mapping of others in it. Where
// segments are aligned to more than a page there is room between them, and the
// kernel makes use of it: on aarch64 the vdso may be in ld.so's.
AddressRange RangeAround(const AddressRange& code, uint64_t bias,
                         const Image& image, const Mapping& file,
                         const SortedMappings& mappings) {
  AddressRange range = {Address(image.vaddr_begin() + bias),
                        Address(image.vaddr_end() + bias)};
  auto other = std::upper_bound(
      mappings.begin(), mappings.end(), range.begin,
      [](Address begin, const Mapping* m) { return begin < m->range.end; });
  for (; other != mappings.end() && (*other)->range.begin < range.end;
       ++other) {
    const AddressRange& there = (*other)->range;
    if (SameFile(**other, file) ||
        HasSegmentIn({there.begin.value() - bias, there.end.value() - bias},
                     image)) {
      continue;
    }
    if (there.end <= code.begin) range.begin = there.end;
    if (there.begin >= code.end) range.end = there.begin;
  }
  return range;
}

// `code` shows code of `file`'s, which may have been moved there from it.
LoadedModule LoadedAt(uint64_t bias, const AddressRange& code,
                      std::shared_ptr<const Image> image, const Mapping& file,
                      const SortedMappings& mappings) {
  return {.module = {.path = NameOf(file),
                     .build_id = image->build_id(),
                     .range = RangeAround(code, bias, *image, file, mappings),
                     .load_bias = bias},
          .image = std::move(image)};
}

LoadedModule ToModule(const Mapping& mapping,
                      const absl::StatusOr<std::shared_ptr<const Image>>& image,
                      const SortedMappings& mappings) {
  LoadedModule loaded;
  loaded.module.path = NameOf(mapping);
  loaded.module.range = mapping.range;
  loaded.module.load_bias = mapping.range.begin.value() - mapping.file_offset;
  loaded.image_status = image.status();
  if (!image.ok()) return loaded;
  const std::optional<uint64_t> bias = LoadBias(mapping, **image);
  if (!bias) {
    loaded.image_status = absl::InvalidArgumentError(
        absl::StrCat(mapping.path, " has no code where it is mapped from"));
    return loaded;
  }
  return LoadedAt(*bias, mapping.range, *image, mapping, mappings);
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

// Whether the module's file is where the module is; its text may have moved.
bool IsMapped(const LoadedModule& module,
              const std::vector<Mapping>& mappings) {
  return std::any_of(mappings.begin(), mappings.end(),
                     [&](const Mapping& mapping) {
                       return NameOf(mapping) == module.module.path &&
                              Overlap(mapping.range, module.module.range);
                     });
}

}  // namespace

bool SameFile(const Mapping& a, const Mapping& b) {
  return FileOf(a) == FileOf(b);
}

bool LoadedModule::HasCode() const {
  return image != nullptr &&
         std::any_of(image->segments().begin(), image->segments().end(),
                     [](const Segment& segment) {
                       return segment.executable && segment.file_size != 0;
                     });
}

absl::StatusOr<std::shared_ptr<const Image>> ImageCache::Get(
    const MappedFile& file, const Mapping& mapping,
    absl::Span<const std::byte> vdso, MemoryReader memory) {
  const auto known = images_.find(file);
  if (known != images_.end()) return known->second;
  auto image = OpenImage(mapping, vdso, memory);
  // Another process may be able to reach what this one's names do not.
  if (image.ok()) images_.emplace(file, *image);
  return image;
}

void ImageCache::DropUnused() {
  absl::erase_if(
      images_, [](const auto& entry) { return entry.second.use_count() <= 1; });
}

void ModuleMap::Update(const std::vector<Mapping>& mappings,
                       absl::Span<const std::byte> vdso, MemoryReader memory) {
  std::vector<LoadedModule> old = std::move(modules_);
  modules_.clear();
  absl::flat_hash_set<MappedFile> seen;
  const SortedMappings sorted = Sorted(mappings);

  code_.clear();
  for (const Mapping& mapping : mappings) {
    if (mapping.executable) code_.push_back(mapping.range);
  }
  std::sort(code_.begin(), code_.end(),
            [](const AddressRange& a, const AddressRange& b) {
              return a.begin < b.begin;
            });

  // Code is what makes a mapping a module's; files that are only read (fonts,
  // databases, devices) are never opened.
  std::vector<const Mapping*> without_image;
  for (const Mapping& mapping : mappings) {
    if (!mapping.executable) continue;
    const bool is_vdso = mapping.path == kVdso;
    if (is_vdso && vdso.empty()) continue;
    if (!is_vdso && !HasImage(mapping)) {
      without_image.push_back(&mapping);
      continue;
    }
    const MappedFile file = FileOf(mapping);
    seen.insert(file);
    auto known = images_.find(file);
    if (known == images_.end()) {
      known =
          images_.emplace(file, cache_->Get(file, mapping, vdso, memory)).first;
      if (known->second.ok() &&
          !IsWhatWasLoaded(**known->second, mapping, mappings, memory)) {
        known->second = absl::FailedPreconditionError(absl::StrCat(
            mapping.path, " was changed on disk after it was loaded"));
      }
    }
    // Of a file that was changed, no text is left to be found elsewhere.
    if (known->second.ok() ||
        absl::IsFailedPrecondition(known->second.status())) {
      InsertIfFree(ToModule(mapping, known->second, sorted), modules_);
    } else {
      without_image.push_back(&mapping);
    }
  }
  for (const Mapping* const code : without_image) {
    if (Find(code->range.begin) != nullptr) continue;
    if (auto moved = WithMovedText(*code, mappings, memory)) {
      InsertIfFree(*std::move(moved), modules_);
    } else if (HasImage(*code)) {
      InsertIfFree(ToModule(*code, images_.at(FileOf(*code)), sorted),
                   modules_);
    }
  }

  // Unloaded ones stay, unless other code took their place.
  for (LoadedModule& module : old) {
    if (!HasCode(module, mappings)) {
      InsertIfFree(std::move(module), modules_);
    }
  }
  old.clear();
  absl::erase_if(
      images_, [&](const auto& entry) { return !seen.contains(entry.first); });
  cache_->DropUnused();
}

// Looks at no more than a few bytes for code made at run time, which mostly has
// no file beside it.
std::optional<LoadedModule> ModuleMap::WithMovedText(
    const Mapping& code, const std::vector<Mapping>& mappings,
    MemoryReader memory) {
  const Mapping* const file = FileAround(code, mappings, memory);
  if (file == nullptr) return std::nullopt;
  const auto image = cache_->Get(FileOf(*file), *file, {}, memory);
  if (!image.ok()) return std::nullopt;
  const std::optional<uint64_t> bias =
      MovedTextBias(code, *file, **image, memory);
  if (!bias) return std::nullopt;
  return LoadedAt(*bias, code.range, *image, *file, Sorted(mappings));
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

std::optional<AddressRange> ModuleMap::CodeWithoutImage(Address address) const {
  const auto behind = std::upper_bound(
      code_.begin(), code_.end(), address,
      [](Address a, const AddressRange& range) { return a < range.begin; });
  if (behind == code_.begin() || !std::prev(behind)->Contains(address)) {
    return std::nullopt;
  }
  const LoadedModule* const module = Find(address);
  if (module != nullptr && module->HasCode()) return std::nullopt;
  return *std::prev(behind);
}

}  // namespace hubspy

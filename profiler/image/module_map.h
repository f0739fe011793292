// The target's modules by address: mappings joined with the images behind them.
//
//   ModuleMap modules;
//   modules.Update(mappings, vdso_bytes, memory);   // again after a dlopen
//   if (const LoadedModule* m = modules.Find(pc)) ...
//
// Text that was moved to huge pages is still its module's (moved_text.h).
//
// The surprising part: the file that has the mapped one's name and number need
// not hold what was loaded. An overlay file system (a container's) gives a file
// that is written to another body under the same number, and goes on to run the
// old one. So an image counts only if its build id, or for want of one its ELF
// header, is what the target's memory holds. Elsewhere bytes written into a
// file appear in the memory of whoever runs it, and the two agree again.
//
// Images are opened once and kept, and shared by maps that are given the same
// cache: a process's children mostly run what it runs. A module that was
// unloaded stays known as long as nothing else took its place, because recorded
// addresses may still refer to it. Pointers from Find stay valid until the next
// Update.
#ifndef HUBSPY_IMAGE_MODULE_MAP_H_
#define HUBSPY_IMAGE_MODULE_MAP_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "image/image.h"
#include "image/memory_reader.h"
#include "model/address.h"
#include "model/mapping.h"
#include "model/module.h"

namespace hubspy {

struct LoadedModule {
  Module module;
  // Null when the file could not be opened, is no ELF image, or not the one
  // that was loaded.
  std::shared_ptr<const Image> image;
  // Why it is null. NotFound: the file was deleted or replaced, and is out of
  // our reach. FailedPrecondition: it was written to since. PermissionDenied:
  // we may not read it. InvalidArgument: no ELF image, and so none is missing.
  absl::Status image_status;

  // Whether the image holds the bytes of its code. One that is in memory only
  // (macho_memory.h) does not: they are read from there.
  bool HasCode() const;
};

// A file that is mapped as code, as the kernel tells it; or an image that is in
// memory only: then `inode` is where.
struct MappedFile {
  uint64_t device = 0;
  uint64_t inode = 0;
  std::string path;
  friend bool operator==(const MappedFile&, const MappedFile&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const MappedFile& f) {
    return H::combine(std::move(h), f.device, f.inode, f.path);
  }
};

// Two mappings of one.
bool SameFile(const Mapping& a, const Mapping& b);

class ImageCache {
 public:
  // Errors as LoadedModule::image_status.
  absl::StatusOr<std::shared_ptr<const Image>> Get(
      const MappedFile& file, const Mapping& mapping,
      absl::Span<const std::byte> vdso, MemoryReader memory);
  // Forgets those that only the cache knows.
  void DropUnused();

 private:
  absl::flat_hash_map<MappedFile, std::shared_ptr<const Image>> images_;
};

class ModuleMap {
 public:
  explicit ModuleMap(
      std::shared_ptr<ImageCache> cache = std::make_shared<ImageCache>())
      : cache_(std::move(cache)) {}

  // `vdso` holds the bytes of the mapping named "[vdso]"; may be empty. What
  // `memory` cannot read is not compared.
  void Update(const std::vector<Mapping>& mappings,
              absl::Span<const std::byte> vdso, MemoryReader memory = NoMemory);
  // Whether Update(mappings) would have other code where a module is.
  bool WouldReplace(const std::vector<Mapping>& mappings) const;

  const LoadedModule* Find(Address address) const;
  const std::vector<LoadedModule>& modules() const { return modules_; }

  // The executable mapping around `address`, if no image of ours holds it: code
  // made at run time, a file that is out of reach, or an image that is in
  // memory only.
  std::optional<AddressRange> CodeWithoutImage(Address address) const;

 private:
  std::optional<LoadedModule> WithMovedText(
      const Mapping& code, const std::vector<Mapping>& mappings,
      MemoryReader memory);

  std::vector<LoadedModule> modules_;  // sorted by range.begin, disjoint
  std::vector<AddressRange> code_;     // executable mappings, sorted, disjoint
  std::shared_ptr<ImageCache> cache_;
  // The same for this process: whether they are what was loaded.
  absl::flat_hash_map<MappedFile, absl::StatusOr<std::shared_ptr<const Image>>>
      images_;
};

}  // namespace hubspy

#endif  // HUBSPY_IMAGE_MODULE_MAP_H_

// The target's modules by address: mappings joined with the images behind them.
//
//   ModuleMap modules;
//   modules.Update(mappings, vdso_bytes);           // again after a dlopen
//   if (const LoadedModule* m = modules.Find(pc)) ...
//
// Images are opened once and kept, and shared by maps that are given the same
// cache: a process's children mostly run what it runs. A module that was
// unloaded stays known as long as nothing else took its place, because recorded
// addresses may still refer to it. Pointers from Find stay valid until the next
// Update.
#ifndef HUBSPY_IMAGE_MODULE_MAP_H_
#define HUBSPY_IMAGE_MODULE_MAP_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/types/span.h"
#include "image/image.h"
#include "model/address.h"
#include "model/mapping.h"
#include "model/module.h"

namespace hubspy {

struct LoadedModule {
  Module module;
  // Null when the file could not be opened or is no ELF image.
  std::shared_ptr<const Image> image;
};

// The files that are mapped as code, by what they were mapped as.
class ImageCache {
 public:
  // Null where the very file that is mapped cannot be opened, or is no image:
  // its module still has a name.
  std::shared_ptr<const Image> Get(const Mapping& mapping,
                                   absl::Span<const std::byte> vdso);
  // Forgets those that only the cache knows.
  void DropUnused();

 private:
  struct FileKey {
    uint64_t device;
    uint64_t inode;
    std::string path;
    friend bool operator==(const FileKey&, const FileKey&) = default;
    template <typename H>
    friend H AbslHashValue(H h, const FileKey& k) {
      return H::combine(std::move(h), k.device, k.inode, k.path);
    }
  };

  absl::flat_hash_map<FileKey, std::shared_ptr<const Image>> images_;
};

class ModuleMap {
 public:
  explicit ModuleMap(
      std::shared_ptr<ImageCache> images = std::make_shared<ImageCache>())
      : images_(std::move(images)) {}

  // `vdso` holds the bytes of the mapping named "[vdso]"; may be empty.
  void Update(const std::vector<Mapping>& mappings,
              absl::Span<const std::byte> vdso);
  // Whether Update(mappings) would have other code where a module is.
  bool WouldReplace(const std::vector<Mapping>& mappings) const;

  const LoadedModule* Find(Address address) const;
  const std::vector<LoadedModule>& modules() const { return modules_; }

 private:
  std::vector<LoadedModule> modules_;  // sorted by range.begin, disjoint
  std::shared_ptr<ImageCache> images_;
};

}  // namespace hubspy

#endif  // HUBSPY_IMAGE_MODULE_MAP_H_

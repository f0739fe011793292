// The target's modules by address: mappings joined with the images behind them.
//
//   ModuleMap modules;
//   modules.Update(mappings, vdso_bytes);           // again after a dlopen
//   if (const LoadedModule* m = modules.Find(pc)) ...
//
// Images are opened once and kept; a module that was unloaded stays known as
// long as nothing else took its place, because recorded addresses may still
// refer to it. Pointers from Find stay valid until the next Update.
#ifndef HUBSPY_IMAGE_MODULE_MAP_H_
#define HUBSPY_IMAGE_MODULE_MAP_H_

#include <cstdint>
#include <memory>
#include <string>
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

class ModuleMap {
 public:
  // `vdso` holds the bytes of the mapping named "[vdso]"; may be empty.
  void Update(const std::vector<Mapping>& mappings,
              absl::Span<const std::byte> vdso);

  const LoadedModule* Find(Address address) const;
  const std::vector<LoadedModule>& modules() const { return modules_; }

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

  std::vector<LoadedModule> modules_;  // sorted by range.begin, disjoint
  absl::flat_hash_map<FileKey, std::shared_ptr<const Image>> images_;
};

}  // namespace hubspy

#endif  // HUBSPY_IMAGE_MODULE_MAP_H_

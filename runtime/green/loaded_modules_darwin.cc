#include <dlfcn.h>

#include "green/loaded_modules.h"

namespace green::internal {

// dyld takes a lock: a thread that was interrupted in it while it loaded a
// library would wait for itself, where on Linux it does not.
std::optional<PlaceInModule> FindModule(uint64_t address) {
  Dl_info info = {};
  if (dladdr(reinterpret_cast<const void*>(address), &info) == 0 ||
      info.dli_fname == nullptr) {
    return std::nullopt;
  }
  absl::string_view name = info.dli_fname;
  name.remove_prefix(name.rfind('/') + 1);
  return PlaceInModule{
      .module = name,
      .offset = address - reinterpret_cast<uint64_t>(info.dli_fbase)};
}

}  // namespace green::internal

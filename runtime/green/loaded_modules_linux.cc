#include <dlfcn.h>
#include <errno.h>
#include <link.h>

#include <cstring>

#include "green/loaded_modules.h"

// Unlike dladdr it takes no lock, and unlike all else it may not be there: not
// before glibc 2.35.
extern "C" [[gnu::weak]] int _dl_find_object(void* address,
                                             dl_find_object* found) noexcept;

// Found by the private copy of libunwind through dlsym, which a statically
// linked program does not have.
extern "C" void* green_unwind_dlsym(void*, const char* name) {
  if (std::strcmp(name, "_dl_find_object") != 0) return nullptr;
  return reinterpret_cast<void*>(&_dl_find_object);
}

namespace green::internal {

std::optional<PlaceInModule> FindModule(uint64_t address) {
  dl_find_object found = {};
  if (&_dl_find_object == nullptr ||
      _dl_find_object(reinterpret_cast<void*>(address), &found) != 0 ||
      found.dlfo_link_map == nullptr) {
    return std::nullopt;
  }
  const char* const path = found.dlfo_link_map->l_name;
  const bool is_program = path == nullptr || path[0] == '\0';
  absl::string_view name = is_program ? program_invocation_short_name : path;
  name.remove_prefix(name.rfind('/') + 1);
  return PlaceInModule{.module = name,
                       .offset = address - found.dlfo_link_map->l_addr};
}

}  // namespace green::internal

// Which of the modules of this process, its program and its shared libraries,
// an address lies in.
#ifndef GREEN_LOADED_MODULES_H_
#define GREEN_LOADED_MODULES_H_

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"

namespace green::internal {

struct PlaceInModule {
  absl::string_view module;  // the file's name without folders
  // As the module's own file numbers its code; on macOS, from its header on.
  uint64_t offset = 0;
};

// None when it lies in none that the system knows. Where the C library can do
// so (glibc 2.35 and later), without a lock: safe in a signal handler.
std::optional<PlaceInModule> FindModule(uint64_t address);

}  // namespace green::internal

#endif  // GREEN_LOADED_MODULES_H_

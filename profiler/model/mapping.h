// One mapping of the target's address space, as the OS lists it.
#ifndef HUBSPY_MODEL_MAPPING_H_
#define HUBSPY_MODEL_MAPPING_H_

#include <cstdint>
#include <string>

#include "model/address.h"

namespace hubspy {

struct Mapping {
  AddressRange range;
  uint64_t file_offset = 0;  // bytes into the file, at range.begin
  bool readable = false;
  bool writable = false;
  bool executable = false;
  uint64_t device = 0;
  uint64_t inode = 0;
  // The target's own name for it: "/usr/lib/libc.so.6", "[vdso]", or empty.
  // Without the kernel's " (deleted)", which `deleted` says.
  std::string path;
  bool deleted = false;
  // Of the program's own file: the absolute path by which it was started, where
  // that is a link to `path`; else empty.
  std::string started_as;
  // By which *we* can open the very file that is mapped, whatever mount
  // namespace the target lives in and even if it was deleted since; empty when
  // the mapping has no file.
  std::string open_path;
  // Of an image that is in memory only, as those in macOS's shared cache are:
  // where its headers lie. Its segments are no file's then. Else zero.
  Address in_memory_image;
};

}  // namespace hubspy

#endif  // HUBSPY_MODEL_MAPPING_H_

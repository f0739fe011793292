// The file to which a stripped image's debug information was moved.
//
//   std::unique_ptr<DebugFile> file = FindDebugFile(elf, image);
//
// Looked for as gdb does: by build id under /usr/lib/debug/.build-id, then by
// .gnu_debuglink next to the image, in .debug beside it and under
// /usr/lib/debug; in the target's own file system first (a container has its
// own), then in ours. A file counts only when its build id or, for want of one,
// its checksum is the image's. Nothing is asked over a network: debuginfod is
// never consulted, whatever the environment says.
#ifndef HUBSPY_SYMBOLIZE_DEBUG_FILE_H_
#define HUBSPY_SYMBOLIZE_DEBUG_FILE_H_

#include <memory>
#include <string>

#include "image/image.h"
#include "symbolize/elf_handles.h"

namespace hubspy {

class DebugFile {
 public:
  // Null when `path` is no ELF file. Opens regular files only: a path from a
  // hostile image may name a pipe or a device, which would block us.
  static std::unique_ptr<DebugFile> Open(const std::string& path);
  ~DebugFile();
  DebugFile(const DebugFile&) = delete;
  DebugFile& operator=(const DebugFile&) = delete;

  Elf* elf() const { return elf_.get(); }

 private:
  DebugFile(int fd, ElfHandle elf);

  int fd_;
  ElfHandle elf_;
};

// Null when there is none. `elf` is the image's.
std::unique_ptr<DebugFile> FindDebugFile(Elf* elf, const Image& image);

}  // namespace hubspy

#endif  // HUBSPY_SYMBOLIZE_DEBUG_FILE_H_

// The files to which an image's debug information was moved: that of a stripped
// one, what dwz found to be common to several, and those of split units.
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
#include <vector>

#include "image/image.h"
#include "symbolize/elf_handles.h"

namespace hubspy {

class DebugFile {
 public:
  // Null when `path` is no ELF file. Opens regular files only: a path from a
  // hostile image may name a pipe or a device, which would block us.
  static std::unique_ptr<DebugFile> Open(const std::string& path);
  DebugFile(const DebugFile&) = delete;
  DebugFile& operator=(const DebugFile&) = delete;

  Elf* elf() const { return elf_.get(); }
  const std::string& path() const { return path_; }

 private:
  DebugFile(std::string path, ElfHandle elf);

  std::string path_;
  ElfHandle elf_;
};

// Null when there is none. `elf` is the image's.
std::unique_ptr<DebugFile> FindDebugFile(Elf* elf, const Image& image);

// The file that `elf`, opened by `path`, shares parts of its DWARF with, as its
// .gnu_debugaltlink tells (dwz(1)); by the build id that stands there. Null
// when there is none.
std::unique_ptr<DebugFile> FindSharedFile(Elf* elf, const Image& image,
                                          const std::string& path);

// Where the package of the image's split units may be, best first: its name and
// ".dwp", beside the image and beside `debug_file`, the path of its debug file
// or empty.
std::vector<std::string> PackagePaths(const Image& image,
                                      const std::string& debug_file);

// Where the .dwo file may be that a compiler which ran in `folder` called
// `name`: there, and beside the image and its debug file.
std::vector<std::string> SplitFilePaths(const Image& image,
                                        const std::string& debug_file,
                                        const std::string& folder,
                                        const std::string& name);

}  // namespace hubspy

#endif  // HUBSPY_SYMBOLIZE_DEBUG_FILE_H_

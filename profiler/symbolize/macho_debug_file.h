// A Mach-O image's DWARF, which a linker leaves in the objects and dsymutil
// gathers in a file of its own: NAME.dSYM/Contents/Resources/DWARF/NAME.
//
//   std::unique_ptr<MachoDebugFile> file = MachoDebugFile::Find(image,
//   contents); if (file != nullptr) Use(file->dwarf());
//
// It is looked for beside the image, and beside the bundle (an application, a
// framework) that the image lies in. It counts only when its UUID is the
// image's. Objects are not looked for, nor does anything ask Spotlight.
#ifndef HUBSPY_SYMBOLIZE_MACHO_DEBUG_FILE_H_
#define HUBSPY_SYMBOLIZE_MACHO_DEBUG_FILE_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "image/image.h"
#include "image/macho_parser.h"
#include "image/owned_mapping.h"
#include "symbolize/debug_sections.h"

namespace hubspy {

class MachoDebugFile {
 public:
  // Null when there is none. `contents` are `image`'s.
  static std::unique_ptr<MachoDebugFile> Find(const Image& image,
                                              const MachoContents& contents);
  MachoDebugFile(const MachoDebugFile&) = delete;
  MachoDebugFile& operator=(const MachoDebugFile&) = delete;

  const std::string& path() const { return path_; }
  const SectionBytes& sections() const { return sections_; }
  Dwarf* dwarf() const { return dwarf_->dwarf(); }

 private:
  MachoDebugFile(std::string path, OwnedMapping bytes)
      : path_(std::move(path)), bytes_(std::move(bytes)) {}
  static std::unique_ptr<MachoDebugFile> Open(const std::string& path,
                                              const MachoContents& image);

  // In the order in which they refer to each other.
  std::string path_;
  OwnedMapping bytes_;
  SectionBytes sections_;
  std::unique_ptr<SectionDwarf> dwarf_;
};

// Where the dSYM of an image at `path` may be, best first.
std::vector<std::string> DsymPaths(absl::string_view path);

}  // namespace hubspy

#endif  // HUBSPY_SYMBOLIZE_MACHO_DEBUG_FILE_H_

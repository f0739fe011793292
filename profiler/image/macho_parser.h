// The parts of a Mach-O file that hubspy needs, checked: 64-bit, little-endian,
// of any machine.
//
// As elf_parser.h: every offset, size and count in the file is hostile, what is
// returned lies inside the file and inside the address space, and bytes are
// fetched through `read`.
//
// The surprising part: of an image only its code counts as loaded. In macOS's
// shared cache a library's data lies gigabytes from its code, and other
// libraries between the two.
#ifndef HUBSPY_IMAGE_MACHO_PARSER_H_
#define HUBSPY_IMAGE_MACHO_PARSER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "image/image.h"
#include "image/read_at.h"

namespace hubspy {

// Some of a file's bytes.
struct FileRange {
  uint64_t offset = 0;
  uint64_t size = 0;
  friend bool operator==(const FileRange&, const FileRange&) = default;
};

struct MachoSection {
  std::string segment;  // "__TEXT"
  std::string name;     // "__text"
  ImageRange range;
  std::optional<FileRange> bytes;  // absent: zeros, or in another file
  bool has_instructions = false;
  bool in_code = false;  // its segment may be executed
};

struct MachoSymbolTable {
  FileRange symbols;  // a whole number of them
  FileRange names;
};

struct MachoContents {
  uint32_t cpu_type = 0;
  uint32_t file_type = 0;
  std::string uuid;               // lower-case hex; empty when it has none
  std::vector<Segment> segments;  // in the file's order
  std::vector<MachoSection>
      sections;               // in the file's order: symbols count them
  std::vector<Note> notes;    // its UUID
  uint64_t header_vaddr = 0;  // where the header is loaded: __TEXT's address
  ImageRange code;            // page-rounded; empty when there is none
  std::optional<MachoSymbolTable> symbol_table;
  FileRange function_starts;

  // Of several sections of one name the first.
  const MachoSection* Find(absl::string_view segment,
                           absl::string_view section) const;
};

// Whether these first bytes of a file are a Mach-O file's, thin or fat.
bool IsMacho(absl::Span<const std::byte> first_bytes);

// Where in the file the image for `cpu_type` lies: all of a thin one.
// InvalidArgument: there is none, or the file is damaged.
absl::StatusOr<FileRange> ChooseSlice(ReadAt read, uint64_t file_size,
                                      uint32_t cpu_type);

// InvalidArgument: says what is wrong with the file.
absl::StatusOr<MachoContents> ParseMacho(ReadAt read, uint64_t file_size);

}  // namespace hubspy

#endif  // HUBSPY_IMAGE_MACHO_PARSER_H_

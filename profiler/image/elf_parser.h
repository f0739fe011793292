// The parts of an ELF file that hubspy needs, checked: 64-bit, little-endian,
// of this machine.
//
// Every offset, size and count in the file is hostile; what is returned lies
// inside the file and inside the address space. Bytes are fetched through
// `read`, so that the file need not be mapped: a mapped file that somebody
// truncates raises SIGBUS, a read only fails.
#ifndef HUBSPY_IMAGE_ELF_PARSER_H_
#define HUBSPY_IMAGE_ELF_PARSER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "image/image.h"
#include "image/read_at.h"

namespace hubspy {

struct ElfContents {
  std::vector<Segment> segments;  // at least one
  std::vector<Note> notes;
  std::string build_id;
  std::optional<ImageRange> eh_frame_hdr;
  std::optional<ImageRange> eh_frame;
  ImageRange loaded;  // page-rounded
};

// InvalidArgument: says what is wrong with the file.
absl::StatusOr<ElfContents> ParseElf(ReadAt read, uint64_t file_size);

}  // namespace hubspy

#endif  // HUBSPY_IMAGE_ELF_PARSER_H_

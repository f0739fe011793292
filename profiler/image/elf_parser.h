// The parts of an ELF file that hubspy needs, checked: 64-bit, little-endian,
// x86_64.
//
// Every offset, size and count in the file is hostile; what is returned lies
// inside the file and inside the address space. Bytes are fetched through
// `read`, so that the file need not be mapped: a mapped file that somebody
// truncates raises SIGBUS, a read only fails.
#ifndef HUBSPY_IMAGE_ELF_PARSER_H_
#define HUBSPY_IMAGE_ELF_PARSER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "image/image.h"

namespace hubspy {

inline constexpr uint64_t kPageSize = 4096;  // System V ABI AMD64, 3.3.1

struct ElfContents {
  std::vector<Segment> segments;  // at least one
  std::vector<Note> notes;
  std::string build_id;
  std::optional<ImageRange> eh_frame_hdr;
  std::optional<ImageRange> eh_frame;
  ImageRange loaded;  // page-rounded
};

// Fills all of `into` with the bytes at `offset`, or returns false.
using ReadAt =
    absl::FunctionRef<bool(uint64_t offset, absl::Span<std::byte> into)>;

// InvalidArgument: says what is wrong with the file.
absl::StatusOr<ElfContents> ParseElf(ReadAt read, uint64_t file_size);

}  // namespace hubspy

#endif  // HUBSPY_IMAGE_ELF_PARSER_H_

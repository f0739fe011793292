// What a core file and the files that it maps have in common: how to read an
// ELF file's headers and notes without believing them.
//
// Bytes are fetched through `read`, so that a file of any size is never loaded
// whole, and one that somebody truncates meanwhile only fails to be read.
#ifndef HUBSPY_TARGET_CORE_ELF_PIECES_H_
#define HUBSPY_TARGET_CORE_ELF_PIECES_H_

#include <elf.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace hubspy {

// Fills all of `into` with the bytes at `offset`, or returns false.
using ReadAt =
    absl::FunctionRef<bool(uint64_t offset, absl::Span<std::byte> into)>;

template <typename T>
std::optional<T> ReadStruct(ReadAt read, uint64_t offset) {
  static_assert(std::is_trivially_copyable_v<T>);
  T value;
  if (!read(offset, absl::MakeSpan(reinterpret_cast<std::byte*>(&value),
                                   sizeof(value)))) {
    return std::nullopt;
  }
  return value;
}

// Whether [offset, offset + size) ends at or before `limit`, without wrapping.
inline bool Inside(uint64_t offset, uint64_t size, uint64_t limit) {
  return offset <= limit && size <= limit - offset;
}

// InvalidArgument: says what it is instead of an ELF file of this
// machine.
absl::StatusOr<Elf64_Ehdr> ReadElfHeader(ReadAt read);

// At most kMaxProgramHeaders, of a file of this size.
inline constexpr uint64_t kMaxProgramHeaders = 1 << 20;
absl::StatusOr<std::vector<Elf64_Phdr>> ReadElfProgramHeaders(
    ReadAt read, const Elf64_Ehdr& header, uint64_t file_size);

// Where a note's description lies in the file.
struct NotePlace {
  std::string owner;
  uint32_t type = 0;
  uint64_t offset = 0;
  uint64_t size = 0;
};

// The notes of one segment, in order; ends at the first that is not inside.
std::vector<NotePlace> FindNotes(ReadAt read, const Elf64_Phdr& segment);

// An image's build id; empty when it has none, or its headers cannot be read.
std::vector<std::byte> FindBuildId(ReadAt read);

}  // namespace hubspy

#endif  // HUBSPY_TARGET_CORE_ELF_PIECES_H_

#include "target/core/elf_pieces.h"

#include <algorithm>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "model/machine.h"

namespace hubspy {
namespace {

// A thread has four to eight; Linux has no more than 4 million threads, but a
// file of holes alone would hold notes without end.
constexpr size_t kMaxNotes = 1 << 20;
constexpr uint32_t kMaxOwnerBytes = 64;
constexpr uint64_t kMaxBuildIdBytes = 64;
// Images have tens of program headers; only cores have many.
constexpr uint64_t kMaxImageBytes = uint64_t{1} << 40;

absl::Status Bad(absl::string_view what) {
  return absl::InvalidArgumentError(what);
}

uint64_t AlignUp(uint64_t value, uint64_t alignment) {
  return (value + alignment - 1) & ~(alignment - 1);
}

}  // namespace

absl::StatusOr<Elf64_Ehdr> ReadElfHeader(ReadAt read) {
  const auto header = ReadStruct<Elf64_Ehdr>(read, 0);
  if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) {
    return Bad("it is no ELF file");
  }
  if (header->e_ident[EI_CLASS] != ELFCLASS64 ||
      header->e_ident[EI_DATA] != ELFDATA2LSB ||
      header->e_machine != kElfMachine) {
    return Bad(absl::StrCat("it is not of ", kMachineName,
                            ", the one architecture that is understood here"));
  }
  return *header;
}

absl::StatusOr<std::vector<Elf64_Phdr>> ReadElfProgramHeaders(
    ReadAt read, const Elf64_Ehdr& header, uint64_t file_size) {
  uint64_t count = header.e_phnum;
  if (count == PN_XNUM) {
    // Too many for the header: section 0 has the number (elf(5)).
    const auto section = ReadStruct<Elf64_Shdr>(read, header.e_shoff);
    if (!section) return Bad("the number of its program headers is not in it");
    count = section->sh_info;
  }
  if (count > 0 && header.e_phentsize != sizeof(Elf64_Phdr)) {
    return Bad("its program headers are of unknown size");
  }
  if (count > kMaxProgramHeaders) return Bad("it has too many program headers");
  if (!Inside(header.e_phoff, count * sizeof(Elf64_Phdr), file_size)) {
    return Bad("it ends before its program headers do");
  }
  std::vector<Elf64_Phdr> headers(count);
  if (!read(header.e_phoff,
            absl::MakeSpan(reinterpret_cast<std::byte*>(headers.data()),
                           count * sizeof(Elf64_Phdr)))) {
    return Bad("its program headers cannot be read");
  }
  return headers;
}

std::vector<NotePlace> FindNotes(ReadAt read, const Elf64_Phdr& segment) {
  std::vector<NotePlace> notes;
  if (!Inside(segment.p_offset, segment.p_filesz, INT64_MAX)) return notes;
  // gABI: notes are aligned to 4; those of .note.gnu.property to 8.
  const uint64_t alignment = segment.p_align == 8 ? 8 : 4;
  uint64_t at = 0;
  while (notes.size() < kMaxNotes &&
         Inside(at, sizeof(Elf64_Nhdr), segment.p_filesz)) {
    const auto header = ReadStruct<Elf64_Nhdr>(read, segment.p_offset + at);
    if (!header || header->n_namesz > kMaxOwnerBytes) return notes;
    const uint64_t owner_at = at + sizeof(*header);
    // 32-bit sizes: no sum here can wrap.
    const uint64_t begin = AlignUp(owner_at + header->n_namesz, alignment);
    if (!Inside(begin, header->n_descsz, segment.p_filesz)) return notes;
    std::string owner(header->n_namesz, '\0');
    if (!read(segment.p_offset + owner_at,
              absl::MakeSpan(reinterpret_cast<std::byte*>(owner.data()),
                             owner.size()))) {
      return notes;
    }
    owner.resize(std::strlen(owner.c_str()));
    notes.push_back({.owner = std::move(owner),
                     .type = header->n_type,
                     .offset = segment.p_offset + begin,
                     .size = header->n_descsz});
    at = AlignUp(begin + header->n_descsz, alignment);
  }
  return notes;
}

std::vector<std::byte> FindBuildId(ReadAt read) {
  const absl::StatusOr<Elf64_Ehdr> header = ReadElfHeader(read);
  if (!header.ok() || header->e_phnum == PN_XNUM) return {};
  const auto program_headers =
      ReadElfProgramHeaders(read, *header, kMaxImageBytes);
  if (!program_headers.ok()) return {};
  for (const Elf64_Phdr& segment : *program_headers) {
    if (segment.p_type != PT_NOTE) continue;
    for (const NotePlace& note : FindNotes(read, segment)) {
      if (note.owner != "GNU" || note.type != NT_GNU_BUILD_ID ||
          note.size > kMaxBuildIdBytes) {
        continue;
      }
      std::vector<std::byte> id(note.size);
      if (read(note.offset, absl::MakeSpan(id))) return id;
    }
  }
  return {};
}

}  // namespace hubspy

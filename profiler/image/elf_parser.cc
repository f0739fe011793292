#include "image/elf_parser.h"

#include <elf.h>

#include <algorithm>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "model/machine.h"
#include "model/page_size.h"

namespace hubspy {
namespace {

// Real files have tens of program headers and a page of notes.
constexpr size_t kMaxProgramHeaders = 1024;
constexpr uint64_t kMaxNoteBytes = 1 << 20;
// A vdso may be linked for the last pages of the address space, far above user
// space: only wrapping is an error.
constexpr uint64_t kMaxImageBytes = uint64_t{1} << 40;

absl::Status NoElf(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("not an ELF image: ", what));
}

uint64_t AlignUp(uint64_t value, uint64_t alignment) {
  return (value + alignment - 1) & ~(alignment - 1);
}

absl::StatusOr<Elf64_Ehdr> ReadHeader(ReadAt read) {
  const std::optional<Elf64_Ehdr> header = ReadStruct<Elf64_Ehdr>(read, 0);
  if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) {
    return NoElf("no ELF header");
  }
  if (header->e_ident[EI_CLASS] != ELFCLASS64 ||
      header->e_ident[EI_DATA] != ELFDATA2LSB ||
      header->e_machine != kElfMachine) {
    return NoElf(absl::StrCat("not for ", kMachineName));
  }
  if (header->e_type != ET_EXEC && header->e_type != ET_DYN) {
    return NoElf("neither a program nor a shared library");
  }
  return *header;
}

absl::StatusOr<std::vector<Elf64_Phdr>> ReadProgramHeaders(
    ReadAt read, const Elf64_Ehdr& header) {
  if (header.e_phentsize != sizeof(Elf64_Phdr)) {
    return NoElf("program headers of unknown size");
  }
  if (header.e_phnum > kMaxProgramHeaders) {
    return NoElf("too many program headers");
  }
  std::vector<Elf64_Phdr> headers(header.e_phnum);
  if (!read(header.e_phoff,
            absl::MakeSpan(reinterpret_cast<std::byte*>(headers.data()),
                           headers.size() * sizeof(Elf64_Phdr)))) {
    return NoElf("program headers outside the file");
  }
  return headers;
}

absl::StatusOr<Segment> ToSegment(const Elf64_Phdr& header,
                                  uint64_t file_size) {
  if (header.p_filesz > header.p_memsz ||
      !Inside(header.p_offset, header.p_filesz, file_size)) {
    return NoElf("a load segment outside the file");
  }
  // The page that holds the last byte must not be the address space's last
  // one, or its end would not be a number.
  if (!Inside(header.p_vaddr, header.p_memsz, UINT64_MAX - PageSize())) {
    return NoElf("a load segment outside the address space");
  }
  return Segment{.vaddr = header.p_vaddr,
                 .file_offset = header.p_offset,
                 .file_size = header.p_filesz,
                 .memory_size = header.p_memsz,
                 .executable = (header.p_flags & PF_X) != 0};
}

void AddNotes(ReadAt read, const Elf64_Phdr& header, std::vector<Note>& notes) {
  if (header.p_filesz > kMaxNoteBytes) return;
  std::vector<std::byte> bytes(header.p_filesz);
  if (!read(header.p_offset, absl::MakeSpan(bytes))) return;
  // gABI: notes are aligned to 4; those of .note.gnu.property to 8.
  const uint64_t alignment = header.p_align == 8 ? 8 : 4;
  uint64_t at = 0;
  while (Inside(at, sizeof(Elf64_Nhdr), bytes.size())) {
    Elf64_Nhdr note;
    std::memcpy(&note, bytes.data() + at, sizeof note);
    const uint64_t owner = at + sizeof note;
    // 32-bit sizes: neither sum can wrap.
    const uint64_t description = AlignUp(owner + note.n_namesz, alignment);
    if (!Inside(description, note.n_descsz, bytes.size())) return;
    std::string name(reinterpret_cast<const char*>(bytes.data() + owner),
                     note.n_namesz);
    if (!name.empty() && name.back() == '\0') name.pop_back();
    const bool is_build_id = name == "GNU" && note.n_type == NT_GNU_BUILD_ID;
    notes.push_back(
        {.owner = std::move(name),
         .type = note.n_type,
         .description = {bytes.begin() + description,
                         bytes.begin() + description + note.n_descsz},
         .description_vaddr = header.p_vaddr + description,
         .identifies_build = is_build_id});
    at = AlignUp(description + note.n_descsz, alignment);
  }
}

std::string FindBuildId(const std::vector<Note>& notes) {
  for (const Note& note : notes) {
    if (note.identifies_build) {
      return absl::BytesToHexString(absl::string_view(
          reinterpret_cast<const char*>(note.description.data()),
          note.description.size()));
    }
  }
  return "";
}

// Only section headers know where .eh_frame is when there is no search table;
// a stripped image may have none.
std::optional<ImageRange> FindEhFrameSection(ReadAt read,
                                             const Elf64_Ehdr& header,
                                             uint64_t file_size) {
  constexpr absl::string_view kName = ".eh_frame";
  if (header.e_shentsize != sizeof(Elf64_Shdr) ||
      header.e_shstrndx >= header.e_shnum ||
      !Inside(header.e_shoff, uint64_t{header.e_shnum} * sizeof(Elf64_Shdr),
              file_size)) {
    return std::nullopt;
  }
  const auto section = [&](uint64_t index) {
    return ReadStruct<Elf64_Shdr>(read,
                                  header.e_shoff + index * sizeof(Elf64_Shdr));
  };
  const std::optional<Elf64_Shdr> names = section(header.e_shstrndx);
  if (!names || names->sh_offset > file_size) return std::nullopt;
  for (uint64_t i = 0; i < header.e_shnum; ++i) {
    const std::optional<Elf64_Shdr> candidate = section(i);
    if (!candidate) return std::nullopt;
    char name[kName.size() + 1];
    if (!read(
            names->sh_offset + candidate->sh_name,
            absl::MakeSpan(reinterpret_cast<std::byte*>(name), sizeof name))) {
      continue;
    }
    if (std::memcmp(name, kName.data(), sizeof name) != 0) continue;
    if (candidate->sh_addr == 0 ||
        !Inside(candidate->sh_addr, candidate->sh_size, UINT64_MAX)) {
      return std::nullopt;
    }
    return ImageRange{candidate->sh_addr,
                      candidate->sh_addr + candidate->sh_size};
  }
  return std::nullopt;
}

std::optional<ImageRange> IfLoaded(std::optional<ImageRange> range,
                                   const ImageRange& loaded) {
  if (!range || range->begin < loaded.begin || range->end > loaded.end) {
    return std::nullopt;
  }
  return range;
}

}  // namespace

absl::StatusOr<ElfContents> ParseElf(ReadAt read, uint64_t file_size) {
  const absl::StatusOr<Elf64_Ehdr> header = ReadHeader(read);
  if (!header.ok()) return header.status();
  const absl::StatusOr<std::vector<Elf64_Phdr>> program_headers =
      ReadProgramHeaders(read, *header);
  if (!program_headers.ok()) return program_headers.status();

  ElfContents contents;
  contents.loaded = {UINT64_MAX, 0};
  for (const Elf64_Phdr& program_header : *program_headers) {
    if (program_header.p_type == PT_NOTE) {
      AddNotes(read, program_header, contents.notes);
    } else if (program_header.p_type == PT_GNU_EH_FRAME) {
      if (Inside(program_header.p_vaddr, program_header.p_memsz, UINT64_MAX)) {
        contents.eh_frame_hdr = {
            program_header.p_vaddr,
            program_header.p_vaddr + program_header.p_memsz};
      }
    } else if (program_header.p_type == PT_LOAD &&
               program_header.p_memsz != 0) {
      const absl::StatusOr<Segment> segment =
          ToSegment(program_header, file_size);
      if (!segment.ok()) return segment.status();
      contents.segments.push_back(*segment);
      contents.loaded.begin =
          std::min(contents.loaded.begin, segment->vaddr & ~(PageSize() - 1));
      contents.loaded.end =
          std::max(contents.loaded.end,
                   AlignUp(segment->vaddr + segment->memory_size, PageSize()));
    }
  }
  if (contents.segments.empty()) return NoElf("nothing in it is loaded");
  if (contents.loaded.size() > kMaxImageBytes) {
    return NoElf("load segments too far apart");
  }
  contents.build_id = FindBuildId(contents.notes);
  contents.eh_frame_hdr = IfLoaded(contents.eh_frame_hdr, contents.loaded);
  contents.eh_frame =
      IfLoaded(FindEhFrameSection(read, *header, file_size), contents.loaded);
  return contents;
}

}  // namespace hubspy

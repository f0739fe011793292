#include "image/macho_parser.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "image/macho_format.h"

namespace hubspy {
namespace {

// Intel's; that of Apple silicon is four of them.
constexpr uint64_t kMachoPage = 4096;
// As in elf_parser.cc: more is no image, and only wrapping is an error.
constexpr uint64_t kMaxCodeBytes = uint64_t{1} << 40;

absl::Status NoMacho(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("not a Mach-O image: ", what));
}

// Names are padded with zeros, and fill their field when they are long.
template <size_t size>
std::string Name(const char (&name)[size]) {
  return std::string(name, strnlen(name, size));
}

absl::StatusOr<macho::Header> ReadMachoHeader(ReadAt read) {
  const std::optional<macho::Header> header =
      ReadStruct<macho::Header>(read, 0);
  if (!header || header->magic != macho::kMagic64) {
    return NoMacho("no 64-bit Mach-O header");
  }
  switch (header->file_type) {
    case macho::kExecute:
    case macho::kDylib:
    case macho::kDylinker:
    case macho::kBundle:
    case macho::kDsym:
      return *header;
    default:
      return NoMacho("neither a program nor a library nor their debug symbols");
  }
}

bool IsZeroFill(uint32_t flags) {
  const uint32_t type = flags & macho::kSectionType;
  return type == macho::kZeroFill || type == macho::kGbZeroFill ||
         type == macho::kThreadLocalZeroFill;
}

class Parser {
 public:
  Parser(ReadAt read, uint64_t file_size)
      : read_(read), file_size_(file_size) {}

  absl::Status Parse(const macho::Header& header) {
    contents_.cpu_type = header.cpu_type;
    contents_.file_type = header.file_type;
    if (header.commands_size > macho::kMaxCommandBytes) {
      return NoMacho("too many load commands");
    }
    std::vector<std::byte> commands(header.commands_size);
    if (!read_(sizeof(macho::Header), absl::MakeSpan(commands))) {
      return NoMacho("load commands outside the file");
    }
    absl::Span<const std::byte> rest = commands;
    for (uint32_t i = 0; i < header.command_count; ++i) {
      const auto command = ReadStruct<macho::Command>(rest, 0);
      if (!command || command->size < sizeof(macho::Command) ||
          command->size > rest.size()) {
        return NoMacho("a load command outside the others");
      }
      if (absl::Status status =
              Add(command->command, rest.first(command->size),
                  header.commands_size - rest.size() + sizeof(macho::Header));
          !status.ok()) {
        return status;
      }
      rest.remove_prefix(command->size);
    }
    return Finish();
  }

  MachoContents Contents() && { return std::move(contents_); }

 private:
  absl::Status Add(uint32_t kind, absl::Span<const std::byte> command,
                   uint64_t offset) {
    switch (kind) {
      case macho::kSegment64:
        return AddSegment(command);
      case macho::kUuid:
        return AddUuid(command, offset);
      case macho::kSymbolTable:
        return AddSymbolTable(command);
      case macho::kFunctionStarts:
        return AddFunctionStarts(command);
      default:
        return absl::OkStatus();
    }
  }

  absl::Status AddSegment(absl::Span<const std::byte> bytes) {
    const auto command = ReadStruct<macho::SegmentCommand>(bytes, 0);
    if (!command) return NoMacho("a segment that is cut off");
    const std::string name = Name(command->name);
    // That of a dSYM's __TEXT tells of the image that it describes.
    if (!Inside(command->file_offset, command->file_size, file_size_)) {
      return NoMacho(absl::StrCat("segment ", name, " outside the file"));
    }
    if (!Inside(command->vaddr, command->memory_size,
                UINT64_MAX - kMachoPage)) {
      return NoMacho(
          absl::StrCat("segment ", name, " outside the address space"));
    }
    const bool executable =
        (command->first_protection & macho::kProtExecute) != 0 &&
        command->memory_size != 0;
    contents_.segments.push_back(
        {.vaddr = command->vaddr,
         .file_offset = command->file_offset,
         .file_size = std::min(command->file_size, command->memory_size),
         .memory_size = command->memory_size,
         .executable = executable});
    if (name == "__TEXT") contents_.header_vaddr = command->vaddr;
    if (executable) AddCode(command->vaddr, command->memory_size);
    bytes.remove_prefix(sizeof *command);
    for (uint32_t i = 0; i < command->section_count; ++i) {
      const auto section = ReadStruct<macho::Section>(bytes, 0);
      if (!section)
        return NoMacho(absl::StrCat("a section of ", name, " cut off"));
      bytes.remove_prefix(sizeof *section);
      AddSection(*section, *command, executable);
    }
    return absl::OkStatus();
  }

  void AddCode(uint64_t vaddr, uint64_t size) {
    const uint64_t begin = vaddr & ~(kMachoPage - 1);
    const uint64_t end = (vaddr + size + kMachoPage - 1) & ~(kMachoPage - 1);
    ImageRange& code = contents_.code;
    code = code.size() == 0 ? ImageRange{begin, end}
                            : ImageRange{std::min(code.begin, begin),
                                         std::max(code.end, end)};
  }

  // One that lies outside of its segment keeps its place among the others, by
  // which symbols name it, and holds nothing.
  void AddSection(const macho::Section& section,
                  const macho::SegmentCommand& segment, bool in_code) {
    MachoSection result{.segment = Name(section.segment),
                        .name = Name(section.name)};
    const bool inside = section.vaddr >= segment.vaddr &&
                        Inside(section.vaddr - segment.vaddr, section.size,
                               segment.memory_size);
    if (inside) {
      result.range = {section.vaddr, section.vaddr + section.size};
      result.in_code = in_code;
      result.has_instructions = (section.flags & macho::kHasInstructions) != 0;
      const bool in_file = !IsZeroFill(section.flags) &&
                           section.offset >= segment.file_offset &&
                           Inside(section.offset - segment.file_offset,
                                  section.size, segment.file_size);
      if (in_file) result.bytes = FileRange{section.offset, section.size};
    }
    contents_.sections.push_back(std::move(result));
  }

  absl::Status AddUuid(absl::Span<const std::byte> bytes, uint64_t offset) {
    const auto command = ReadStruct<macho::UuidCommand>(bytes, 0);
    if (!command) return NoMacho("a UUID that is cut off");
    const auto* const begin = reinterpret_cast<const std::byte*>(command->uuid);
    contents_.uuid = absl::BytesToHexString(absl::string_view(
        reinterpret_cast<const char*>(begin), sizeof command->uuid));
    uuid_note_ =
        Note{.owner = "Mach-O",
             .type = macho::kUuid,
             .description = {begin, begin + sizeof command->uuid},
             .description_vaddr = offset + offsetof(macho::UuidCommand, uuid),
             .identifies_build = true};
    return absl::OkStatus();
  }

  absl::Status AddSymbolTable(absl::Span<const std::byte> bytes) {
    const auto command = ReadStruct<macho::SymbolTableCommand>(bytes, 0);
    if (!command) return NoMacho("a symbol table's command that is cut off");
    const uint64_t size =
        uint64_t{command->symbol_count} * sizeof(macho::Symbol);
    if (!Inside(command->symbols_offset, size, file_size_) ||
        !Inside(command->names_offset, command->names_size, file_size_)) {
      return NoMacho("a symbol table outside the file");
    }
    contents_.symbol_table =
        MachoSymbolTable{.symbols = {command->symbols_offset, size},
                         .names = {command->names_offset, command->names_size}};
    return absl::OkStatus();
  }

  absl::Status AddFunctionStarts(absl::Span<const std::byte> bytes) {
    const auto command = ReadStruct<macho::LinkEditCommand>(bytes, 0);
    if (!command || !Inside(command->offset, command->size, file_size_)) {
      return NoMacho("function starts outside the file");
    }
    contents_.function_starts = {command->offset, command->size};
    return absl::OkStatus();
  }

  absl::Status Finish() {
    if (contents_.segments.empty()) return NoMacho("nothing in it is loaded");
    if (contents_.code.size() > kMaxCodeBytes) {
      return NoMacho("code segments too far apart");
    }
    if (uuid_note_) {
      uuid_note_->description_vaddr += contents_.header_vaddr;
      contents_.notes.push_back(*std::move(uuid_note_));
    }
    return absl::OkStatus();
  }

  ReadAt read_;
  const uint64_t file_size_;
  MachoContents contents_;
  std::optional<Note> uuid_note_;
};

uint32_t FromBigEndian(uint32_t value) { return __builtin_bswap32(value); }
uint64_t FromBigEndian(uint64_t value) { return __builtin_bswap64(value); }

// Of several slices for one machine the one that its kernel takes: code for
// processors since Haswell before that for all, and Apple's own arm64e, whose
// ABI is not for others, after all else. Lower is better.
int Rank(uint32_t cpu_type, uint32_t subtype) {
  subtype &= macho::kSubtypeMask;
  if (cpu_type == macho::kCpuX86_64) {
    return subtype == macho::kSubtypeX86_64H ? 0 : 1;
  }
  return subtype == macho::kSubtypeArm64e ? 1 : 0;
}

template <typename Slice>
absl::StatusOr<FileRange> ChooseFrom(ReadAt read, uint64_t file_size,
                                     uint32_t count, uint32_t cpu_type) {
  std::optional<FileRange> best;
  int best_rank = 0;
  for (uint32_t i = 0; i < count; ++i) {
    const auto slice =
        ReadStruct<Slice>(read, sizeof(macho::FatHeader) + i * sizeof(Slice));
    if (!slice) return NoMacho("a slice outside the file");
    const FileRange range{FromBigEndian(slice->offset),
                          FromBigEndian(slice->size)};
    if (!Inside(range.offset, range.size, file_size)) {
      return NoMacho("a slice outside the file");
    }
    if (FromBigEndian(slice->cpu_type) != cpu_type) continue;
    const int rank = Rank(cpu_type, FromBigEndian(slice->cpu_subtype));
    if (!best || rank < best_rank) {
      best = range;
      best_rank = rank;
    }
  }
  if (!best) {
    return NoMacho("nothing in the fat file is for this machine");
  }
  return *best;
}

}  // namespace

const MachoSection* MachoContents::Find(absl::string_view segment,
                                        absl::string_view section) const {
  for (const MachoSection& candidate : sections) {
    if (candidate.segment == segment && candidate.name == section) {
      return &candidate;
    }
  }
  return nullptr;
}

bool IsMacho(absl::Span<const std::byte> first_bytes) {
  const auto magic = ReadStruct<uint32_t>(first_bytes, 0);
  if (!magic) return false;
  return *magic == macho::kMagic64 ||
         FromBigEndian(*magic) == macho::kFatMagic ||
         FromBigEndian(*magic) == macho::kFatMagic64;
}

absl::StatusOr<FileRange> ChooseSlice(ReadAt read, uint64_t file_size,
                                      uint32_t cpu_type) {
  // There are not that many machines; and a Java class begins with the same
  // magic number, and then its version, which is larger.
  constexpr uint32_t kMaxSlices = 32;
  const auto header = ReadStruct<macho::FatHeader>(read, 0);
  if (!header) return NoMacho("no header");
  if (header->magic == macho::kMagic64) {
    const auto thin = ReadStruct<macho::Header>(read, 0);
    if (!thin) return NoMacho("no header");
    if (thin->cpu_type != cpu_type) {
      return NoMacho("for another machine");
    }
    return FileRange{0, file_size};
  }
  const uint32_t count = FromBigEndian(header->count);
  if (count > kMaxSlices) return NoMacho("too many slices");
  switch (FromBigEndian(header->magic)) {
    case macho::kFatMagic:
      return ChooseFrom<macho::FatSlice>(read, file_size, count, cpu_type);
    case macho::kFatMagic64:
      return ChooseFrom<macho::FatSlice64>(read, file_size, count, cpu_type);
    default:
      return NoMacho("no Mach-O header");
  }
}

absl::StatusOr<MachoContents> ParseMacho(ReadAt read, uint64_t file_size) {
  const absl::StatusOr<macho::Header> header = ReadMachoHeader(read);
  if (!header.ok()) return header.status();
  Parser parser(read, file_size);
  if (absl::Status status = parser.Parse(*header); !status.ok()) {
    return status;
  }
  return std::move(parser).Contents();
}

}  // namespace hubspy

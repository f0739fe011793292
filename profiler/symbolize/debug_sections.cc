#include "symbolize/debug_sections.h"

#include <elf.h>
#include <gelf.h>

#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "model/machine.h"
#include "symbolize/inflate.h"

// Of newer elf.h than some have (System V gABI, chapter "Sections").
#ifndef ELFCOMPRESS_ZSTD
#define ELFCOMPRESS_ZSTD 2
#endif

namespace hubspy {
namespace {

constexpr std::array<absl::string_view, kDebugSections> kNames = {
    "info", "types",       "abbrev", "addr",     "line",     "line_str",
    "str",  "str_offsets", "ranges", "rnglists", "cu_index", "tu_index",
};

// libdw reads a header's first words of these before it asks how long they are.
constexpr size_t kMinHeader = 16;

bool IsIndex(DebugSection section) {
  return section == DebugSection::kCuIndex || section == DebugSection::kTuIndex;
}

struct Named {
  DebugSection section;
  bool gnu_compressed = false;
};

std::optional<Named> Recognize(absl::string_view name,
                               DebugSections::Kind kind) {
  Named named{};
  if (absl::ConsumePrefix(&name, ".zdebug_")) {
    named.gnu_compressed = true;
  } else if (!absl::ConsumePrefix(&name, ".debug_")) {
    return std::nullopt;
  }
  const bool dwo = absl::ConsumeSuffix(&name, ".dwo");
  const bool split = kind == DebugSections::Kind::kSplit;
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (name != kNames[i]) continue;
    named.section = static_cast<DebugSection>(i);
    // A package's index is named without ".dwo" (DWARF 5, section 7.3.5).
    if (dwo != (split && !IsIndex(named.section))) return std::nullopt;
    if (!split && IsIndex(named.section)) return std::nullopt;
    return named;
  }
  return std::nullopt;
}

absl::string_view View(const Elf_Data* data) {
  if (data == nullptr || data->d_buf == nullptr) return {};
  return {static_cast<const char*>(data->d_buf), data->d_size};
}

// What an ELF compression header, or the one of .zdebug ("ZLIB" and the size,
// big-endian), stands in front of.
struct Compressed {
  uint64_t type = 0;
  uint64_t size = 0;
  absl::string_view bytes;
};

std::optional<Compressed> GnuCompressed(absl::string_view bytes) {
  constexpr absl::string_view kMagic = "ZLIB";
  Compressed compressed{.type = ELFCOMPRESS_ZLIB};
  if (bytes.size() < kMagic.size() + 8 ||
      !absl::ConsumePrefix(&bytes, kMagic)) {
    return std::nullopt;
  }
  for (int i = 0; i < 8; ++i) {
    compressed.size =
        compressed.size << 8 | static_cast<unsigned char>(bytes[i]);
  }
  compressed.bytes = bytes.substr(8);
  return compressed;
}

std::optional<Compressed> ElfCompressed(absl::string_view bytes) {
  Elf64_Chdr header;
  if (bytes.size() < sizeof(header)) return std::nullopt;
  std::memcpy(&header, bytes.data(), sizeof(header));
  return Compressed{header.ch_type, header.ch_size,
                    bytes.substr(sizeof(header))};
}

std::optional<std::string> Inflate(const Compressed& from) {
  if (from.size > MaxInflatedSize(from.bytes.size())) return std::nullopt;
  absl::StatusOr<std::string> bytes =
      from.type == ELFCOMPRESS_ZLIB ? InflateZlib(from.bytes, from.size)
      : from.type == ELFCOMPRESS_ZSTD
          ? InflateZstd(from.bytes, from.size)
          : absl::UnimplementedError("unknown compression");
  if (!bytes.ok()) return std::nullopt;
  return *std::move(bytes);
}

// What of a section's bytes libdw can be given: it hands out strings as they
// lie in there, and reads some headers unasked.
absl::string_view Safe(DebugSection section, absl::string_view bytes) {
  switch (section) {
    case DebugSection::kStr:
    case DebugSection::kLineStr:
      return bytes.substr(0, bytes.rfind('\0') + 1);
    case DebugSection::kStrOffsets:
    case DebugSection::kRnglists:
      return bytes.size() < kMinHeader ? absl::string_view() : bytes;
    default:
      return bytes;
  }
}

// An ELF file of no sections but that of their names, `names`, which begins
// with a NUL.
std::string EmptyElf(absl::string_view names) {
  Elf64_Ehdr file = {};
  std::memcpy(file.e_ident, ELFMAG, SELFMAG);
  file.e_ident[EI_CLASS] = ELFCLASS64;
  file.e_ident[EI_DATA] = ELFDATA2LSB;
  file.e_ident[EI_VERSION] = EV_CURRENT;
  file.e_type = ET_EXEC;
  file.e_machine = kElfMachine;
  file.e_version = EV_CURRENT;
  file.e_shoff = sizeof(file);
  file.e_ehsize = sizeof(file);
  file.e_shentsize = sizeof(Elf64_Shdr);
  file.e_shnum = 2;
  file.e_shstrndx = 1;
  std::array<Elf64_Shdr, 2> sections = {};
  sections[1].sh_type = SHT_STRTAB;
  sections[1].sh_offset = sizeof(file) + sizeof(sections);
  sections[1].sh_size = names.size();
  return absl::StrCat(
      absl::string_view(reinterpret_cast<const char*>(&file), sizeof(file)),
      absl::string_view(reinterpret_cast<const char*>(sections.data()),
                        sizeof(sections)),
      names);
}

bool AddSection(Elf* elf, uint32_t name, absl::string_view bytes) {
  Elf_Scn* section = elf_newscn(elf);
  GElf_Shdr header;
  if (section == nullptr || gelf_getshdr(section, &header) == nullptr) {
    return false;
  }
  header.sh_name = name;
  header.sh_type = SHT_PROGBITS;
  header.sh_size = bytes.size();
  if (gelf_update_shdr(section, &header) == 0) return false;
  Elf_Data* data = elf_newdata(section);
  if (data == nullptr) return false;
  // libdw takes bytes as writable but, opened like this, only reads them.
  data->d_buf = const_cast<char*>(bytes.data());
  data->d_size = bytes.size();
  data->d_align = 1;
  return true;
}

}  // namespace

std::optional<DebugSection> MachoDebugSection(absl::string_view name) {
  constexpr size_t kMaxName = 16;
  for (size_t i = 0; i < kNames.size(); ++i) {
    const auto section = static_cast<DebugSection>(i);
    const std::string whole = absl::StrCat("__debug_", kNames[i]);
    if (!IsIndex(section) && name == whole.substr(0, kMaxName)) return section;
  }
  return std::nullopt;
}

DebugSections::DebugSections(Elf* elf, Kind kind) {
  size_t names;
  GElf_Ehdr file;
  // The bytes of others would have to be turned before libdw reads them.
  if (gelf_getehdr(elf, &file) == nullptr ||
      file.e_ident[EI_CLASS] != ELFCLASS64 ||
      file.e_ident[EI_DATA] != ELFDATA2LSB ||
      elf_getshdrstrndx(elf, &names) != 0) {
    return;
  }
  Elf_Scn* scn = nullptr;
  while ((scn = elf_nextscn(elf, scn)) != nullptr) {
    GElf_Shdr header;
    if (gelf_getshdr(scn, &header) == nullptr || header.sh_type == SHT_NOBITS) {
      continue;
    }
    const char* name = elf_strptr(elf, names, header.sh_name);
    if (name == nullptr) continue;
    const auto named = Recognize(name, kind);
    if (named) Add(named->section, scn, named->gnu_compressed);
  }
}

void DebugSections::Add(DebugSection section, Elf_Scn* scn,
                        bool gnu_compressed) {
  GElf_Shdr header;
  absl::string_view bytes = View(elf_rawdata(scn, nullptr));
  if (bytes.empty() || gelf_getshdr(scn, &header) == nullptr) return;
  const bool elf_compressed = (header.sh_flags & SHF_COMPRESSED) != 0;
  if (elf_compressed || gnu_compressed) {
    const auto compressed =
        elf_compressed ? ElfCompressed(bytes) : GnuCompressed(bytes);
    if (!compressed) return;
    std::optional<std::string> inflated = Inflate(*compressed);
    if (!inflated) return;
    bytes = inflated_.emplace_back(*std::move(inflated));
  }
  if (section == DebugSection::kInfo) infos_.push_back(bytes);
  if (bytes_[section].empty()) bytes_[section] = bytes;
}

std::unique_ptr<SectionDwarf> SectionDwarf::Of(const SectionBytes& sections) {
  std::string names(1, '\0');
  std::vector<std::pair<uint32_t, absl::string_view>> to_add;
  for (size_t i = 0; i < kDebugSections; ++i) {
    const auto section = static_cast<DebugSection>(i);
    const absl::string_view bytes = Safe(section, sections[section]);
    if (bytes.empty() || IsIndex(section)) continue;
    to_add.emplace_back(static_cast<uint32_t>(names.size()), bytes);
    absl::StrAppend(&names, ".debug_", kNames[i], absl::string_view("\0", 1));
  }
  std::unique_ptr<SectionDwarf> result(new SectionDwarf);
  result->header_ = EmptyElf(names);
  elf_version(EV_CURRENT);
  result->elf_.reset(
      elf_memory(result->header_.data(), result->header_.size()));
  if (result->elf_ == nullptr) return nullptr;
  for (const auto& [name, bytes] : to_add) {
    if (!AddSection(result->elf_.get(), name, bytes)) return nullptr;
  }
  result->dwarf_.reset(
      dwarf_begin_elf(result->elf_.get(), DWARF_C_READ, nullptr));
  Dwarf_CU* first;
  if (result->dwarf_ == nullptr ||
      dwarf_get_units(result->dwarf_.get(), nullptr, &first, nullptr, nullptr,
                      nullptr, nullptr) != 0) {
    return nullptr;
  }
  return result;
}

DwarfFile::DwarfFile(Elf* elf)
    : sections_(elf, DebugSections::Kind::kPlain),
      dwarf_(SectionDwarf::Of(sections_.bytes())) {}

std::unique_ptr<DwarfFile> DwarfFile::Of(Elf* elf) {
  std::unique_ptr<DwarfFile> file(new DwarfFile(elf));
  return file->dwarf_ == nullptr ? nullptr : std::move(file);
}

}  // namespace hubspy

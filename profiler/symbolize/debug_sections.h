// The DWARF sections of one ELF file as plain bytes, and libdw over such bytes.
//
//   DebugSections sections(elf, DebugSections::Kind::kPlain);
//   std::unique_ptr<SectionDwarf> dwarf = SectionDwarf::Of(sections.bytes());
//
// Compressed ones (zlib, zstd, and .zdebug) are inflated; only those are read
// that symbols need. Between the two steps sections may be exchanged: a split
// unit is read by giving libdw its own sections and its skeleton's addresses.
//
// The surprising part: libdw sees an ELF file that does not exist. Each of its
// sections points at bytes that others own, so that nothing is copied, however
// large a package of split units is.
#ifndef HUBSPY_SYMBOLIZE_DEBUG_SECTIONS_H_
#define HUBSPY_SYMBOLIZE_DEBUG_SECTIONS_H_

#include <array>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "symbolize/elf_handles.h"

namespace hubspy {

enum class DebugSection {
  kInfo,
  kTypes,
  kAbbrev,
  kAddr,
  kLine,
  kLineStr,
  kStr,
  kStrOffsets,
  kRanges,
  kRnglists,
  kCuIndex,
  kTuIndex,
};
inline constexpr size_t kDebugSections = 12;

// By DebugSection; empty: there is none.
class SectionBytes {
 public:
  absl::string_view& operator[](DebugSection section) {
    return bytes_[static_cast<size_t>(section)];
  }
  absl::string_view operator[](DebugSection section) const {
    return bytes_[static_cast<size_t>(section)];
  }

 private:
  std::array<absl::string_view, kDebugSections> bytes_;
};

// The section that Mach-O calls `name`: "__debug_info". Its names are cut off
// at 16 letters. Nullopt for those that are not read.
std::optional<DebugSection> MachoDebugSection(absl::string_view name);

class DebugSections {
 public:
  enum class Kind {
    kPlain,  // ".debug_info"
    kSplit,  // ".debug_info.dwo", and the index of a package
  };

  // Borrows `elf`'s bytes. A section that cannot be read is not there.
  DebugSections(Elf* elf, Kind kind);
  DebugSections(const DebugSections&) = delete;
  DebugSections& operator=(const DebugSections&) = delete;

  // Of several sections of one name the first.
  const SectionBytes& bytes() const { return bytes_; }
  // All of them: gcc makes one for each type unit of DWARF 5.
  const std::vector<absl::string_view>& infos() const { return infos_; }

 private:
  void Add(DebugSection section, Elf_Scn* scn, bool gnu_compressed);

  std::deque<std::string> inflated_;  // what some of bytes_ are
  SectionBytes bytes_;
  std::vector<absl::string_view> infos_;
};

class SectionDwarf {
 public:
  // Null when libdw finds no unit in there. Borrows the bytes.
  static std::unique_ptr<SectionDwarf> Of(const SectionBytes& sections);
  SectionDwarf(const SectionDwarf&) = delete;
  SectionDwarf& operator=(const SectionDwarf&) = delete;

  Dwarf* dwarf() const { return dwarf_.get(); }

 private:
  SectionDwarf() = default;

  // In the order in which they refer to each other.
  std::string header_;
  ElfHandle elf_;
  DwarfHandle dwarf_;
};

// The two for a file with whole units.
class DwarfFile {
 public:
  // Null when there is no unit in `elf`, whose bytes it borrows.
  static std::unique_ptr<DwarfFile> Of(Elf* elf);

  const SectionBytes& sections() const { return sections_.bytes(); }
  Dwarf* dwarf() const { return dwarf_->dwarf(); }

 private:
  explicit DwarfFile(Elf* elf);

  DebugSections sections_;
  std::unique_ptr<SectionDwarf> dwarf_;
};

// The most that a compressed section is inflated to: compilers' DWARF shrinks
// to a tenth, so that a hundredfold is no DWARF, but for what is small anyhow.
inline constexpr size_t MaxInflatedSize(size_t compressed_size) {
  constexpr size_t kAnyhow = size_t{16} << 20;
  constexpr size_t kRatio = 100;
  return compressed_size > kAnyhow / kRatio ? compressed_size * kRatio
                                            : kAnyhow;
}

}  // namespace hubspy

#endif  // HUBSPY_SYMBOLIZE_DEBUG_SECTIONS_H_

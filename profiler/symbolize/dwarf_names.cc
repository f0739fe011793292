#include "symbolize/dwarf_names.h"

#include <dwarf.h>
#include <sys/stat.h>

#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "symbolize/demangle.h"

namespace hubspy {
namespace {

// How often a DIE may refer on to another one for its name; compilers do it up
// to three times (inlined -> abstract -> declaration).
constexpr int kMaxReferences = 16;

const char* LinkageName(Dwarf_Die* die) {
  Dwarf_Attribute attribute;
  if (dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute) == nullptr &&
      dwarf_attr_integrate(die, DW_AT_MIPS_linkage_name, &attribute) ==
          nullptr) {
    return nullptr;
  }
  return dwarf_formstring(&attribute);
}

// Where the function was first declared: follows abstract origins and
// specifications to their end.
Dwarf_Die Declaration(Dwarf_Die die) {
  for (int i = 0; i < kMaxReferences; ++i) {
    Dwarf_Attribute attribute;
    if (dwarf_attr(&die, DW_AT_abstract_origin, &attribute) == nullptr &&
        dwarf_attr(&die, DW_AT_specification, &attribute) == nullptr) {
      break;
    }
    Dwarf_Die next;
    if (dwarf_formref_die(&attribute, &next) == nullptr) break;
    die = next;
  }
  return die;
}

std::string Text(Dwarf_Die* die, unsigned int name) {
  Dwarf_Attribute attribute;
  if (dwarf_attr(die, name, &attribute) == nullptr) return "";
  const char* text = dwarf_formstring(&attribute);
  return text == nullptr ? "" : text;
}

// libdw opens whatever has the name that the image says, and would wait at a
// pipe until somebody writes to it.
bool SplitFileIsRegular(Dwarf_Die unit) {
  std::string file = Text(&unit, DW_AT_dwo_name);
  if (file.empty()) file = Text(&unit, DW_AT_GNU_dwo_name);
  if (!absl::StartsWith(file, "/")) {
    file = absl::StrCat(Text(&unit, DW_AT_comp_dir), "/", file);
  }
  struct stat status;
  return stat(file.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

std::optional<Dwarf_Die> SplitUnit(const Dwarf_Die& unit) {
  Dwarf_Die split;
  uint8_t type;
  if (dwarf_cu_info(unit.cu, nullptr, &type, nullptr, nullptr, nullptr, nullptr,
                    nullptr) != 0 ||
      type != DW_UT_skeleton || !SplitFileIsRegular(unit) ||
      dwarf_cu_info(unit.cu, nullptr, nullptr, nullptr, &split, nullptr,
                    nullptr, nullptr) != 0 ||
      split.addr == nullptr) {
    return std::nullopt;
  }
  return split;
}

}  // namespace

DwarfNames::DwarfNames(Dwarf* dwarf) {
  Dwarf_CU* cu = nullptr;
  Dwarf_Die die;
  while (dwarf_get_units(dwarf, cu, &cu, nullptr, nullptr, &die, nullptr) ==
         0) {
    DwarfUnit& unit = UnitOf(die);
    for (const auto& [begin, end] : unit.Ranges()) {
      by_address_.Add(begin, end, &unit);
    }
  }
  by_address_.Sort();
}

DwarfUnit& DwarfNames::UnitOf(const Dwarf_Die& die) {
  std::unique_ptr<DwarfUnit>& unit = units_[die.cu];
  if (unit == nullptr) {
    Dwarf_Die root = die;
    dwarf_cu_info(die.cu, nullptr, nullptr, &root, nullptr, nullptr, nullptr,
                  nullptr);
    const std::optional<Dwarf_Die> split = SplitUnit(root);
    unit = std::make_unique<DwarfUnit>(root, split);
  }
  return *unit;
}

std::vector<SourceFrame> DwarfNames::FramesAt(uint64_t vaddr) {
  const auto* found = by_address_.Find(vaddr);
  if (found == nullptr) return {};
  DwarfUnit& unit = *found->value;
  std::optional<SourceLine> line = unit.LineAt(vaddr);
  const std::optional<Dwarf_Die> function = unit.FunctionAt(vaddr);
  if (!function) {
    if (!line) return {};
    return {{.file = std::move(line->file), .line = line->line}};
  }

  std::vector<Dwarf_Die> inlined = unit.InlinedAt(*function, vaddr);
  std::vector<SourceFrame> frames;
  SourceLine here = line.value_or(SourceLine{});
  for (; !inlined.empty(); inlined.pop_back()) {
    frames.push_back(Frame(inlined.back(), std::move(here)));
    frames.back().inlined = true;
    here = unit.CallSite(&inlined.back());
  }
  frames.push_back(Frame(*function, std::move(here)));
  return frames;
}

std::vector<std::pair<uint64_t, uint64_t>> DwarfNames::FunctionRangesAt(
    uint64_t vaddr) {
  const auto* found = by_address_.Find(vaddr);
  if (found == nullptr) return {};
  std::optional<Dwarf_Die> function = found->value->FunctionAt(vaddr);
  if (!function) return {};
  return RangesOf(&*function);
}

SourceFrame DwarfNames::Frame(Dwarf_Die function, SourceLine line) {
  SourceFrame frame{.function = FunctionName(&function),
                    .file = std::move(line.file),
                    .line = line.line};
  if (dwarf_decl_line(&function, &frame.function_line) != 0 ||
      frame.function_line < 0) {
    frame.function_line = 0;
  }
  return frame;
}

std::string DwarfNames::FunctionName(Dwarf_Die* function) {
  if (const char* linkage = LinkageName(function); linkage != nullptr) {
    return Demangle(linkage);
  }
  // Functions that no other unit can call have no linkage name; their scope is
  // where their declaration stands in the tree.
  const char* name = dwarf_diename(function);
  if (name == nullptr) return "";
  Dwarf_Die declaration = Declaration(*function);
  return absl::StrCat(UnitOf(declaration).ScopeOf(&declaration), name)
      .substr(0, kMaxDemangledSize);
}

}  // namespace hubspy

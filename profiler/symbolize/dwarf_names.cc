#include "symbolize/dwarf_names.h"

#include <dwarf.h>

#include <optional>
#include <utility>

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

// More units than any program has; a bound for what a hostile file can cost.
constexpr size_t kMaxUnits = size_t{1} << 20;

}  // namespace

DwarfNames::DwarfNames(Dwarf* dwarf, SplitUnits& split_units)
    : split_units_(split_units) {
  Dwarf_CU* cu = nullptr;
  Dwarf_Die die;
  for (size_t i = 0;
       i < kMaxUnits &&
       dwarf_get_units(dwarf, cu, &cu, nullptr, nullptr, &die, nullptr) == 0;
       ++i) {
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
    unit = std::make_unique<DwarfUnit>(root, split_units_);
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
    frames.push_back(Frame(unit, inlined.back(), std::move(here)));
    frames.back().inlined = true;
    here = unit.CallSite(&inlined.back());
  }
  frames.push_back(Frame(unit, *function, std::move(here)));
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

SourceFrame DwarfNames::Frame(DwarfUnit& unit, Dwarf_Die function,
                              SourceLine line) {
  SourceFrame frame{.function = FunctionName(unit, &function),
                    .file = std::move(line.file),
                    .line = line.line};
  if (dwarf_decl_line(&function, &frame.function_line) != 0 ||
      frame.function_line < 0) {
    frame.function_line = 0;
  }
  return frame;
}

std::string DwarfNames::FunctionName(DwarfUnit& unit, Dwarf_Die* function) {
  if (const char* linkage = LinkageName(function); linkage != nullptr) {
    return Demangle(linkage);
  }
  // Functions that no other unit can call have no linkage name; their scope is
  // where their declaration stands in the tree.
  const char* name = dwarf_diename(function);
  if (name == nullptr) return "";
  Dwarf_Die declaration = Declaration(*function);
  DwarfUnit& home = unit.Holds(declaration) ? unit : UnitOf(declaration);
  return absl::StrCat(home.ScopeOf(&declaration), name)
      .substr(0, kMaxDemangledSize);
}

}  // namespace hubspy

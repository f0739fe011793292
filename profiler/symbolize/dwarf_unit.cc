#include "symbolize/dwarf_unit.h"

#include <dwarf.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "absl/strings/str_cat.h"

namespace hubspy {
namespace {

// Deeper than any compiler nests; a bound for our recursion on hostile trees.
constexpr int kMaxDepth = 200;
constexpr size_t kMaxInlineDepth = 256;
constexpr size_t kMaxRangesPerDie = size_t{1} << 20;

// What functions may be declared in.
bool MayHoldFunctions(int tag) {
  switch (tag) {
    case DW_TAG_namespace:
    case DW_TAG_module:
    case DW_TAG_class_type:
    case DW_TAG_structure_type:
    case DW_TAG_union_type:
    case DW_TAG_interface_type:
    case DW_TAG_enumeration_type:  // Rust gives enumerations methods
    case DW_TAG_variant_part:
    case DW_TAG_variant:
    case DW_TAG_subprogram:
    case DW_TAG_lexical_block:
      return true;
    default:
      return false;
  }
}

bool IsScope(int tag) {
  return MayHoldFunctions(tag) && tag != DW_TAG_lexical_block &&
         tag != DW_TAG_variant_part && tag != DW_TAG_variant;
}

std::optional<uint64_t> Unsigned(Dwarf_Die* die, unsigned int name) {
  Dwarf_Attribute attribute;
  Dwarf_Word value;
  if (dwarf_attr(die, name, &attribute) == nullptr ||
      dwarf_formudata(&attribute, &value) != 0) {
    return std::nullopt;
  }
  return value;
}

int Line(uint64_t line) {
  return line <= std::numeric_limits<int>::max() ? static_cast<int>(line) : 0;
}

std::string Text(const char* text) { return text == nullptr ? "" : text; }

}  // namespace

std::vector<std::pair<uint64_t, uint64_t>> RangesOf(Dwarf_Die* die) {
  std::vector<std::pair<uint64_t, uint64_t>> ranges;
  Dwarf_Addr base = 0, begin = 0, end = 0;
  ptrdiff_t offset = 0;
  while (ranges.size() < kMaxRangesPerDie &&
         (offset = dwarf_ranges(die, offset, &base, &begin, &end)) > 0) {
    const bool dropped = begin <= 1 || begin >= end || ~begin < 0x1000;
    if (!dropped) ranges.emplace_back(begin, end);
  }
  return ranges;
}

DwarfUnit::DwarfUnit(const Dwarf_Die& root, SplitUnits& split_units)
    : split_units_(split_units), skeleton_(root), tree_(root), scopes_(1) {}

std::vector<std::pair<uint64_t, uint64_t>> DwarfUnit::Ranges() {
  return RangesOf(&skeleton_);
}

// Compilers write names as they were given them, relative to the folder that
// they ran in.
std::string DwarfUnit::FileName(const char* name) {
  Dwarf_Attribute attribute;
  if (name == nullptr || name[0] == '\0' || name[0] == '/' ||
      dwarf_attr(&skeleton_, DW_AT_comp_dir, &attribute) == nullptr) {
    return Text(name);
  }
  const std::string folder = Text(dwarf_formstring(&attribute));
  return folder.empty() ? Text(name) : absl::StrCat(folder, "/", name);
}

void DwarfUnit::Index() {
  if (indexed_) return;
  indexed_ = true;
  const SplitUnit* split = split_units_.Of(skeleton_);
  if (split != nullptr) tree_ = split->root();
  IndexChildren(tree_, 0, 0);
  functions_.Sort();
}

void DwarfUnit::IndexChildren(Dwarf_Die die, uint32_t scope, int depth) {
  Dwarf_Die child;
  if (depth > kMaxDepth || dwarf_child(&die, &child) != 0) return;
  do {
    // A tree that is met from front to back is met once, whatever its links
    // say; a step back is a cycle or an overlap of a broken file.
    const Dwarf_Off offset = dwarf_dieoffset(&child);
    if (offset <= visited_) return;
    visited_ = offset;
    const int tag = dwarf_tag(&child);
    if (tag == DW_TAG_subprogram) IndexFunction(&child, scope);
    if (MayHoldFunctions(tag) && dwarf_haschildren(&child) > 0) {
      IndexChildren(child, IsScope(tag) ? EnterScope(&child, scope) : scope,
                    depth + 1);
    }
  } while (dwarf_siblingof(&child, &child) == 0);
}

void DwarfUnit::IndexFunction(Dwarf_Die* function, uint32_t scope) {
  const Dwarf_Off offset = dwarf_dieoffset(function);
  if (scope != 0) scope_of_function_.try_emplace(offset, scope);
  for (const auto& [begin, end] : RangesOf(function)) {
    functions_.Add(begin, end, offset);
  }
}

uint32_t DwarfUnit::EnterScope(Dwarf_Die* die, uint32_t scope) {
  const int tag = dwarf_tag(die);
  const char* name = dwarf_diename(die);
  std::optional<Dwarf_Attribute> signature;
  if (name == nullptr) {
    Dwarf_Attribute reference;
    if (tag == DW_TAG_namespace) {
      name = "(anonymous namespace)";
    } else if (dwarf_attr(die, DW_AT_signature, &reference) != nullptr) {
      signature = reference;
    } else {
      return scope;
    }
  }
  // A definition away from its declaration belongs where that one stands.
  Dwarf_Attribute attribute;
  Dwarf_Die declaration;
  if (dwarf_attr(die, DW_AT_specification, &attribute) != nullptr &&
      dwarf_formref_die(&attribute, &declaration) != nullptr) {
    const auto it = scope_of_function_.find(dwarf_dieoffset(&declaration));
    if (it != scope_of_function_.end()) scope = it->second;
  }
  scopes_.push_back({scope, name, signature});
  return static_cast<uint32_t>(scopes_.size() - 1);
}

std::string DwarfUnit::ScopeOf(Dwarf_Die* declaration) {
  Index();
  const auto it = scope_of_function_.find(dwarf_dieoffset(declaration));
  if (it == scope_of_function_.end()) return "";
  std::string text;
  // A scope's parent was there before it, so that this ends.
  for (uint32_t s = it->second; s != 0; s = scopes_[s].parent) {
    const std::string name = ScopeName(scopes_[s]);
    if (!name.empty()) text.insert(0, absl::StrCat(name, "::"));
  }
  return text;
}

// A type that was moved to a type unit leaves a declaration behind, to which
// not every compiler gives its name (DWARF 5, section 5.7.1).
std::string DwarfUnit::ScopeName(const Scope& scope) {
  if (scope.name != nullptr) return scope.name;
  Dwarf_Attribute reference = *scope.signature;
  Dwarf_Die type;
  if (dwarf_formref_die(&reference, &type) != nullptr) {
    return Text(dwarf_diename(&type));
  }
  uint64_t signature;
  const auto* bytes = reinterpret_cast<const char*>(reference.valp);
  if (dwarf_whatform(&reference) != DW_FORM_ref_sig8) return "";
  std::memcpy(&signature, bytes, sizeof(signature));
  return split_units_.TypeName(tree_.cu, signature);
}

bool DwarfUnit::Holds(const Dwarf_Die& die) {
  Index();
  return die.cu == tree_.cu;
}

std::optional<Dwarf_Die> DwarfUnit::FunctionAt(uint64_t vaddr) {
  Index();
  const auto* found = functions_.Find(vaddr);
  Dwarf_Die die;
  if (found == nullptr || dwarf_offdie(dwarf_cu_getdwarf(tree_.cu),
                                       found->value, &die) == nullptr) {
    return std::nullopt;
  }
  return die;
}

std::vector<Dwarf_Die> DwarfUnit::InlinedAt(Dwarf_Die function,
                                            uint64_t vaddr) {
  std::vector<Dwarf_Die> inlined;
  Dwarf_Die die;
  Dwarf_Off visited = dwarf_dieoffset(&function);
  bool more = dwarf_child(&function, &die) == 0;
  for (int depth = 0; more && depth < kMaxDepth;) {
    const Dwarf_Off offset = dwarf_dieoffset(&die);
    if (offset <= visited) break;
    visited = offset;
    const int tag = dwarf_tag(&die);
    const bool call = tag == DW_TAG_inlined_subroutine;
    if ((call || tag == DW_TAG_lexical_block) && dwarf_haspc(&die, vaddr) > 0) {
      if (call) inlined.push_back(die);
      if (inlined.size() >= kMaxInlineDepth) break;
      // Ranges nest: nothing beside this one can hold the address.
      more = dwarf_child(&die, &die) == 0;
      ++depth;
    } else {
      more = dwarf_siblingof(&die, &die) == 0;
    }
  }
  return inlined;
}

std::optional<SourceLine> DwarfUnit::LineAt(uint64_t vaddr) {
  Dwarf_Line* row = dwarf_getsrc_die(&skeleton_, vaddr);
  if (row == nullptr) return std::nullopt;
  SourceLine line;
  line.file = FileName(dwarf_linesrc(row, nullptr, nullptr));
  if (dwarf_lineno(row, &line.line) != 0 || line.line < 0) line.line = 0;
  return line;
}

SourceLine DwarfUnit::CallSite(Dwarf_Die* inlined) {
  SourceLine site;
  site.line = Line(Unsigned(inlined, DW_AT_call_line).value_or(0));
  const auto file = Unsigned(inlined, DW_AT_call_file);
  Dwarf_Files* files;
  size_t count;
  // A split unit's files are its skeleton's; a table that lies beside it is
  // that of its types (DWARF 5, section 3.1.2).
  if (file && dwarf_getsrcfiles(&skeleton_, &files, &count) == 0 &&
      *file < count) {
    site.file = FileName(dwarf_filesrc(files, *file, nullptr, nullptr));
  }
  return site;
}

}  // namespace hubspy

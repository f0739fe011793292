#include "symbolize/macho_names.h"

#include <algorithm>
#include <tuple>

#include "image/macho_functions.h"
#include "image/macho_symbols.h"

namespace hubspy {
namespace {

constexpr int kNameless = 1000;

// As elf_symbols.cc has it: a name that others can call rather than a local
// one, and of those the one with the fewest underscores in front.
int Rank(const MachoSymbol& symbol) {
  const size_t underscores =
      std::min(std::min(symbol.name.find_first_not_of('_'), symbol.name.size()),
               size_t{15});
  return (symbol.external ? 0 : 32) + static_cast<int>(underscores);
}

// Where the code around `vaddr` ends; 0: there is none.
uint64_t CodeEnd(const MachoContents& contents, uint64_t vaddr) {
  for (const MachoSection& section : contents.sections) {
    if (section.has_instructions && section.range.Contains(vaddr)) {
      return section.range.end;
    }
  }
  return 0;
}

}  // namespace

MachoNames::MachoNames(const MachoContents& contents,
                       absl::Span<const std::byte> bytes) {
  for (const MachoSymbol& symbol : CodeSymbols(contents, bytes)) {
    functions_.push_back(
        {symbol.vaddr, symbol.section_end, Rank(symbol), symbol.name});
  }
  for (const uint64_t start : FunctionStarts(contents, bytes)) {
    const uint64_t end = CodeEnd(contents, start);
    if (end != 0) functions_.push_back({start, end, kNameless, {}});
  }
  std::sort(functions_.begin(), functions_.end(),
            [](const MachoFunction& a, const MachoFunction& b) {
              return std::tie(a.begin, a.rank, a.name) <
                     std::tie(b.begin, b.rank, b.name);
            });
  const auto same_place = [](const MachoFunction& a, const MachoFunction& b) {
    return a.begin == b.begin;
  };
  functions_.erase(
      std::unique(functions_.begin(), functions_.end(), same_place),
      functions_.end());
  for (size_t i = 0; i + 1 < functions_.size(); ++i) {
    functions_[i].end = std::min(functions_[i].end, functions_[i + 1].begin);
  }
  functions_.shrink_to_fit();
}

const MachoFunction* MachoNames::Find(uint64_t vaddr) const {
  const auto behind = std::upper_bound(
      functions_.begin(), functions_.end(), vaddr,
      [](uint64_t a, const MachoFunction& f) { return a < f.begin; });
  if (behind == functions_.begin()) return nullptr;
  const MachoFunction& candidate = *(behind - 1);
  return vaddr < candidate.end ? &candidate : nullptr;
}

}  // namespace hubspy

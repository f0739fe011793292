// The stubs through which a program calls shared libraries.
//
//   PltStubs stubs(elf);
//   stubs.Find(0x1036)       // "malloc", or empty outside of every stub
//
// Stubs have no symbols. Each jumps through a slot of the GOT, and a dynamic
// relocation names the function that the slot is for; this reads both.
#ifndef HUBSPY_SYMBOLIZE_PLT_H_
#define HUBSPY_SYMBOLIZE_PLT_H_

#include <gelf.h>

#include <cstdint>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "symbolize/interval_index.h"

namespace hubspy {

class PltStubs {
 public:
  explicit PltStubs(Elf* elf);

  // The function that the stub at `vaddr` jumps to, not demangled.
  absl::string_view Find(uint64_t vaddr) const;

 private:
  using Slots = absl::flat_hash_map<uint64_t, std::string>;

  void AddStubs(Elf_Scn* section, const GElf_Shdr& header, const Slots& slots);

  IntervalIndex<uint32_t> index_;
  std::vector<std::string> names_;
};

}  // namespace hubspy

#endif  // HUBSPY_SYMBOLIZE_PLT_H_

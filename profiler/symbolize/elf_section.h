// One section of an ELF file, by its name.
#ifndef HUBSPY_SYMBOLIZE_ELF_SECTION_H_
#define HUBSPY_SYMBOLIZE_ELF_SECTION_H_

#include <libelf.h>

#include "absl/strings/string_view.h"

namespace hubspy {

// Its bytes as they lie in the file, valid as long as `elf` is; empty when
// there is none. Of several of one name the first.
absl::string_view RawSection(Elf* elf, absl::string_view name);

}  // namespace hubspy

#endif  // HUBSPY_SYMBOLIZE_ELF_SECTION_H_

// An executable image (program or shared library) as loaded in the target.
#ifndef HUBSPY_MODEL_MODULE_H_
#define HUBSPY_MODEL_MODULE_H_

#include <cstdint>
#include <string>

#include "model/address.h"

namespace hubspy {

struct Module {
  // The target's name for it, for a program the one by which it was started;
  // "[vdso]" for the vdso.
  std::string path;
  std::string build_id;  // lower-case hex; empty when it has none
  AddressRange range;    // all that is loaded, up to other code in between
  // Address in the target minus address in the file's own numbering
  // (p_vaddr); wraps for the rare image that is loaded below its link address.
  uint64_t load_bias = 0;

  // In the image's own numbering: what its symbol table and DWARF speak of.
  uint64_t ToImage(Address a) const { return a.value() - load_bias; }
};

}  // namespace hubspy

#endif  // HUBSPY_MODEL_MODULE_H_

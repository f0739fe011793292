// Nothing: calls of x86_64 push the return address.
#ifndef HUBSPY_UNWIND_LINK_REGISTER_H_
#define HUBSPY_UNWIND_LINK_REGISTER_H_

#include <optional>

#include "image/module_map.h"
#include "model/address.h"
#include "model/registers.h"
#include "model/snapshot.h"
#include "unwind/cfi_stepper.h"
#include "unwind/code_pages.h"
#include "unwind/code_reader.h"
#include "unwind/code_stepper.h"
#include "unwind/fde_table.h"
#include "unwind/stack_window.h"
#include "unwind/unwind_tables.h"

namespace hubspy {

class LinkRegister {
 public:
  LinkRegister(const ModuleMap&, const CodeReader&, CodePages&, UnwindTables&,
               CodeStepper&) {}

  std::optional<CfiStep> StepOut(CodeAddress, const Registers&,
                                 const StackWindow&, const MemoryCopy&,
                                 const LoadedModule&, const Fde&) {
    return std::nullopt;
  }
  std::optional<CodeStep> StepOutByCode(CodeAddress, const Registers&,
                                        const StackWindow&, const MemoryCopy&) {
    return std::nullopt;
  }
};

}  // namespace hubspy

#endif  // HUBSPY_UNWIND_LINK_REGISTER_H_

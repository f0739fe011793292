// One step up the stack where there is no unwind table: hand-written assembly,
// code made at run time, languages without one.
//
// In this order: a signal's return trampoline is known by its bytes; where the
// code can be read, it tells where the return address lies (return_path.h);
// else the frame pointer, where it is known. A return address is believed when
// the instruction before it is a call, or nobody called there to begin with
// (CodeReader::MayReturnTo).
#ifndef HUBSPY_UNWIND_CODE_STEPPER_H_
#define HUBSPY_UNWIND_CODE_STEPPER_H_

#include <optional>

#include "absl/container/flat_hash_map.h"
#include "image/module_map.h"
#include "model/registers.h"
#include "model/snapshot.h"
#include "unwind/code_pages.h"
#include "unwind/code_reader.h"
#include "unwind/return_path.h"

namespace hubspy {

struct CodeStep {
  // The caller's, as far as known; pc is zero where the stack begins.
  Registers caller;
  bool was_signal_frame = false;
};

class CodeStepper {
 public:
  // Borrows all.
  CodeStepper(const ModuleMap& modules, const CodeReader& code,
              CodePages& pages)
      : modules_(modules), code_(code), pages_(pages) {}

  // From the frame that stands at `code`; `registers` hold pc and sp at least.
  std::optional<CodeStep> Step(CodeAddress code, const Registers& registers,
                               const MemoryCopy& stack);

 private:
  std::optional<CodeStep> StepOnce(CodeAddress code, const Registers& registers,
                                   const MemoryCopy& stack);
  const std::optional<ReturnPath>& PathFrom(CodeAddress code);
  std::optional<CodeStep> StepByCode(CodeAddress code,
                                     const Registers& registers,
                                     const MemoryCopy& stack);
  std::optional<CodeStep> StepByFramePointer(const Registers& registers,
                                             const MemoryCopy& stack) const;

  using Paths = absl::flat_hash_map<CodeAddress, std::optional<ReturnPath>>;

  const ModuleMap& modules_;
  const CodeReader& code_;
  CodePages& pages_;
  // Following code takes a microsecond an instruction.
  Paths paths_;
  // The same of code that is in memory only, as this edition of it is.
  Paths memory_paths_;
  uint64_t edition_ = 0;
};

}  // namespace hubspy

#endif  // HUBSPY_UNWIND_CODE_STEPPER_H_

// The programs whose code was seen, numbered as Stack::program says. Those of
// one list share what is known of the files that they run.
//
//   auto programs = std::make_shared<ProgramList>();
//   const ProgramId id = programs->Add(pid, command_line);
//   programs->Get(id).modules->Update(...);
//
// None is ever taken out: what was recorded of a program is named at the end,
// when it may be gone.
#ifndef HUBSPY_CLI_PROGRAM_LIST_H_
#define HUBSPY_CLI_PROGRAM_LIST_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "image/module_map.h"
#include "model/stack.h"
#include "symbolize/name_recording.h"
#include "symbolize/perf_map.h"

namespace hubspy {

class ProgramList {
 public:
  ProgramId Add(int32_t pid, std::string command) {
    programs_.push_back({.pid = pid,
                         .command = std::move(command),
                         .modules = std::make_shared<ModuleMap>(images_),
                         .jit_names = std::make_shared<PerfMap>()});
    return static_cast<ProgramId>(programs_.size() - 1);
  }
  // The same program, but for its modules, which begin as a copy.
  ProgramId AddChanged(ProgramId id) {
    Program changed = programs_[id];
    changed.modules = std::make_shared<ModuleMap>(*changed.modules);
    programs_.push_back(std::move(changed));
    return static_cast<ProgramId>(programs_.size() - 1);
  }
  void SetJitNamesStatus(ProgramId id, absl::Status status) {
    programs_[id].jit_names_status = std::move(status);
  }
  const Program& Get(ProgramId id) const { return programs_[id]; }
  absl::Span<const Program> all() const { return programs_; }

 private:
  std::shared_ptr<ImageCache> images_ = std::make_shared<ImageCache>();
  std::vector<Program> programs_;
};

}  // namespace hubspy

#endif  // HUBSPY_CLI_PROGRAM_LIST_H_

// Recording -> Profile: names every distinct address once and folds what is
// then the same.
#ifndef HUBSPY_SYMBOLIZE_NAME_RECORDING_H_
#define HUBSPY_SYMBOLIZE_NAME_RECORDING_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "image/module_map.h"
#include "model/profile.h"
#include "model/recording.h"
#include "symbolize/perf_map.h"
#include "symbolize/symbolizer.h"

namespace hubspy {

// One program of one process.
struct Program {
  int32_t pid = 0;
  std::string command;  // its command line
  std::shared_ptr<ModuleMap> modules;
  // What its JIT compiler, if it has one, calls the code that it made.
  std::shared_ptr<PerfMap> jit_names;
  // Why those are not known, or not all: OK also when there is no JIT.
  absl::Status jit_names_status;
};

// What to call a green thread: its name, else the function that it began in,
// unless that is the runtime's own.
std::string NameGreenThread(const std::string& name, Address entry,
                            const ModuleMap& modules, Symbolizer& symbolizer);

// `programs` are numbered as the recording's stacks say (Stack::program); the
// first one is the process that the profile is of.
Profile NameRecording(const Recording& recording,
                      absl::Span<const Program> programs,
                      Symbolizer& symbolizer);

}  // namespace hubspy

#endif  // HUBSPY_SYMBOLIZE_NAME_RECORDING_H_

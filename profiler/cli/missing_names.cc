#include "cli/missing_names.h"

#include <algorithm>
#include <cstdint>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "view/text.h"

namespace hubspy {
namespace {

// Below it, what is missed is not worth a line.
constexpr int64_t kLeastPercent = 1;

struct Samples {
  int64_t all = 0;
  int64_t unnamed = 0;  // with code in them that was made, and not named
  int64_t Percent() const { return all > 0 ? 100 * unnamed / all : 0; }
};

// Code that lies in no file, or did when the process was last looked over.
bool HasUnnamedCode(const Stack& stack, const Program& program) {
  return std::any_of(
      stack.frames.begin(), stack.frames.end(), [&](CodeAddress frame) {
        const Address address = frame.lookup();
        return program.modules->Find(address) == nullptr &&
               program.modules->CodeWithoutImage(address).has_value() &&
               program.jit_names->Find(address).empty();
      });
}

// Of processes whose JIT, if they have one, has written nothing down.
std::map<int32_t, Samples> WithoutJitNames(absl::Span<const Program> programs,
                                           const Recording& recording,
                                           bool include_idle) {
  std::vector<int64_t> counts(recording.stacks().size());
  for (const auto& [key, count] : recording.counts()) {
    if (include_idle || !key.idle) counts[key.stack] += count;
  }
  std::map<int32_t, Samples> by_process;
  for (size_t i = 0; i < counts.size(); ++i) {
    const Stack& stack = recording.stacks()[i];
    const Program& program = programs[stack.program];
    if (!program.jit_names->file().empty() || !program.jit_names_status.ok()) {
      continue;
    }
    Samples& samples = by_process[program.pid];
    samples.all += counts[i];
    if (HasUnnamedCode(stack, program)) samples.unnamed += counts[i];
  }
  return by_process;
}

}  // namespace

void WarnOfMissingNames(absl::Span<const Program> programs,
                        const Recording& recording, bool include_idle) {
  // Several programs may have one reason, and an image be loaded twice.
  absl::btree_set<std::string> reasons;
  for (const Program& program : programs) {
    if (!program.jit_names_status.ok()) {
      reasons.insert(
          absl::StrCat("Code made at run time stays without a name: ",
                       program.jit_names_status.message()));
    }
    for (const LoadedModule& module : program.modules->modules()) {
      const absl::Status& image = module.image_status;
      if (absl::IsFailedPrecondition(image)) {
        reasons.insert(
            absl::StrCat(image.message(), "; its functions cannot be named"));
      } else if (absl::IsNotFound(image) || absl::IsPermissionDenied(image)) {
        reasons.insert(absl::StrCat(
            image.message(), "; its functions can be named with sudo only"));
      }
    }
  }
  for (const std::string& reason : reasons) {
    std::cerr << CleanText(reason) << ".\n";
  }
  for (const auto& [pid, samples] :
       WithoutJitNames(programs, recording, include_idle)) {
    if (samples.Percent() < kLeastPercent) continue;
    std::cerr << samples.Percent() << "% of the stacks of process " << pid
              << " hold code made at run time, which has no name without /tmp/"
                 "perf-PID.map: start node with --perf-basic-prof, Python 3.12 "
                 "or later with -X perf; for Java, run jcmd "
              << pid << " Compiler.perfmap.\n";
  }
}

}  // namespace hubspy

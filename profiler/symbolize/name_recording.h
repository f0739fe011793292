// Recording -> Profile: names every distinct address once and folds what is
// then the same.
#ifndef HUBSPY_SYMBOLIZE_NAME_RECORDING_H_
#define HUBSPY_SYMBOLIZE_NAME_RECORDING_H_

#include "image/module_map.h"
#include "model/profile.h"
#include "model/recording.h"
#include "symbolize/symbolizer.h"

namespace hubspy {

struct NamingOptions {
  // kLine: a frame is a function at a line. kFunction: all lines of a function
  // are one frame, shown at the function's first line (py-spy -F).
  // kNoLine: the same, and no line is shown (py-spy --nolineno).
  enum class Lines { kLine, kFunction, kNoLine };
  Lines lines = Lines::kLine;
};

// Pid and command are left for the caller to fill in.
Profile NameRecording(const Recording& recording, const ModuleMap& modules,
                      Symbolizer& symbolizer, const NamingOptions& options);

}  // namespace hubspy

#endif  // HUBSPY_SYMBOLIZE_NAME_RECORDING_H_

// A profile as its reader wants its names.
#ifndef HUBSPY_SYMBOLIZE_RENAMED_H_
#define HUBSPY_SYMBOLIZE_RENAMED_H_

#include "model/profile.h"

namespace hubspy {

struct NamingOptions {
  // kLine: a frame is a function at a line. kFunction: all lines of a function
  // are one frame, shown at the function's first line (py-spy -F).
  // kNoLine: the same, and no line is shown (py-spy --nolineno).
  enum class Lines { kLine, kFunction, kNoLine };
  Lines lines = Lines::kLine;
  bool short_names = false;  // see ShortName; not those of a JIT

  // As they were found.
  bool all() const { return lines == Lines::kLine && !short_names; }
};

// What has the same name then is one. `profile` has names as they were found.
Profile Renamed(Profile profile, const NamingOptions& options);

}  // namespace hubspy

#endif  // HUBSPY_SYMBOLIZE_RENAMED_H_

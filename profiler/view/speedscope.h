// Profile -> speedscope's own file format, a profile per thread:
//
//   https://www.speedscope.app/file-format-schema.json
//
// Weights are seconds of that thread's wall time. In time order, what was not
// looked at, or left out as idle, is empty. The facts (view/facts.h) are in
// `exporter` and `name`, which it shows, and in `hubspy`, which it does not
// read.
#ifndef HUBSPY_VIEW_SPEEDSCOPE_H_
#define HUBSPY_VIEW_SPEEDSCOPE_H_

#include <string>

#include "model/profile.h"

namespace hubspy {

struct SpeedscopeOptions {
  bool include_idle = false;
  bool by_state = false;  // each stack on what its thread was doing
};

std::string RenderSpeedscope(const Profile& profile,
                             const SpeedscopeOptions& options);

}  // namespace hubspy

#endif  // HUBSPY_VIEW_SPEEDSCOPE_H_

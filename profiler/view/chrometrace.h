// Profile -> Chrome's trace event format, as JSON, which Perfetto's viewer,
// chrome://tracing and others read: a complete event ("X") for each call as far
// as samples show it, per thread.
//
// Times are when looks saw it, in microseconds since the recording began; the
// samples that an event stands for are in its `args`, in all and own, and these
// add up. What hubs did are counters ("C"), the long turns of their loops
// asynchronous events ("b", "e"). The facts (view/facts.h) are in `otherData`.
#ifndef HUBSPY_VIEW_CHROMETRACE_H_
#define HUBSPY_VIEW_CHROMETRACE_H_

#include <string>

#include "model/profile.h"

namespace hubspy {

struct ChromeTraceOptions {
  bool include_idle = false;
  bool by_state = false;  // each stack on what its thread was doing
};

std::string RenderChromeTrace(const Profile& profile,
                              const ChromeTraceOptions& options);

}  // namespace hubspy

#endif  // HUBSPY_VIEW_CHROMETRACE_H_

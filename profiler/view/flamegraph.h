// Profile -> one self-contained SVG flame graph: no network, no other file.
//
// As Brendan Gregg's: widths are samples, order is alphabetical, click zooms,
// Ctrl-F or the Search button searches with a regular expression and says the
// share matched, Invert hangs it from its root, Reset Zoom undoes. Names and
// counts are data of an unknown program: all text is escaped for XML, and no
// script is ever made of it.
#ifndef HUBSPY_VIEW_FLAMEGRAPH_H_
#define HUBSPY_VIEW_FLAMEGRAPH_H_

#include <string>

#include "model/profile.h"

namespace hubspy {

struct FlamegraphOptions {
  bool include_idle = false;
  bool threads = false;   // an outermost frame per thread
  bool by_state = false;  // and one of what it was doing
  std::string title = "hubspy";
  // Present: red is what takes more of the time by itself than there, blue what
  // takes less, both the more the stronger.
  const Profile* before = nullptr;
};

std::string RenderFlamegraph(const Profile& profile,
                             const FlamegraphOptions& options);

}  // namespace hubspy

#endif  // HUBSPY_VIEW_FLAMEGRAPH_H_

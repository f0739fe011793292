// Profile -> the Firefox Profiler's processed format, version 61, which it
// upgrades to whatever it now has:
//
//   https://github.com/firefox-devtools/profiler/blob/main/docs-developer/
//   CHANGELOG-formats.md, and src/types/profile.ts there
//
// A thread per thread and per green thread that is told apart; a sample for as
// long as the same was seen, weighted by how many looks saw it; a marker for
// each long turn of a hub's loop, at the hub's thread. The facts
// (view/facts.h) are in its `meta`, which it shows with the profile's name.
#ifndef HUBSPY_VIEW_FIREFOX_H_
#define HUBSPY_VIEW_FIREFOX_H_

#include <string>

#include "model/profile.h"

namespace hubspy {

struct FirefoxOptions {
  bool include_idle = false;
  bool by_state = false;  // each stack on what its thread was doing
};

std::string RenderFirefox(const Profile& profile,
                          const FirefoxOptions& options);

}  // namespace hubspy

#endif  // HUBSPY_VIEW_FIREFOX_H_

// Profile -> folded stacks, one line each, outermost frame first:
//
//   main (seed.cc:9);green::Hub::Run (hub.cc:80);epoll_wait (libc.so.6) 499
//
// which flamegraph.pl, inferno and speedscope read. Equal lines are one; lines
// are sorted. A `;` or a line break in a name becomes `:` or a space. There are
// no facts at its head (view/facts.h): the format has no comments.
#ifndef HUBSPY_VIEW_RAW_H_
#define HUBSPY_VIEW_RAW_H_

#include <string>

#include "model/profile.h"

namespace hubspy {

struct RawOptions {
  bool include_idle = false;
  bool threads = false;   // an outermost frame per thread: "thread (7): name"
  bool by_state = false;  // and one of what it was doing: "[runnable]"
};

std::string RenderRaw(const Profile& profile, const RawOptions& options);

}  // namespace hubspy

#endif  // HUBSPY_VIEW_RAW_H_

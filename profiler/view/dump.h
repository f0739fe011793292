// Dump -> text for people, or JSON for programs.
//
//   Thread 4711 (sleeping in epoll_pwait2(...)): "shop"
//       epoll_pwait2 (epoll_pwait2.c:27)
//       ...
//
//   998 green threads (waiting for one of 998 fds, for 1.0 s to 59 minutes):
//   "Handle" of hub 4711
//     ids 3, 4, 5, 6, 7, 8, 9, 10 and 990 more
//     fd 7: TCP 10.0.0.1:80 to 10.0.0.7:4000; ...
//       green::Socket::Read (socket.cc:40)
//       ...
//     spawned in Serve (shop.cc:40) by green thread 1 (acceptor)
//
// Equal stacks are shown once, with how many stand there, unless `all`: those
// of threads that do the same, and those of green threads that wait for the
// same kind of thing and were spawned at the same place. Text stays short so,
// however many there are.
//
// JSON has every green thread in either case, each on a line of its own:
// "hubspy.dump/1" with its frames in place, "hubspy.dump/2" (`distinct`) with
// an index into the distinct stacks, which of a hundred thousand green threads
// is 18 MB instead of 450. dump_schema.json beside this file is the schema of
// both, and says what each field means; one that is not known is absent.
//
// A stack that is cut short says why, and how many are, by why, comes last.
// Names come from the target and may hold anything: what is not UTF-8 becomes
// U+FFFD.
#ifndef HUBSPY_VIEW_DUMP_H_
#define HUBSPY_VIEW_DUMP_H_

#include <string>

#include "model/dump.h"

namespace hubspy {

struct DumpView {
  bool all = false;       // of text
  bool distinct = false;  // of JSON
};

std::string RenderDumpText(const Dump& dump, const DumpView& view);
std::string RenderDumpJson(const Dump& dump, const DumpView& view);

}  // namespace hubspy

#endif  // HUBSPY_VIEW_DUMP_H_

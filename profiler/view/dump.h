// Dump -> text for people, or JSON for programs ("hubspy.dump/1").
//
//   Thread 4711 (sleeping): "redis-server"
//       epoll_wait (libc.so.6)
//       aeProcessEvents (ae.c:403)
//
// A stack that is cut short says why ("cut_short" in JSON), and how many are,
// by why, comes last. In JSON a field that is not known is absent. Names come
// from the target and may hold anything: what is not UTF-8 becomes U+FFFD.
#ifndef HUBSPY_VIEW_DUMP_H_
#define HUBSPY_VIEW_DUMP_H_

#include <string>

#include "model/dump.h"

namespace hubspy {

std::string RenderDumpText(const Dump& dump);
std::string RenderDumpJson(const Dump& dump);

}  // namespace hubspy

#endif  // HUBSPY_VIEW_DUMP_H_

// Which of a dump's threads, and of its green threads, are shown as one.
#ifndef HUBSPY_VIEW_DUMP_GROUPS_H_
#define HUBSPY_VIEW_DUMP_GROUPS_H_

#include <vector>

#include "model/dump.h"

namespace hubspy {

// Never empty; in the order of the dump.
using ThreadGroup = std::vector<const Dump::Thread*>;
using GreenGroup = std::vector<const Dump::GreenThread*>;

// Those with equal stacks that sleep in the same system call, or that run; one
// that took a signal, or that has no stack, is by itself. In the order of each
// group's first.
std::vector<ThreadGroup> GroupThreads(const Dump& dump);

// Those with equal stacks that are in the same state, wait for the same kind of
// thing and were spawned at the same place. In the order of each group's first.
std::vector<GreenGroup> GroupGreenThreads(const Dump& dump);

// Each a group by itself.
std::vector<ThreadGroup> EachThread(const Dump& dump);
std::vector<GreenGroup> EachGreenThread(const Dump& dump);

}  // namespace hubspy

#endif  // HUBSPY_VIEW_DUMP_GROUPS_H_

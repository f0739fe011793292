// The numbers of those system calls that newer machines do not have: they have
// others, which do more, in their place. This is one: they are
// given numbers that no call has.
#ifndef HUBSPY_TARGET_LINUX_OLD_SYSTEM_CALLS_H_
#define HUBSPY_TARGET_LINUX_OLD_SYSTEM_CALLS_H_

namespace hubspy {

enum OldSystemCall {
  kCallOpen = -2,
  kCallStat = -3,
  kCallLstat = -4,
  kCallAccess = -5,
  kCallUnlink = -6,
  kCallRmdir = -7,
  kCallRename = -8,
  kCallMkdir = -9,
  kCallReadlink = -10,
  kCallPoll = -11,
  kCallEpollWait = -12,
};

}  // namespace hubspy

#endif  // HUBSPY_TARGET_LINUX_OLD_SYSTEM_CALLS_H_

// The numbers of those system calls that newer machines do not have: they have
// others, which do more, in their place.
#ifndef HUBSPY_TARGET_LINUX_OLD_SYSTEM_CALLS_H_
#define HUBSPY_TARGET_LINUX_OLD_SYSTEM_CALLS_H_

#include <sys/syscall.h>

namespace hubspy {

enum OldSystemCall {
  kCallOpen = SYS_open,
  kCallStat = SYS_stat,
  kCallLstat = SYS_lstat,
  kCallAccess = SYS_access,
  kCallUnlink = SYS_unlink,
  kCallRmdir = SYS_rmdir,
  kCallRename = SYS_rename,
  kCallMkdir = SYS_mkdir,
  kCallReadlink = SYS_readlink,
  kCallPoll = SYS_poll,
  kCallEpollWait = SYS_epoll_wait,
};

}  // namespace hubspy

#endif  // HUBSPY_TARGET_LINUX_OLD_SYSTEM_CALLS_H_

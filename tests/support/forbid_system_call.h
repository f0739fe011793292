// A kernel that refuses a system call, as an old one or a container does.
#ifndef HUBSPY_TESTS_SUPPORT_FORBID_SYSTEM_CALL_H_
#define HUBSPY_TESTS_SUPPORT_FORBID_SYSTEM_CALL_H_

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace hubspy {

// For the calling thread, and for good: the call fails with `error`.
inline void ForbidSystemCall(uint32_t number, uint32_t error) {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program = {.len = 4, .filter = filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) != 0 ||
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0UL, 0UL) != 0) {
    abort();
  }
}

}  // namespace hubspy

#endif  // HUBSPY_TESTS_SUPPORT_FORBID_SYSTEM_CALL_H_

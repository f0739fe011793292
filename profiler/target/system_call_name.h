// A system call's name by its number, on this machine's architecture.
#ifndef HUBSPY_TARGET_SYSTEM_CALL_NAME_H_
#define HUBSPY_TARGET_SYSTEM_CALL_NAME_H_

#include <cstdint>
#include <string>

namespace hubspy {

// "epoll_wait"; "system call 1234" for a number without a name.
std::string SystemCallName(int64_t number);

}  // namespace hubspy

#endif  // HUBSPY_TARGET_SYSTEM_CALL_NAME_H_

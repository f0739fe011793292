#include "target/system_call_name.h"

#include <seccomp.h>

#include <cstdlib>
#include <memory>

#include "absl/strings/str_cat.h"

namespace hubspy {

std::string SystemCallName(int64_t number) {
  const std::unique_ptr<char, decltype(&std::free)> name(
      seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE,
                                       static_cast<int>(number)),
      &std::free);
  if (name == nullptr) return absl::StrCat("system call ", number);
  return name.get();
}

}  // namespace hubspy

#include "target/system_call_name.h"

#include <seccomp.h>

#include <cstdlib>
#include <limits>
#include <memory>

#include "absl/strings/str_cat.h"

namespace hubspy {

std::string SystemCallName(int64_t number) {
  // libseccomp takes an int, and gives negative ones a meaning of its own.
  const bool possible =
      number >= 0 && number <= std::numeric_limits<int>::max();
  const std::unique_ptr<char, decltype(&std::free)> name(
      possible ? seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE,
                                                  static_cast<int>(number))
               : nullptr,
      &std::free);
  if (name == nullptr) return absl::StrCat("system call ", number);
  return name.get();
}

}  // namespace hubspy

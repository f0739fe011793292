// How a program was started, by what sysctl's KERN_PROCARGS2 gives (xnu,
// bsd/kern/kern_sysctl.c, sysctl_procargsx): bytes of the target.
#ifndef HUBSPY_TARGET_DARWIN_ARGUMENTS_H_
#define HUBSPY_TARGET_DARWIN_ARGUMENTS_H_

#include <string>

#include "absl/strings/string_view.h"

namespace hubspy {

// Its arguments as one would type them without quotes; empty when the bytes
// are none. The environment, which follows them there, is left out.
std::string ParseProcessArguments(absl::string_view bytes);

}  // namespace hubspy

#endif  // HUBSPY_TARGET_DARWIN_ARGUMENTS_H_

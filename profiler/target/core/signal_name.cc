#include "target/core/signal_name.h"

#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace hubspy {

std::string SignalName(int number) {
  constexpr std::array<absl::string_view, 31> kNames = {
      "HUP",  "INT",    "QUIT", "ILL",   "TRAP", "ABRT", "BUS",  "FPE",
      "KILL", "USR1",   "SEGV", "USR2",  "PIPE", "ALRM", "TERM", "STKFLT",
      "CHLD", "CONT",   "STOP", "TSTP",  "TTIN", "TTOU", "URG",  "XCPU",
      "XFSZ", "VTALRM", "PROF", "WINCH", "IO",   "PWR",  "SYS"};
  if (number < 1 || number > static_cast<int>(kNames.size())) {
    return absl::StrCat("signal ", number);
  }
  return absl::StrCat("SIG", kNames[static_cast<size_t>(number - 1)]);
}

}  // namespace hubspy

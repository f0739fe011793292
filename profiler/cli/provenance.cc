#include "cli/provenance.h"

#include <sys/utsname.h>

#include <chrono>

#include "absl/strings/str_cat.h"

namespace hubspy {

Provenance ProvenanceOf(const RecordOptions& options) {
  utsname host;
  Provenance made = {.version = HUBSPY_VERSION,
                     .command_line = options.command_line,
                     .asked_rate_hz = options.asked_rate_hz};
  if (uname(&host) == 0) {
    made.host = absl::StrCat(host.nodename, ", ", host.sysname, " ",
                             host.release, " ", host.machine);
  }
  made.begin_unix_ns = std::chrono::nanoseconds(
                           std::chrono::system_clock::now().time_since_epoch())
                           .count();
  return made;
}

}  // namespace hubspy

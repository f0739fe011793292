#include "cli/provenance.h"

#include <sys/utsname.h>

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"

namespace hubspy {

Provenance ProvenanceOf(std::string command_line) {
  utsname host;
  Provenance made = {.version = HUBSPY_VERSION,
                     .command_line = std::move(command_line)};
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

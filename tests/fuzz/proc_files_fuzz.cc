// Any bytes as each of the texts that the kernel writes of a process, and as
// the address of a socket.
#include <sys/socket.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"
#include "target/linux/cgroups.h"
#include "target/linux/proc_files.h"
#include "target/linux/socket_address.h"
#include "target/printable.h"

namespace {

void RequirePrintable(const std::string& text) {
  if (std::any_of(text.begin(), text.end(), absl::ascii_iscntrl)) std::abort();
}

// The mount table begins after the first NUL.
void FindCgroups(absl::string_view text) {
  const size_t end = text.find('\0');
  const hubspy::CgroupFolders found = hubspy::FindCgroups(
      text.substr(0, end),
      end == absl::string_view::npos ? "" : text.substr(end + 1));
  constexpr size_t kMostLevels = 64;
  for (const auto* const folders :
       {&found.unified, &found.freezer, &found.cpu}) {
    if (folders->size() > kMostLevels) std::abort();
  }
}

void WriteAddress(absl::string_view bytes) {
  sockaddr_storage address{};
  const size_t size = std::min(bytes.size(), sizeof(address));
  if (size > 0) std::memcpy(&address, bytes.data(), size);
  hubspy::SocketAddressText(address, static_cast<socklen_t>(size));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  hubspy::ParseSyscall(text).IgnoreError();
  hubspy::ParseTimesRun(text);
  hubspy::ParseSchedstat(text);
  if (const auto stat = hubspy::ParseStat(text); stat.ok()) {
    RequirePrintable(stat->name);
  }
  hubspy::ParseStatus(text).IgnoreError();
  if (hubspy::ParseAllowedCpus(text).size() > 4096) std::abort();
  if (const auto fds = hubspy::ParsePolledFds(text)) {
    if (!std::is_sorted(fds->begin(), fds->end())) std::abort();
  }
  hubspy::ParseMaps(text).IgnoreError();
  hubspy::ParseCommandLine(text);
  RequirePrintable(hubspy::Printable(text));
  FindCgroups(text);
  WriteAddress(text);
  return 0;
}

#include "target/process_ids.h"

#include <libproc.h>
#include <sys/proc_info.h>

#include <algorithm>

namespace hubspy {

std::vector<int32_t> ProcessIds() {
  // Some are born between the two calls.
  constexpr int kMore = 64;
  const int expected = std::max(proc_listallpids(nullptr, 0), 0) + kMore;
  std::vector<int32_t> ids(static_cast<size_t>(expected));
  const int count = proc_listallpids(
      ids.data(), static_cast<int>(ids.size() * sizeof(int32_t)));
  ids.resize(static_cast<size_t>(std::clamp(count, 0, expected)));
  return ids;
}

int32_t ParentOf(int32_t pid) {
  // The short one is told of other users' processes, too.
  proc_bsdshortinfo info = {};
  const int size =
      proc_pidinfo(pid, PROC_PIDT_SHORTBSDINFO, 0, &info, sizeof info);
  return size == sizeof info ? static_cast<int32_t>(info.pbsi_ppid) : 0;
}

}  // namespace hubspy

#include "target/kernel_view.h"

#include <algorithm>
#include <utility>

namespace hubspy {

std::vector<CpuUser> CpuUsersBetween(const CpuTimes& begin, const CpuTimes& end,
                                     int64_t elapsed_ns, int32_t except) {
  std::vector<CpuUser> users;
  if (elapsed_ns <= 0) return users;
  for (const auto& [pid, process] : end.processes) {
    const auto before = begin.processes.find(pid);
    const bool is_near =
        end.allowed_cpus.empty() ||
        std::binary_search(end.allowed_cpus.begin(), end.allowed_cpus.end(),
                           process.cpu);
    if (pid == except || before == begin.processes.end() || !is_near) continue;
    const double cpus =
        static_cast<double>(process.used_ns - before->second.used_ns) /
        static_cast<double>(elapsed_ns);
    if (cpus > 0) {
      users.push_back({.pid = pid, .name = process.name, .cpus = cpus});
    }
  }
  std::sort(users.begin(), users.end(), [](const CpuUser& a, const CpuUser& b) {
    return std::pair(-a.cpus, a.pid) < std::pair(-b.cpus, b.pid);
  });
  return users;
}

}  // namespace hubspy

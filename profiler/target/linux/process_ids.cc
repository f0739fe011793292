#include "target/process_ids.h"

#include <dirent.h>
#include <fcntl.h>

#include <array>
#include <memory>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "target/linux/proc_dir.h"
#include "target/linux/proc_files.h"

namespace hubspy {

std::vector<int32_t> ProcessIds() {
  const auto closer = [](DIR* d) { closedir(d); };
  const std::unique_ptr<DIR, decltype(closer)> directory(opendir("/proc"),
                                                         closer);
  std::vector<int32_t> ids;
  if (directory == nullptr) return ids;
  while (const dirent* entry = readdir(directory.get())) {
    int32_t id = 0;
    if (absl::SimpleAtoi(entry->d_name, &id)) ids.push_back(id);
  }
  return ids;
}

int32_t ParentOf(int32_t pid) {
  const std::string path = absl::StrCat("/proc/", pid, "/stat");
  const ScopedFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 2048> buffer;
  const auto text = ReadText(file, absl::MakeSpan(buffer));
  if (!text.ok()) return 0;
  const absl::StatusOr<ThreadStat> stat = ParseStat(*text);
  return stat.ok() ? stat->parent_id : 0;
}

}  // namespace hubspy

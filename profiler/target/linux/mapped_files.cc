#include "target/linux/mapped_files.h"

#include <sys/stat.h>

#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace hubspy {
namespace {

// stat, not open: opening a mapped device would make its driver do something.
std::optional<struct stat> RegularFile(const std::string& path) {
  struct stat file;
  if (stat(path.c_str(), &file) != 0 || !S_ISREG(file.st_mode)) {
    return std::nullopt;
  }
  return file;
}

// The mapped file by its name, as we and as the target see it.
std::optional<std::string> FindByName(const std::string& proc,
                                      const Mapping& mapping) {
  if (mapping.deleted || !absl::StartsWith(mapping.path, "/")) {
    return std::nullopt;
  }
  std::string through_root = absl::StrCat(proc, "/root", mapping.path);
  const auto theirs = RegularFile(through_root);
  const auto ours = RegularFile(mapping.path);
  const auto is_mapped = [&](const struct stat& file) {
    return file.st_ino == mapping.inode;
  };
  if (ours && is_mapped(*ours) &&
      (ours->st_dev == mapping.device ||
       (theirs && theirs->st_ino == ours->st_ino &&
        theirs->st_dev == ours->st_dev))) {
    return mapping.path;
  }
  if (theirs && is_mapped(*theirs)) return through_root;
  return std::nullopt;
}

std::string FindOpenPath(int32_t tid, const Mapping& mapping) {
  const std::string proc = absl::StrCat("/proc/", tid);
  if (std::optional<std::string> named = FindByName(proc, mapping)) {
    return *std::move(named);
  }
  std::string map_file =
      absl::StrFormat("%s/map_files/%x-%x", proc, mapping.range.begin.value(),
                      mapping.range.end.value());
  if (RegularFile(map_file)) return map_file;
  std::string program = absl::StrCat(proc, "/exe");
  const auto file = RegularFile(program);
  if (file && file->st_ino == mapping.inode) return program;
  return "";
}

}  // namespace

std::vector<Mapping> WithOpenPaths(int32_t tid, std::vector<Mapping> mappings) {
  using File = std::pair<std::pair<uint64_t, uint64_t>, std::string>;
  absl::flat_hash_map<File, std::string> found;
  for (Mapping& mapping : mappings) {
    if (mapping.inode == 0) continue;
    const auto [entry, added] =
        found.try_emplace({{mapping.device, mapping.inode}, mapping.path});
    if (added) entry->second = FindOpenPath(tid, mapping);
    mapping.open_path = entry->second;
  }
  return mappings;
}

}  // namespace hubspy

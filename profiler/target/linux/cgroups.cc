#include "target/linux/cgroups.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "target/linux/proc_files.h"
#include "target/printable.h"
#include "target/scoped_fd.h"

namespace hubspy {
namespace {

constexpr size_t kMaxLevels = 64;

struct Mount {
  std::string root;   // what of the hierarchy is mounted
  std::string point;  // and where
};

// "36 35 98:0 ROOT POINT OPTIONS ... - TYPE SOURCE SUPER_OPTIONS":
// proc_pid_mountinfo(5). `controller`: of version 1; empty: version 2.
std::optional<Mount> FindMount(absl::string_view mounts,
                               absl::string_view controller) {
  for (const absl::string_view line : absl::StrSplit(mounts, '\n')) {
    const std::pair<absl::string_view, absl::string_view> halves =
        absl::StrSplit(line, absl::MaxSplits(" - ", 1));
    const std::vector<absl::string_view> mount =
        absl::StrSplit(halves.first, ' ');
    const std::vector<absl::string_view> type =
        absl::StrSplit(halves.second, ' ');
    if (mount.size() < 5 || type.size() < 3) continue;
    const std::vector<absl::string_view> options = absl::StrSplit(type[2], ',');
    const bool matches =
        controller.empty()
            ? type[0] == "cgroup2"
            : type[0] == "cgroup" && std::find(options.begin(), options.end(),
                                               controller) != options.end();
    if (matches) return Mount{std::string(mount[3]), std::string(mount[4])};
  }
  return std::nullopt;
}

// The group in which the thread is, in lines "ID:CONTROLLERS:PATH".
std::optional<std::string> FindGroup(absl::string_view membership,
                                     absl::string_view controller) {
  for (const absl::string_view line : absl::StrSplit(membership, '\n')) {
    const std::vector<absl::string_view> parts =
        absl::StrSplit(line, absl::MaxSplits(':', 2));
    if (parts.size() != 3) continue;
    const std::vector<absl::string_view> controllers =
        absl::StrSplit(parts[1], ',');
    const bool matches = controller.empty()
                             ? parts[0] == "0" && parts[1].empty()
                             : std::find(controllers.begin(), controllers.end(),
                                         controller) != controllers.end();
    if (matches) return std::string(parts[2]);
  }
  return std::nullopt;
}

std::vector<CgroupFolder> FoldersOf(absl::string_view membership,
                                    absl::string_view mounts,
                                    absl::string_view controller) {
  const std::optional<std::string> group = FindGroup(membership, controller);
  const std::optional<Mount> mount = FindMount(mounts, controller);
  // ".." is a group outside of our namespace.
  if (!group || !mount || absl::StrContains(*group, "/..")) return {};
  absl::string_view below = *group;
  if (mount->root != "/" && !absl::ConsumePrefix(&below, mount->root)) {
    return {};
  }
  std::vector<CgroupFolder> folders;
  std::string path(below == "/" ? "" : below);
  while (folders.size() < kMaxLevels) {
    folders.push_back({absl::StrCat(mount->point, path),
                       Printable(path.empty() ? "/" : path)});
    if (path.empty()) break;
    path.resize(path.rfind('/') == std::string::npos ? 0 : path.rfind('/'));
  }
  return folders;
}

// Empty when it cannot be had.
std::string ReadFile(const CgroupFolder& group, absl::string_view name) {
  const std::string path = absl::StrCat(group.folder, "/", name);
  const ScopedFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 4096> text;
  if (file.get() < 0) return "";
  const ssize_t size = read(file.get(), text.data(), text.size());
  return size <= 0 ? "" : std::string(text.data(), static_cast<size_t>(size));
}

// Of lines "KEY VALUE"; 0 for one that is not there.
int64_t ValueOf(absl::string_view text, absl::string_view key) {
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    int64_t value = 0;
    if (absl::ConsumePrefix(&line, key) && absl::ConsumePrefix(&line, " ") &&
        absl::SimpleAtoi(line, &value)) {
      return value;
    }
  }
  return 0;
}

// The outermost group that was told to freeze; all below it are frozen.
std::string FrozenGroup(const CgroupFolders& folders) {
  std::string frozen;
  if (!folders.unified.empty() &&
      ValueOf(ReadFile(folders.unified[0], "cgroup.events"), "frozen") == 1) {
    frozen = folders.unified[0].name;
    for (const CgroupFolder& group : folders.unified) {
      if (absl::StartsWith(ReadFile(group, "cgroup.freeze"), "1")) {
        frozen = group.name;
      }
    }
  }
  if (!folders.freezer.empty() &&
      absl::StartsWith(ReadFile(folders.freezer[0], "freezer.state"),
                       "FROZEN")) {
    frozen = folders.freezer[0].name;
    for (const CgroupFolder& group : folders.freezer) {
      if (absl::StartsWith(ReadFile(group, "freezer.self_freezing"), "1")) {
        frozen = group.name;
      }
    }
  }
  return frozen;
}

// cpu.max: "QUOTA PERIOD" in microseconds, or "max PERIOD".
std::optional<CpuQuota> UnifiedQuota(const CgroupFolder& group) {
  const std::string text = ReadFile(group, "cpu.max");
  const std::vector<absl::string_view> words =
      absl::StrSplit(text, absl::ByAnyChar(" \n"), absl::SkipEmpty());
  double quota = 0;
  double period = 0;
  if (words.size() != 2 || !absl::SimpleAtod(words[0], &quota) ||
      !absl::SimpleAtod(words[1], &period) || period <= 0) {
    return std::nullopt;
  }
  return CpuQuota{.group = group.name,
                  .cpus = quota / period,
                  .throttled_ns = 1000 * ValueOf(ReadFile(group, "cpu.stat"),
                                                 "throttled_usec")};
}

std::optional<CpuQuota> QuotaOfV1(const CgroupFolder& group) {
  const auto number = [&](absl::string_view name) {
    double value = 0;
    const std::string text = ReadFile(group, name);
    return absl::SimpleAtod(absl::StripSuffix(text, "\n"), &value) ? value : 0;
  };
  const double quota = number("cpu.cfs_quota_us");
  const double period = number("cpu.cfs_period_us");
  if (quota <= 0 || period <= 0) return std::nullopt;
  return CpuQuota{
      .group = group.name,
      .cpus = quota / period,
      .throttled_ns = ValueOf(ReadFile(group, "cpu.stat"), "throttled_time")};
}

}  // namespace

CgroupFolders FindCgroups(absl::string_view membership,
                          absl::string_view mounts) {
  return {.unified = FoldersOf(membership, mounts, ""),
          .freezer = FoldersOf(membership, mounts, "freezer"),
          .cpu = FoldersOf(membership, mounts, "cpu")};
}

CgroupFacts LookAtCgroups(const CgroupFolders& folders) {
  CgroupFacts facts{.frozen = FrozenGroup(folders)};
  for (const CgroupFolder& group : folders.unified) {
    if (auto quota = UnifiedQuota(group)) facts.quotas.push_back(*quota);
  }
  for (const CgroupFolder& group : folders.cpu) {
    if (auto quota = QuotaOfV1(group)) facts.quotas.push_back(*quota);
  }
  return facts;
}

}  // namespace hubspy

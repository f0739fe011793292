// cpu_starved: the hub's thread wants to run, and hardly does.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "diagnose/diagnose.h"
#include "diagnose/facts.h"
#include "diagnose/rules.h"
#include "diagnose/thresholds.h"
#include "diagnose/words.h"

namespace hubspy {
namespace {

double RanShare(const HubWatch& watch) {
  return watch.schedule ? facts::Share(watch.schedule->run_ns, watch.watched_ns)
                        : 0;
}

// The kernel counts a wait when it is over; one that goes on shows only as a
// thread that is ready at each look, and has not run.
double WaitedShare(const HubWatch& watch) {
  const double counted =
      facts::Share(watch.schedule->wait_ns, watch.watched_ns);
  const double seen =
      facts::Share(watch.looks_running, watch.looks) - RanShare(watch);
  return std::clamp(std::max(counted, seen), 0.0, 1.0);
}

// The limit that held it back for longest while it was watched; how long.
std::optional<CpuQuota> ThrottledBy(const HubWatch& watch) {
  std::optional<CpuQuota> most;
  for (const CpuQuota& quota : watch.cgroups.quotas) {
    for (const CpuQuota& before : watch.cgroups_at_begin.quotas) {
      if (before.group != quota.group) continue;
      CpuQuota meanwhile = quota;
      meanwhile.throttled_ns -= before.throttled_ns;
      if (!most || meanwhile.throttled_ns > most->throttled_ns) {
        most = std::move(meanwhile);
      }
    }
  }
  if (!most || facts::Share(most->throttled_ns, watch.watched_ns) <
                   thresholds::kThrottledShare) {
    return std::nullopt;
  }
  return most;
}

std::vector<CpuUser> Others(const HubWatch& watch) {
  std::vector<CpuUser> others;
  for (const CpuUser& user : watch.cpu_users) {
    if (user.cpus < thresholds::kUsesCpu ||
        others.size() == thresholds::kNamedCpuUsers) {
      break;
    }
    others.push_back(user);
  }
  return others;
}

std::string ReasonSentence(const StarvedEvidence& starved) {
  if (starved.throttled_by) {
    return absl::StrFormat(
        " The kernel held it back, by the limit of its control group %s: %.3g "
        "CPUs. The group was throttled for %s of that.",
        starved.throttled_by->group, starved.throttled_by->cpus,
        words::Duration(
            static_cast<double>(starved.throttled_by->throttled_ns)));
  }
  std::vector<std::string> users;
  for (const CpuUser& user : starved.others) {
    users.push_back(absl::StrFormat("process %d (%s) %.0f %%", user.pid,
                                    user.name, 100 * user.cpus));
  }
  if (users.empty()) return " Who had the CPU instead is not seen.";
  return absl::StrCat(" Of the CPUs that it may run on, others used: ",
                      words::List(users), " of one.");
}

}  // namespace

bool IsStarved(const HubWatch& watch) {
  if (watch.one_instant || !watch.schedule || watch.watched_ns <= 0) {
    return false;
  }
  // It ran for long enough to turn, and did not: that is its own doing.
  if (facts::HubIsHeld(watch) &&
      watch.schedule->run_ns >= thresholds::kStallNs) {
    return false;
  }
  return WaitedShare(watch) >= thresholds::kStarvedShare;
}

std::optional<Verdict> CpuStarvedRule(const HubWatch& watch) {
  if (!IsStarved(watch)) return std::nullopt;
  StarvedEvidence starved{.ran = RanShare(watch),
                          .waited = WaitedShare(watch),
                          .throttled_by = ThrottledBy(watch),
                          .others = Others(watch)};
  Verdict verdict{.kind = VerdictKind::kCpuStarved};
  verdict.summary = absl::StrCat(
      absl::StrFormat("The hub's thread wants to run and hardly does: of the "
                      "%s that it was watched it was on a CPU for %.1f %%, and "
                      "ready for one, without getting it, for %.0f %%.",
                      words::Duration(static_cast<double>(watch.watched_ns)),
                      100 * starved.ran, 100 * starved.waited),
      ReasonSentence(starved));
  verdict.remedy =
      starved.throttled_by
          ? "Raise the group's limit (cpu.max; version 1: cpu.cfs_quota_us), "
            "or find what in the group uses it up."
          : "Give it CPUs of its own (taskset, cpuset), or a higher priority "
            "(nice, cpu.weight) than those that it competes with.";
  verdict.starved = std::move(starved);
  return verdict;
}

}  // namespace hubspy

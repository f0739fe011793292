#include "cli/notes.h"

#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace hubspy {
namespace {

std::string Instead(double rate_hz, double asked_hz) {
  return absl::StrFormat(
      "Sampling %.10g times a second instead of %.10g: ", rate_hz, asked_hz);
}

std::string FormatTime(int64_t ns) {
  return ns < 10'000'000 ? absl::StrFormat("%.0f us", ns / 1e3)
                         : absl::StrFormat("%.0f ms", ns / 1e6);
}

}  // namespace

std::string MostRateNote(double asked_hz, double rate_hz) {
  if (asked_hz <= rate_hz) return "";
  return Instead(rate_hz, asked_hz) + "more often would mostly be late.";
}

std::string RateLoweredNote(const RateLowered& lowered, size_t threads) {
  return absl::StrCat(
      Instead(lowered.to_hz, lowered.from_hz), "one look at ",
      threads == 1 ? "" : absl::StrCat("the ", threads, " threads of "),
      "this process takes ", FormatTime(lowered.look_ns), ".");
}

void WarnOfStops(const Process& process) {
  const absl::Status refusal = process.PerfRefusal();
  if (refusal.ok()) return;
  std::cerr << (process.MayStopThreads()
                    ? "Threads that ran were stopped for each sample: no "
                    : "Threads that ran were not seen: no ")
            << refusal.message() << ".\n";
}

Sampler::Stop SampleUntil(Sampler& sampler, Family& family,
                          Recording& recording, int64_t until_ns,
                          absl::FunctionRef<void(std::string note)> tell) {
  Sampler::Stop stop = sampler.Run(recording, until_ns);
  while (stop == Sampler::Stop::kRateLowered) {
    const RateLowered& lowered = *sampler.lowered();
    family.ChangeRate(lowered.to_hz);
    tell(RateLoweredNote(lowered, family.threads()));
    stop = sampler.Run(recording, until_ns);
  }
  return stop;
}

absl::Status CheckRecorded(const Recording& recording, Sampler::Stop stop,
                           int32_t pid) {
  if (recording.quality.samples > 0) return absl::OkStatus();
  if (recording.quality.failed > 0) {
    return absl::FailedPreconditionError(recording.quality.last_failure);
  }
  if (stop == Sampler::Stop::kTargetGone) {
    return absl::NotFoundError(
        absl::StrCat("process ", pid, " exited before its first sample"));
  }
  return absl::OkStatus();
}

void WarnOfChildren(const Family& family) {
  if (family.refused() == 0) return;
  std::cerr << (family.refused() == 1
                    ? std::string("A process that it started")
                    : absl::StrCat(family.refused(),
                                   " processes that it started"))
            << " could not be looked at: " << family.refusal().message()
            << ".\n";
}

}  // namespace hubspy

// What `record` and `top` have to say about how they sample: a line each.
#ifndef HUBSPY_CLI_NOTES_H_
#define HUBSPY_CLI_NOTES_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "cli/family.h"
#include "sample/load_limit.h"
#include "sample/sampler.h"
#include "target/process.h"

namespace hubspy {

// "Sampling 10000 times a second instead of 50000: ..."; empty when `rate_hz`
// is what was asked for.
std::string MostRateNote(double asked_hz, double rate_hz);

// "Sampling 2000 times a second instead of 10000: one look at the 800 threads
// of this process takes 210 us."
std::string RateLoweredNote(const RateLowered& lowered, size_t threads);

// Samples until then; where that takes too long, at a lower rate, each time
// with a note of it.
Sampler::Stop SampleUntil(Sampler& sampler, Family& family,
                          Recording& recording, int64_t until_ns,
                          absl::FunctionRef<void(std::string note)> tell);

// OK when there is a sample; else why there is none: no thread could be read,
// or the process exited first.
absl::Status CheckRecorded(const Recording& recording, Sampler::Stop stop,
                           int32_t pid);

// One line on standard error, if threads had to be stopped because the system
// forbids the kernel's sampling.
void WarnOfStops(const Process& process);

// One line on standard error, if children could not be looked at.
void WarnOfChildren(const Family& family);

}  // namespace hubspy

#endif  // HUBSPY_CLI_NOTES_H_

// What `record` and `top` have to say about how they sample: a line each.
#ifndef HUBSPY_CLI_NOTES_H_
#define HUBSPY_CLI_NOTES_H_

#include <cstddef>
#include <string>

#include "sample/load_limit.h"
#include "target/process.h"

namespace hubspy {

// "Sampling 10000 times a second instead of 50000: ..."; empty when `rate_hz`
// is what was asked for.
std::string MostRateNote(double asked_hz, double rate_hz);

// "Sampling 2000 times a second instead of 10000: one look at the 800 threads
// of this process takes 210 us."
std::string RateLoweredNote(const RateLowered& lowered, size_t threads);

// One line on standard error, if threads had to be stopped because the system
// forbids the kernel's sampling.
void WarnOfStops(const Process& process);

}  // namespace hubspy

#endif  // HUBSPY_CLI_NOTES_H_

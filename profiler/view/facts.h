// What stands at the head of everything that is written of a recording: who
// made it, how, where, and how good it is.
//
//   for (const auto& [name, value] : Facts(profile)) ...
//
// Each format has them where its readers look for such: SVG's <metadata>,
// pprof's comments, the trace's otherData. Folded stacks alone have none: no
// line of theirs is a comment. flamegraph.pl and inferno complain of one that
// is no stack, and what ends in a number, all take for a stack.
#ifndef HUBSPY_VIEW_FACTS_H_
#define HUBSPY_VIEW_FACTS_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "model/profile.h"

namespace hubspy {

// Names are lower case and the same in all formats; values are clean
// (view/text.h). What is not known is not among them.
std::vector<std::pair<std::string, std::string>> Facts(const Profile& profile);

// The same as a JSON object, and "times": `times` where that is not empty.
std::string FactsAsJson(const Profile& profile, absl::string_view times);

// "hubspy 0.1.0; 100 Hz asked for, 99.8 Hz reached; 0.24% bad samples": those
// that matter at a glance. Empty when the version is not known.
std::string FactsInShort(const Profile& profile);

// "2026-11-25T21:30:00.123Z".
std::string UtcTime(int64_t unix_ns);

// Bad: what could not be read, the kernel lost, or whose stack was cut short.
double PercentBad(const Quality& quality);

}  // namespace hubspy

#endif  // HUBSPY_VIEW_FACTS_H_

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/annotator.h"
#include "cli/attachment.h"
#include "cli/choose_function.h"
#include "cli/commands.h"
#include "cli/missing_names.h"
#include "cli/naming.h"
#include "cli/notes.h"
#include "cli/signal_waiter.h"
#include "sample/sampler.h"
#include "view/annotation.h"
#include "view/fold.h"

namespace hubspy {
namespace {

// A function may be inlined into hundreds: those where it was hottest are
// shown.
constexpr size_t kMaxPlaces = 4;

// Counts, for every function seen, the samples with it in their stack.
std::vector<SeenFunction> SeenFunctions(const Profile& profile,
                                        bool include_idle) {
  absl::flat_hash_map<std::string, int64_t> counts;
  for (const Profile::Sample& sample : profile.samples) {
    if (sample.idle && !include_idle) continue;
    absl::flat_hash_set<absl::string_view> names;
    for (const uint32_t frame : sample.frames) {
      names.insert(profile.frames[frame].function);
    }
    for (const absl::string_view name : names) {
      counts[std::string(name)] += sample.count;
    }
  }
  std::vector<SeenFunction> seen;
  for (const auto& [name, count] : counts) seen.push_back({name, count});
  return seen;
}

absl::Status Record(Family& family, const AnnotateOptions& options,
                    Recording& recording) {
  SignalWaiter waiter;
  std::cerr << absl::StrFormat(
      "Sampling process %d %g times a second for %g s.\n", options.pid,
      options.rate_hz, absl::ToDoubleSeconds(options.duration));
  Sampler sampler([&] { return family.Look(); }, waiter,
                  {.rate_hz = options.rate_hz, .seed = std::random_device{}()});
  const Sampler::Stop stop =
      SampleUntil(sampler, family, recording,
                  waiter.NowNs() + absl::ToInt64Nanoseconds(options.duration),
                  [](const std::string& note) { std::cerr << note << "\n"; });
  return CheckRecorded(recording, stop, options.pid);
}

absl::StatusOr<std::string> Choose(const Profile& profile,
                                   const AnnotateOptions& options) {
  absl::StatusOr<std::string> chosen = ChooseFunction(
      options.function, SeenFunctions(profile, options.include_idle));
  if (!absl::IsNotFound(chosen.status()) || options.include_idle) return chosen;
  if (ChooseFunction(options.function, SeenFunctions(profile, true)).ok()) {
    return absl::NotFoundError(
        absl::StrCat("threads only slept in \"", options.function,
                     "\": add -i to count them where they wait"));
  }
  return chosen;
}

bool ColorsWanted() {
  // https://no-color.org: present and not empty.
  const char* const no_color = std::getenv("NO_COLOR");
  return isatty(STDOUT_FILENO) != 0 &&
         (no_color == nullptr || no_color[0] == '\0');
}

}  // namespace

absl::StatusOr<int> RunAnnotate(const AnnotateOptions& options) {
  absl::StatusOr<std::unique_ptr<Family>> family = Family::Open(
      options.pid,
      {.open = {.ways = options.capture, .rate_hz = options.rate_hz}});
  if (!family.ok()) return family.status();
  Attachment& attachment = (*family)->first();
  Recording recording;
  if (absl::Status status = Record(**family, options, recording);
      !status.ok()) {
    return status;
  }
  Symbolizer symbolizer;
  const Profile profile = NameProfile(recording, **family, symbolizer,
                                      {.lines = NamingOptions::Lines::kNoLine});
  const absl::StatusOr<std::string> function = Choose(profile, options);
  if (!function.ok()) return function.status();

  Annotator annotator(attachment, symbolizer, *function);
  const std::vector<CodePlace> places =
      annotator.FindPlaces(recording, options.include_idle);
  if (places.empty()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "where ", *function,
        " begins and ends is not known: its module has no symbol for it"));
  }
  const size_t shown =
      options.all ? places.size() : std::min(places.size(), kMaxPlaces);
  const AnnotationTextOptions text{.all = options.all,
                                   .colors = ColorsWanted()};
  for (size_t i = 0; i < shown; ++i) {
    std::cout << (i > 0 ? "\n" : "")
              << RenderAnnotationText(annotator.Annotate(places[i]), text);
  }
  std::cout << std::flush;
  WarnOfMissingNames((*family)->programs(), recording, options.include_idle);
  if (shown < places.size()) {
    std::cerr << "It was in " << places.size() - shown
              << " more places, with fewer samples: --all shows them.\n";
  }
  std::cerr << SamplesLine(profile) << ".\n";
  return 0;
}

}  // namespace hubspy

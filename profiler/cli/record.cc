#include <algorithm>
#include <iostream>
#include <memory>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/commands.h"
#include "cli/family.h"
#include "cli/missing_names.h"
#include "cli/naming.h"
#include "cli/notes.h"
#include "cli/output_file.h"
#include "cli/provenance.h"
#include "cli/render.h"
#include "cli/signal_waiter.h"
#include "cli/subject.h"
#include "sample/sampler.h"
#include "view/fold.h"

namespace hubspy {
namespace {

int64_t UntilNs(int64_t now_ns, absl::Duration duration) {
  if (duration == absl::InfiniteDuration()) return INT64_MAX;
  return now_ns + absl::ToInt64Nanoseconds(duration);
}

void Announce(const RecordOptions& options, int32_t pid) {
  const std::string note = MostRateNote(options.asked_rate_hz, options.rate_hz);
  if (!note.empty()) std::cerr << note << "\n";
  const std::string until =
      options.duration == absl::InfiniteDuration()
          ? (options.program.empty() ? "until Ctrl-C" : "until it ends")
          : absl::StrFormat("for %g s",
                            absl::ToDoubleSeconds(options.duration));
  std::cerr << absl::StrFormat("Sampling process %d %g times a second %s.\n",
                               pid, options.rate_hz, until);
}

void Summarize(const Profile& profile, Sampler::Stop stop,
               const RecordOptions& options, const Process& process,
               absl::string_view written_to) {
  if (stop == Sampler::Stop::kTargetGone) {
    std::cerr << absl::StrFormat("Process %d exited after %.1f s.\n",
                                 profile.pid, profile.duration_ns / 1e9);
  }
  const bool all_idle =
      std::all_of(profile.samples.begin(), profile.samples.end(),
                  [](const Profile::Sample& s) { return s.idle; });
  // The flat table says so itself.
  const bool was_said =
      options.format == Format::kFlat && options.output == "-";
  if (!profile.samples.empty() && all_idle && !options.include_idle &&
      !was_said) {
    std::cerr << "All threads were asleep: record with -i to see where.\n";
  }
  WarnOfStops(process);
  std::cerr << SamplesLine(profile) << " written to " << written_to << ".\n";
}

}  // namespace

absl::StatusOr<int> RunRecord(const RecordOptions& options) {
  absl::StatusOr<std::unique_ptr<OutputFile>> output =
      OutputFile::Create(options.output);
  if (!output.ok()) return output.status();
  absl::StatusOr<std::unique_ptr<Subject>> subject =
      Subject::Of(options.pid, options.program);
  if (!subject.ok()) return subject.status();
  const int32_t pid = (*subject)->pid();
  absl::StatusOr<std::unique_ptr<Family>> family = Family::Open(
      pid, {.open = {.ways = options.capture, .rate_hz = options.rate_hz},
            .children = options.subprocesses,
            .green_threads = options.green,
            .green_names = options.green && options.threads});
  if (!family.ok()) return family.status();

  Recording recording;
  if (ShowsTime(options.format)) recording.KeepTimes();
  SignalWaiter waiter;
  Announce(options, pid);
  Sampler sampler([&] { return (*family)->Look(); }, waiter,
                  {.rate_hz = options.rate_hz,
                   .seed = std::random_device{}(),
                   .each_green = options.threads});
  const Provenance made = ProvenanceOf(options);
  (*subject)->Release();
  const int64_t until_ns = UntilNs(waiter.NowNs(), options.duration);
  const Sampler::Stop stop =
      SampleUntil(sampler, **family, recording, until_ns,
                  [](const std::string& note) { std::cerr << note << "\n"; });
  const absl::Status recorded = CheckRecorded(recording, stop, pid);
  // A program of ours has an exit status to pass on, however short it ran.
  if (!recorded.ok() && !(*subject)->launched()) return recorded;

  Symbolizer symbolizer({.short_names = options.short_names});
  Profile profile =
      NameProfile(recording, **family, symbolizer, options.naming);
  profile.made = made;
  if (absl::Status status = (*output)->Write(Render(profile, options));
      !status.ok()) {
    return status;
  }
  WarnOfMissingNames((*family)->programs(), recording, options.include_idle);
  WarnOfChildren(**family);
  Summarize(profile, stop, options, (*family)->first().process(),
            (*output)->name());
  return (*subject)->AwaitEnd(waiter.stop_signal());
}

}  // namespace hubspy

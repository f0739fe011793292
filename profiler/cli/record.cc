#include <unistd.h>

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
#include "cli/progress.h"
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
  if (options.quiet) return;
  std::cerr << absl::StrFormat("Sampling process %d %g times a second %s.\n",
                               pid, options.rate_hz, until);
}

void Summarize(const Profile& profile, Sampler::Stop stop,
               const RecordOptions& options, const Process& process,
               absl::string_view written_to) {
  if (stop == Sampler::Stop::kTargetGone && !options.quiet) {
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
  if (options.quiet) return;
  std::cerr << SamplesLine(profile) << " written to " << written_to << ".\n";
}

// A program that we start has the terminal for itself.
Progress::Look ProgressLook(const RecordOptions& options) {
  if (options.quiet) return Progress::Look::kNone;
  if (isatty(STDERR_FILENO) == 0) return Progress::Look::kLines;
  return options.program.empty() ? Progress::Look::kBar : Progress::Look::kNone;
}

// Names what was recorded, and writes it.
class Writer {
 public:
  Writer(Recording& recording, Family& family, const RecordOptions& options)
      : recording_(recording),
        family_(family),
        options_(options),
        made_(ProvenanceOf(options.command_line)),
        symbolizer_({.short_names = options.short_names}) {}

  absl::StatusOr<Profile> Write(OutputFile& output) {
    Profile profile =
        NameProfile(recording_, family_, symbolizer_, options_.naming);
    profile.made = made_;
    profile.made.asked_rate_hz = options_.asked_rate_hz;
    if (absl::Status status = output.Write(Render(profile, options_));
        !status.ok()) {
      return status;
    }
    return profile;
  }

  // A file that cannot be written now may be at the end: that is said, no more.
  void WriteSoFar() {
    absl::StatusOr<std::unique_ptr<OutputFile>> output =
        OutputFile::Create(options_.output);
    const absl::StatusOr<Profile> profile =
        output.ok() ? Write(**output) : output.status();
    if (!profile.ok()) {
      std::cerr << "hubspy: " << profile.status().message() << "; going on.\n";
    } else if (!options_.quiet) {
      std::cerr << "So far: " << SamplesLine(*profile) << " written to "
                << (*output)->name() << ".\n";
    }
  }

 private:
  Recording& recording_;
  Family& family_;
  const RecordOptions& options_;
  const Provenance made_;
  Symbolizer symbolizer_;
};

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
  SignalWaiter waiter(SignalWaiter::Usr1::kPauses);
  Announce(options, pid);
  Writer writer(recording, **family, options);
  (*subject)->Release();
  const int64_t until_ns = UntilNs(waiter.NowNs(), options.duration);
  Progress progress(waiter, recording, std::cerr,
                    {.look = ProgressLook(options), .until_ns = until_ns});
  Sampler sampler([&] { return (*family)->Look(); }, progress,
                  {.rate_hz = options.rate_hz,
                   .seed = std::random_device{}(),
                   .each_green = options.threads});
  const auto tell = [&progress](const std::string& note) {
    progress.Clear();
    std::cerr << note << "\n";
  };
  Sampler::Stop stop =
      SampleUntil(sampler, **family, recording, until_ns, tell);
  while (stop == Sampler::Stop::kPaused) {
    progress.Clear();
    writer.WriteSoFar();
    waiter.EndPause();
    stop = SampleUntil(sampler, **family, recording, until_ns, tell);
  }
  progress.Clear();
  const absl::Status recorded = CheckRecorded(recording, stop, pid);
  // A program of ours has an exit status to pass on, however short it ran.
  if (!recorded.ok() && !(*subject)->launched()) return recorded;

  const absl::StatusOr<Profile> profile = writer.Write(**output);
  if (!profile.ok()) return profile.status();
  WarnOfMissingNames((*family)->programs(), recording, options.include_idle);
  WarnOfChildren(**family);
  Summarize(*profile, stop, options, (*family)->first().process(),
            (*output)->name());
  return (*subject)->AwaitEnd(waiter.stop_signal());
}

}  // namespace hubspy

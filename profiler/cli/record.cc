#include "cli/record.h"

#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/commands.h"
#include "cli/family.h"
#include "cli/format_names.h"
#include "cli/hub_history.h"
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

int64_t UntilNs(int64_t now_ns, absl::Duration duration) {
  if (duration == absl::InfiniteDuration()) return INT64_MAX;
  return now_ns + absl::ToInt64Nanoseconds(duration);
}

std::string ForHowLong(const RecordOptions& options) {
  if (options.duration == absl::InfiniteDuration()) {
    return options.program.empty() ? "until Ctrl-C" : "until it ends";
  }
  return absl::StrFormat("for %g s", absl::ToDoubleSeconds(options.duration));
}

void WriteSoFar(
    const std::string& path, const RecordOptions& options,
    absl::FunctionRef<absl::StatusOr<std::string>(OutputFile&)> write) {
  absl::StatusOr<std::unique_ptr<OutputFile>> output = OutputFile::Create(path);
  const absl::StatusOr<std::string> written =
      output.ok() ? write(**output) : output.status();
  if (!written.ok()) {
    std::cerr << "hubspy: " << written.status().message() << "; going on.\n";
  } else if (!options.quiet) {
    std::cerr << "So far: " << *written << " written to " << (*output)->name()
              << ".\n";
  }
}

void TellOfExit(int32_t pid, int64_t after_ns) {
  std::cerr << absl::StrFormat("Process %d exited after %.1f s.\n", pid,
                               static_cast<double>(after_ns) / 1e9);
}

namespace {

void Announce(const RecordOptions& options, int32_t pid) {
  const std::string note = MostRateNote(options.asked_rate_hz, options.rate_hz);
  if (!note.empty()) std::cerr << note << "\n";
  if (options.quiet) return;
  std::cerr << absl::StrFormat("Sampling process %d %g times a second %s.\n",
                               pid, options.rate_hz, ForHowLong(options));
}

void Summarize(const Profile& profile, Sampler::Stop stop,
               const RecordOptions& options, const Process& process,
               absl::string_view written_to) {
  if (stop == Sampler::Stop::kTargetGone && !options.quiet) {
    TellOfExit(profile.pid, profile.duration_ns);
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

// What is being recorded, and the file that it goes to; of several, one after
// the other.
class Piece {
 public:
  // Errors as OutputFile::Create's.
  static absl::StatusOr<std::unique_ptr<Piece>> Begin(
      const RecordOptions& options) {
    std::unique_ptr<Piece> piece(new Piece(options));
    if (absl::Status begun = piece->BeginNext(); !begun.ok()) return begun;
    return piece;
  }

  Recording& recording() { return recording_; }
  // Null where the file will not show time.
  HubHistory* hubs() { return hubs_ ? &*hubs_ : nullptr; }
  int number() const { return number_; }
  std::string file() const { return output_->name(); }

  absl::StatusOr<Profile> Write(Family& family) {
    return WriteTo(*output_, family);
  }
  // What was recorded is forgotten.
  absl::Status BeginNext() {
    ++number_;
    absl::StatusOr<std::unique_ptr<OutputFile>> output =
        OutputFile::Create(Path());
    if (!output.ok()) return output.status();
    output_ = *std::move(output);
    recording_ = Recording();
    if (KeepsTimes(options_.format)) {
      recording_.KeepTimes();
      if (!hubs_) hubs_.emplace();
      hubs_->BeginNext();
    }
    BeginNow();
    return absl::OkStatus();
  }
  void BeginNow() {
    made_ = ProvenanceOf(options_.command_line);
    made_.asked_rate_hz = options_.asked_rate_hz;
  }
  void WriteSoFar(Family& family) {
    hubspy::WriteSoFar(Path(), options_,
                       [&](OutputFile& output) -> absl::StatusOr<std::string> {
                         const absl::StatusOr<Profile> profile =
                             WriteTo(output, family);
                         if (!profile.ok()) return profile.status();
                         return SamplesLine(*profile);
                       });
  }

 private:
  explicit Piece(const RecordOptions& options) : options_(options) {}

  std::string Path() const {
    return options_.every == absl::InfiniteDuration()
               ? options_.output
               : NumberedFile(options_.output, number_);
  }
  absl::StatusOr<Profile> WriteTo(OutputFile& output, Family& family) {
    Profile profile =
        NameProfile(recording_, family, symbolizer_, options_.naming);
    profile.made = made_;
    if (hubs_) hubs_->AddTo(profile, family.programs(), symbolizer_);
    if (absl::Status status =
            output.Write(Render(profile, RenderingOf(options_)));
        !status.ok()) {
      return status;
    }
    return profile;
  }

  const RecordOptions& options_;
  Symbolizer symbolizer_;
  int number_ = 0;
  std::unique_ptr<OutputFile> output_;
  Recording recording_;
  std::optional<HubHistory> hubs_;
  Provenance made_;
};

// Samples until the end, and writes what is to be written before it.
absl::StatusOr<Sampler::Stop> RecordUntil(int64_t until_ns, Piece& piece,
                                          Sampler& sampler, Family& family,
                                          SignalWaiter& waiter,
                                          Progress& progress,
                                          const RecordOptions& options) {
  const auto tell = [&progress](const std::string& note) {
    progress.Clear();
    std::cerr << note << "\n";
  };
  int64_t piece_ns = UntilNs(waiter.NowNs(), options.every);
  while (true) {
    const Sampler::Stop stop = SampleUntil(sampler, family, piece.recording(),
                                           std::min(piece_ns, until_ns), tell);
    progress.Clear();
    if (stop == Sampler::Stop::kPaused) {
      piece.WriteSoFar(family);
      waiter.EndPause();
    } else if (stop == Sampler::Stop::kTimeIsUp && piece_ns < until_ns) {
      const absl::StatusOr<Profile> profile = piece.Write(family);
      if (!profile.ok()) return profile.status();
      if (!options.quiet) {
        std::cerr << SamplesLine(*profile) << " written to " << piece.file()
                  << ".\n";
      }
      if (absl::Status begun = piece.BeginNext(); !begun.ok()) return begun;
      piece_ns = UntilNs(waiter.NowNs(), options.every);
    } else {
      return stop;
    }
    sampler.Restart();
  }
}

}  // namespace

absl::StatusOr<int> RunRecord(const RecordOptions& options) {
  if (options.stalls) return RunRecordStalls(options);
  absl::StatusOr<std::unique_ptr<Piece>> piece = Piece::Begin(options);
  if (!piece.ok()) return piece.status();
  absl::StatusOr<std::unique_ptr<Subject>> subject =
      Subject::Of(options.pid, options.program);
  if (!subject.ok()) return subject.status();
  const int32_t pid = (*subject)->pid();
  absl::StatusOr<std::unique_ptr<Family>> family = Family::Open(
      pid, {.open = {.ways = options.capture, .rate_hz = options.rate_hz},
            .children = options.subprocesses,
            .green = {.wanted = options.green, .names = options.threads}});
  if (!family.ok()) return family.status();

  SignalWaiter waiter(SignalWaiter::Usr1::kPauses);
  Announce(options, pid);
  (*subject)->Release();
  (*piece)->BeginNow();
  const int64_t until_ns = UntilNs(waiter.NowNs(), options.duration);
  const Recording& recording = (*piece)->recording();
  Progress progress(waiter, recording, std::cerr,
                    {.look = ProgressLook(options), .until_ns = until_ns});
  Sampler sampler(
      [&] {
        auto looks = (*family)->Look();
        if (HubHistory* const hubs = (*piece)->hubs()) {
          hubs->Read(**family, sampler.begin_ns());
        }
        return looks;
      },
      progress,
      {.rate_hz = options.rate_hz,
       .seed = std::random_device{}(),
       .each_green = options.threads});
  const absl::StatusOr<Sampler::Stop> stop = RecordUntil(
      until_ns, **piece, sampler, **family, waiter, progress, options);
  if (!stop.ok()) return stop.status();
  const absl::Status recorded = CheckRecorded(recording, *stop, pid);
  // A program of ours has an exit status to pass on, however short it ran; and
  // what there is of a last piece is enough.
  if (!recorded.ok() && !(*subject)->launched() && (*piece)->number() == 1) {
    return recorded;
  }

  const absl::StatusOr<Profile> profile = (*piece)->Write(**family);
  if (!profile.ok()) return profile.status();
  WarnOfMissingNames((*family)->programs(), recording, options.include_idle);
  WarnOfChildren(**family);
  Summarize(*profile, *stop, options, (*family)->first().process(),
            (*piece)->file());
  return (*subject)->AwaitEnd(waiter.stop_signal());
}

}  // namespace hubspy

// `hubspy record --stalls`: composes the watch, names what it saw, writes it.
#include <iostream>
#include <memory>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/family.h"
#include "cli/missing_names.h"
#include "cli/naming.h"
#include "cli/notes.h"
#include "cli/output_file.h"
#include "cli/provenance.h"
#include "cli/record.h"
#include "cli/render.h"
#include "cli/signal_waiter.h"
#include "cli/stall_watch.h"
#include "cli/subject.h"
#include "cli/turn_runner.h"
#include "cli/urgency.h"
#include "view/stalls.h"

namespace hubspy {
namespace {

std::string PerSecond(int64_t period_ns) {
  return absl::StrFormat("%.10g", 1e9 / static_cast<double>(period_ns));
}

// What has no stack in a graph says so.
void MarkThoseWithoutStack(Profile& profile) {
  const auto marker = static_cast<uint32_t>(profile.frames.size());
  profile.frames.push_back(
      {.function = "[no stack: over too soon]", .marker = true});
  for (Profile::Sample& sample : profile.samples) {
    if (sample.frames.empty() && sample.end == StackEnd::kComplete) {
      sample.frames.push_back(marker);
    }
  }
}

// Names each distinct stack and green thread once.
class ReportMaker {
 public:
  ReportMaker(const StallsSeen& seen, Family& family, Symbolizer& symbolizer)
      : seen_(seen),
        family_(family),
        symbolizer_(symbolizer),
        names_(family.programs(), symbolizer) {}

  StallReport Make(int64_t begin_unix_ns) {
    const Program& first = family_.programs().front();
    report_.pid = first.pid;
    report_.command = first.command;
    report_.begin_real_ns = seen_.begin_ns;
    report_.begin_unix_ns = begin_unix_ns;
    report_.totals = seen_.totals;
    for (const SeenStall& seen : seen_.stalls) Add(seen);
    return std::move(report_);
  }

 private:
  void Add(const SeenStall& seen) {
    StallReport::Stall stall = {
        .pid = seen.pid,
        .hub_tid = seen.hub_tid,
        .begin_real_ns = seen.turn.begin_ns,
        .length_ns = seen.turn.length_ns(),
        .perhaps_longer_ns = seen.turn.perhaps_longer_ns,
        .began_before = seen.turn.began_before,
        .under_way = seen.under_way,
        .cause = seen.cause,
        .switches = seen.turn.switches,
        .most_ready = seen.turn.most_ready,
        .problem = seen.problem};
    for (const TurnRunner& runner : seen.runners) {
      stall.runners.push_back({.kind = runner.kind,
                               .id = runner.id,
                               .name = names_.NameOf(seen.program, runner),
                               .times = runner.times});
    }
    for (const SeenStall::Look& look : seen.looks) {
      stall.looks.push_back({.after_ns = look.at_ns - seen.turn.begin_ns,
                             .stack = StackOf(look.stack),
                             .state = look.state});
    }
    report_.stalls.push_back(std::move(stall));
  }

  size_t StackOf(StackId id) {
    const auto [known, is_new] = stacks_.try_emplace(id, report_.stacks.size());
    if (is_new) {
      const Stack& stack = seen_.recording.stacks()[id];
      report_.stacks.push_back(
          {NameStack(stack, family_.first(), symbolizer_), stack.end});
    }
    return known->second;
  }

  const StallsSeen& seen_;
  Family& family_;
  Symbolizer& symbolizer_;
  StallReport report_;
  RunnerNames names_;
  absl::flat_hash_map<StackId, size_t> stacks_;
};

std::string Written(StallsSeen& seen, Family& family, const Provenance& made,
                    const RecordOptions& options) {
  Symbolizer symbolizer({.short_names = options.naming.short_names});
  if (options.format == Format::kFlat) {
    family.LearnJitNames(seen.recording.stacks());
    return RenderStalls(
        ReportMaker(seen, family, symbolizer).Make(made.begin_unix_ns));
  }
  Profile profile =
      NameProfile(seen.recording, family, symbolizer, options.naming);
  profile.made = made;
  profile.stalls = seen.totals;
  MarkThoseWithoutStack(profile);
  return Render(profile, RenderingOf(options));
}

absl::Status NoHub(int32_t pid, absl::string_view what) {
  return absl::FailedPreconditionError(
      absl::StrCat("process ", pid, " ", what,
                   ": --stalls watches the loops of green's "
                   "hubs; without it, record shows where any process is"));
}

}  // namespace

absl::StatusOr<int> RunRecordStalls(const RecordOptions& options) {
  const int64_t limit_ns = absl::ToInt64Nanoseconds(*options.stalls);
  const int64_t period_ns = StallWatch::PeriodNs(limit_ns);
  absl::StatusOr<std::unique_ptr<OutputFile>> output =
      OutputFile::Create(options.output);
  if (!output.ok()) return output.status();
  absl::StatusOr<std::unique_ptr<Subject>> subject =
      Subject::Of(options.pid, options.program);
  if (!subject.ok()) return subject.status();
  const bool launched = (*subject)->launched();
  const int32_t pid = (*subject)->pid();
  // The rate: who is held up by one thread cannot watch the others.
  absl::StatusOr<std::unique_ptr<Family>> family = Family::Open(
      pid, {.open = {.ways = options.capture,
                     .rate_hz = 1e9 / static_cast<double>(period_ns)},
            .children = options.subprocesses});
  if (!family.ok()) return family.status();
  if (!launched && !options.subprocesses &&
      (*family)->first().hub_reader() == nullptr) {
    return NoHub(pid, "has no hub");
  }

  SignalWaiter waiter(SignalWaiter::Usr1::kPauses);
  if (!options.quiet) {
    std::cerr << "Watching the hubs of process " << pid << " for stalls of "
              << FormatLength(limit_ns) << " or more, " << PerSecond(period_ns)
              << " times a second " << ForHowLong(options) << ".\n";
  }
  StallWatch watch(**family, waiter,
                   {.limit_ns = limit_ns, .each_green = options.threads});
  (*subject)->Release();
  const Provenance made = ProvenanceOf(options.command_line);
  const int64_t until_ns = UntilNs(waiter.NowNs(), options.duration);
  const auto run = [&] {
    const Urgency urgency;
    return watch.Run(until_ns);
  };
  Sampler::Stop stop;
  while ((stop = run()) == Sampler::Stop::kPaused) {
    WriteSoFar(options.output, options,
               [&](OutputFile& file) -> absl::StatusOr<std::string> {
                 StallsSeen seen = watch.SoFar();
                 if (absl::Status status =
                         file.Write(Written(seen, **family, made, options));
                     !status.ok()) {
                   return status;
                 }
                 return absl::StrCat(StallsLine(seen.totals), ";");
               });
    waiter.EndPause();
  }
  if (!watch.saw_a_hub()) {
    const absl::Status no_hub = NoHub(pid, "made no hub while it was watched");
    if (!launched) return no_hub;
    std::cerr << "hubspy: " << no_hub.message() << "\n";
  }

  StallsSeen seen = watch.SoFar();
  if (absl::Status status =
          (*output)->Write(Written(seen, **family, made, options));
      !status.ok()) {
    return status;
  }
  WarnOfMissingNames((*family)->programs(), seen.recording,
                     /*include_idle=*/true);
  WarnOfChildren(**family);
  if (stop == Sampler::Stop::kTargetGone && !options.quiet) {
    TellOfExit(pid, seen.totals.watched_ns);
  }
  if (!options.quiet) {
    std::cerr << StallsLine(seen.totals) << "; written to " << (*output)->name()
              << ".\n";
  }
  return (*subject)->AwaitEnd(waiter.stop_signal());
}

}  // namespace hubspy

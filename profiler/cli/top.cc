#include <unistd.h>

#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "cli/commands.h"
#include "cli/family.h"
#include "cli/missing_names.h"
#include "cli/naming.h"
#include "cli/notes.h"
#include "cli/subject.h"
#include "cli/top_session.h"
#include "tui/screen.h"
#include "view/flat.h"

namespace hubspy {
namespace {

// How soon a key is answered.
constexpr int64_t kKeyIntervalNs = 50'000'000;

int64_t DelayNs(const TopOptions& options) {
  return absl::ToInt64Nanoseconds(options.delay);
}

absl::StatusOr<Sampler::Stop> PrintTables(TopSession& session,
                                          const TopOptions& options,
                                          int tables) {
  std::string said;
  for (int table = 0; table < tables; ++table) {
    const Sampler::Stop stop =
        session.SampleUntil(session.NowNs() + DelayNs(options));
    session.CloseWindow();
    if (session.rate_note() != said) {
      said = session.rate_note();
      std::cerr << said << std::endl;
    }
    const Quality& quality = session.overall().quality;
    if (quality.samples == 0 && quality.failed > 0 &&
        stop != Sampler::Stop::kTargetGone) {
      return absl::FailedPreconditionError(quality.last_failure);
    }
    if (quality.samples == 0 && stop == Sampler::Stop::kTargetGone) {
      return stop;
    }
    std::cout << (table > 0 ? "\n" : "")
              << RenderFlat(session.window(), session.overall(),
                            {.include_idle = options.include_idle})
              << std::flush;
    if (stop != Sampler::Stop::kTimeIsUp) return stop;
  }
  return Sampler::Stop::kTimeIsUp;
}

class LiveScreen {
 public:
  LiveScreen(TopSession& session, Screen& screen, const TopOptions& options)
      : session_(session),
        screen_(screen),
        options_(options),
        state_{.include_idle = options.include_idle} {}

  Sampler::Stop Run() {
    int64_t next_table_ns = session_.NowNs() + DelayNs(options_);
    Draw();
    while (true) {
      const int64_t until_ns =
          std::min(next_table_ns, session_.NowNs() + kKeyIntervalNs);
      const Sampler::Stop stop = session_.SampleUntil(until_ns);
      if (stop != Sampler::Stop::kTimeIsUp) return stop;
      while (const std::optional<Key> key = screen_.Poll()) {
        if (*key == Key::kQuit) return Sampler::Stop::kRequested;
        Handle(*key);
      }
      if (session_.NowNs() >= next_table_ns) {
        session_.CloseWindow();
        Draw();
        next_table_ns = session_.NowNs() + DelayNs(options_);
      }
    }
  }

 private:
  void Handle(Key key) {
    if (key == Key::kReset) session_.Reset();
    state_ = After(key, state_);
    session_.NameBy(state_.by_line ? NamingOptions::Lines::kLine
                                   : NamingOptions::Lines::kFunction);
    Draw();
  }
  void Draw() {
    ScreenModel model =
        MakeScreenModel(session_.window(), session_.overall(), state_);
    model.rate_note = session_.rate_note();
    screen_.Draw(model);
  }

  TopSession& session_;
  Screen& screen_;
  const TopOptions& options_;
  ScreenState state_;
};

absl::StatusOr<Sampler::Stop> ShowLive(TopSession& session,
                                       const TopOptions& options) {
  // Gone before anything else is printed.
  absl::StatusOr<std::unique_ptr<Screen>> screen = Screen::Open();
  if (!screen.ok()) return screen.status();
  return LiveScreen(session, **screen, options).Run();
}

}  // namespace

absl::StatusOr<int> RunTop(const TopOptions& options) {
  const bool on_terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
  const bool live = !options.tables && on_terminal;
  absl::StatusOr<std::unique_ptr<Subject>> subject =
      Subject::Of(options.pid, options.program, {.leave_terminal = live});
  if (!subject.ok()) return subject.status();
  absl::StatusOr<std::unique_ptr<Family>> family = Family::Open(
      (*subject)->pid(),
      {.open = {.ways = options.capture, .rate_hz = options.rate_hz},
       .children = options.subprocesses});
  if (!family.ok()) return family.status();
  TopSession session(**family, options);
  (*subject)->Release();
  absl::StatusOr<Sampler::Stop> stop =
      live ? ShowLive(session, options)
           : PrintTables(session, options, options.tables.value_or(1));
  if (!stop.ok()) return stop.status();
  WarnOfMissingNames((*family)->programs(), session.recording(),
                     options.include_idle);
  WarnOfStops((*family)->first().process());
  WarnOfChildren(**family);
  if (*stop == Sampler::Stop::kTargetGone && !(*subject)->launched()) {
    return absl::NotFoundError(
        absl::StrCat("process ", options.pid, " has exited"));
  }
  return (*subject)->AwaitEnd(session.stop_signal());
}

}  // namespace hubspy

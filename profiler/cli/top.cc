#include <unistd.h>

#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "cli/attachment.h"
#include "cli/commands.h"
#include "cli/naming.h"
#include "cli/notes.h"
#include "cli/top_session.h"
#include "tui/screen.h"
#include "view/flat.h"

namespace hubspy {
namespace {

// How soon a key is answered.
constexpr int64_t kKeyIntervalNs = 50'000'000;

absl::Status TargetGone(const TopOptions& options) {
  return absl::NotFoundError(
      absl::StrCat("process ", options.pid, " has exited"));
}

int64_t DelayNs(const TopOptions& options) {
  return absl::ToInt64Nanoseconds(options.delay);
}

absl::StatusOr<int> PrintTables(TopSession& session, const TopOptions& options,
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
    if (quality.samples == 0 && quality.failed > 0) {
      return absl::FailedPreconditionError(quality.last_failure);
    }
    if (quality.samples == 0 && stop == Sampler::Stop::kTargetGone) {
      return TargetGone(options);
    }
    std::cout << (table > 0 ? "\n" : "")
              << RenderFlat(session.window(), session.overall(),
                            {.include_idle = options.include_idle})
              << std::flush;
    if (stop == Sampler::Stop::kTargetGone) return TargetGone(options);
    if (stop == Sampler::Stop::kRequested) break;
  }
  return 0;
}

class LiveScreen {
 public:
  LiveScreen(TopSession& session, Screen& screen, const TopOptions& options)
      : session_(session),
        screen_(screen),
        options_(options),
        state_{.include_idle = options.include_idle} {}

  absl::StatusOr<int> Run() {
    int64_t next_table_ns = session_.NowNs() + DelayNs(options_);
    Draw();
    while (true) {
      const int64_t until_ns =
          std::min(next_table_ns, session_.NowNs() + kKeyIntervalNs);
      const Sampler::Stop stop = session_.SampleUntil(until_ns);
      if (stop == Sampler::Stop::kRequested) return 0;
      if (stop == Sampler::Stop::kTargetGone) return TargetGone(options_);
      while (const std::optional<Key> key = screen_.Poll()) {
        if (*key == Key::kQuit) return 0;
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

}  // namespace

absl::StatusOr<int> RunTop(const TopOptions& options) {
  absl::StatusOr<std::unique_ptr<Attachment>> attachment = Attachment::Open(
      options.pid, {.ways = options.capture, .rate_hz = options.rate_hz});
  if (!attachment.ok()) return attachment.status();
  TopSession session(**attachment, options);
  const bool on_terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
  if (options.tables || !on_terminal) {
    absl::StatusOr<int> exit_status =
        PrintTables(session, options, options.tables.value_or(1));
    WarnOfJitNames(**attachment);
    WarnOfStops((*attachment)->process());
    return exit_status;
  }
  absl::StatusOr<std::unique_ptr<Screen>> screen = Screen::Open();
  if (!screen.ok()) return screen.status();
  absl::StatusOr<int> exit_status =
      LiveScreen(session, **screen, options).Run();
  screen->reset();  // before anything is printed
  WarnOfJitNames(**attachment);
  WarnOfStops((*attachment)->process());
  return exit_status;
}

}  // namespace hubspy

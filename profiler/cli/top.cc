#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "cli/commands.h"
#include "cli/family.h"
#include "cli/missing_names.h"
#include "cli/naming.h"
#include "cli/notes.h"
#include "cli/subject.h"
#include "cli/top_session.h"
#include "tui/hub_table.h"
#include "tui/layout.h"
#include "tui/screen.h"
#include "tui/state.h"
#include "view/flat.h"

namespace hubspy {
namespace {

// How soon a key is answered.
constexpr int64_t kKeyIntervalNs = 50'000'000;

int64_t DelayNs(const TopOptions& options) {
  return absl::ToInt64Nanoseconds(options.delay);
}

// Who asks for some green threads wants to see them, each by itself.
TopSession::View ViewOf(const ScreenState::Choice& choice,
                        const TopOptions& options) {
  const bool some = !options.only_greens.empty();
  return {.lines = choice.by_line ? NamingOptions::Lines::kLine
                                  : NamingOptions::Lines::kNoLine,
          .green = choice.green || some,
          .each_green = (choice.green && choice.threads) || some};
}

ScreenState::Choice ChoiceOf(const TopOptions& options) {
  return {.sort = options.sort,
          .include_idle = options.include_idle,
          .threads = options.threads,
          .green = options.green};
}

std::string RenderHubs(const std::vector<HubRow>& hubs) {
  std::string text;
  for (const ScreenLine& line : HubTable(hubs, hubs.size() + 1)) {
    for (const Span& span : line) absl::StrAppend(&text, span.text);
    absl::StripTrailingAsciiWhitespace(&text);
    text += '\n';
  }
  return text.empty() ? text : text + "\n";
}

absl::StatusOr<Sampler::Stop> PrintTables(TopSession& session,
                                          const TopOptions& options,
                                          int tables) {
  session.Show(ViewOf(ChoiceOf(options), options));
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
    if (!session.selection_problem().ok()) return session.selection_problem();
    std::cout << (table > 0 ? "\n" : "") << RenderHubs(session.hubs())
              << RenderFlat(session.window(), session.overall(),
                            {.include_idle = options.include_idle,
                             .threads = options.threads,
                             .sort = options.sort})
              << std::flush;
    if (stop != Sampler::Stop::kTimeIsUp) return stop;
  }
  return Sampler::Stop::kTimeIsUp;
}

class LiveScreen {
 public:
  LiveScreen(TopSession& session, Screen& screen, const TopOptions& options)
      : session_(session), screen_(screen), options_(options) {
    state_.choice = ChoiceOf(options);
  }

  Sampler::Stop Run() {
    int64_t next_table_ns = session_.NowNs() + DelayNs(options_);
    MakeModel();
    Draw();
    while (true) {
      const int64_t key_ns = session_.NowNs() + kKeyIntervalNs;
      const Sampler::Stop stop = session_.SampleUntil(
          state_.paused ? key_ns : std::min(key_ns, next_table_ns));
      if (stop != Sampler::Stop::kTimeIsUp) return stop;
      if (Obey() == Action::kQuit) return Sampler::Stop::kRequested;
      if (session_.NowNs() >= next_table_ns && !state_.paused) {
        session_.CloseWindow();
        MakeModel();
        Draw();
        next_table_ns = session_.NowNs() + DelayNs(options_);
      }
    }
  }

 private:
  // Does what all keys say that wait.
  Action Obey() {
    std::optional<Key> key = screen_.Poll();
    if (!key) return Action::kNone;
    const ScreenState::Choice before = state_.choice;
    bool was_reset = false;
    for (; key; key = screen_.Poll()) {
      Step step = After(*key, std::move(state_), RowNames(model_),
                        PageRows(model_, screen_.size()));
      state_ = std::move(step.state);
      if (step.action == Action::kQuit) return step.action;
      if (step.action == Action::kReset) {
        session_.Reset();
        was_reset = true;
      }
      // The next key is of the rows that this one makes.
      if (state_.choice != before) MakeModel();
    }
    if (was_reset) MakeModel();
    Draw();
    return Action::kNone;
  }

  void MakeModel() {
    session_.Show(ViewOf(state_.choice, options_));
    model_ = MakeScreenModel(session_.window(), session_.overall(), state_);
    model_.hubs = session_.hubs();
    model_.notes.clear();
    if (!session_.rate_note().empty()) {
      model_.notes.push_back(session_.rate_note());
    }
    if (!session_.selection_problem().ok()) {
      model_.notes.emplace_back(session_.selection_problem().message());
    }
  }

  void Draw() {
    model_.state = state_;
    screen_.Draw(LayOut(model_, screen_.size()));
  }

  TopSession& session_;
  Screen& screen_;
  const TopOptions& options_;
  ScreenState state_;
  ScreenModel model_;  // of the state's choice
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

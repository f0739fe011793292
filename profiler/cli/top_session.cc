#include "cli/top_session.h"

#include <algorithm>
#include <random>
#include <utility>

#include "cli/notes.h"

namespace hubspy {
namespace {

// From one look at the hubs to the next: some thirty microseconds of work.
constexpr int64_t kHubsIntervalNs = 50'000'000;

}  // namespace

TopSession::TopSession(Family& family, const TopOptions& options)
    : family_(family),
      options_(options),
      sampler_([this] { return family_.Look(); }, waiter_,
               {.rate_hz = options.rate_hz, .seed = std::random_device{}()}),
      hub_meter_(family, waiter_),
      symbolizer_({.short_names = options.short_names}),
      selection_{.threads = options.only_threads,
                 .greens = options.only_greens},
      rate_note_(MostRateNote(options.asked_rate_hz, options.rate_hz)) {
  Reset();
}

Sampler::Stop TopSession::SampleUntil(int64_t until_ns) {
  while (true) {
    const int64_t slice_ns =
        std::min(until_ns, waiter_.NowNs() + kHubsIntervalNs);
    const Sampler::Stop stop = hubspy::SampleUntil(
        sampler_, family_, next_, slice_ns,
        [this](std::string note) { rate_note_ = std::move(note); });
    if (stop != Sampler::Stop::kTimeIsUp) return stop;
    hub_meter_.Look();
    if (slice_ns == until_ns) return stop;
  }
}

void TopSession::CloseWindow() {
  hub_meter_.CloseWindow(next_);
  overall_.Append(next_);
  window_ = std::exchange(next_, {});
  NameAll();
  sampler_.Restart();
}

void TopSession::Show(const View& view) {
  if (view == view_) return;
  const View before = std::exchange(view_, view);
  if (view.green != before.green || view.each_green != before.each_green) {
    family_.LookAtGreenThreads(
        {.wanted = view.green, .names = view.each_green});
    sampler_.TellGreenThreadsApart(view.each_green);
    Reset();
  } else {
    NameAll();
  }
}

void TopSession::Reset() {
  next_ = window_ = overall_ = {};
  overall_.rate_hz = window_.rate_hz = sampler_.rate_hz();
  NameAll();
}

void TopSession::NameAll() {
  const auto name = [this](Recording& recording) {
    return NameProfile(recording, family_, symbolizer_, {.lines = view_.lines});
  };
  window_profile_ = name(window_);
  overall_profile_ = name(overall_);
  if (selection_.all()) return;
  selection_problem_ = CheckSelection(overall_profile_, selection_);
  window_profile_ = Select(window_profile_, selection_).profile;
  overall_profile_ = Select(overall_profile_, selection_).profile;
}

}  // namespace hubspy

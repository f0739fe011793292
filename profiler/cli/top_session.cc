#include "cli/top_session.h"

#include <random>
#include <utility>

#include "cli/notes.h"

namespace hubspy {

TopSession::TopSession(Family& family, const TopOptions& options)
    : family_(family),
      options_(options),
      sampler_([this] { return family_.Look(); }, waiter_,
               {.rate_hz = options.rate_hz, .seed = std::random_device{}()}),
      symbolizer_({.short_names = options.short_names}),
      rate_note_(MostRateNote(options.asked_rate_hz, options.rate_hz)) {
  Reset();
}

Sampler::Stop TopSession::SampleUntil(int64_t until_ns) {
  return hubspy::SampleUntil(
      sampler_, family_, next_, until_ns,
      [this](std::string note) { rate_note_ = std::move(note); });
}

void TopSession::CloseWindow() {
  overall_.Append(next_);
  window_ = std::exchange(next_, {});
  window_profile_ = Name(window_);
  overall_profile_ = Name(overall_);
}

void TopSession::NameBy(NamingOptions::Lines lines) {
  if (lines == naming_.lines) return;
  naming_.lines = lines;
  window_profile_ = Name(window_);
  overall_profile_ = Name(overall_);
}

void TopSession::Reset() {
  next_ = window_ = overall_ = {};
  overall_.rate_hz = window_.rate_hz = sampler_.rate_hz();
  window_profile_ = Name(window_);
  overall_profile_ = Name(overall_);
}

Profile TopSession::Name(Recording& recording) {
  Profile profile = NameProfile(recording, family_, symbolizer_, naming_);
  return options_.threads ? WithThreadFrames(std::move(profile)) : profile;
}

}  // namespace hubspy

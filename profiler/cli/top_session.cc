#include "cli/top_session.h"

#include <random>
#include <utility>

#include "cli/notes.h"

namespace hubspy {

TopSession::TopSession(Attachment& attachment, const TopOptions& options)
    : attachment_(attachment),
      options_(options),
      sampler_([this] { return attachment_.Look(); }, waiter_,
               {.rate_hz = options.rate_hz, .seed = std::random_device{}()}),
      symbolizer_({.jit_names = &attachment.jit_names(),
                   .short_names = options.short_names}),
      rate_note_(MostRateNote(options.asked_rate_hz, options.rate_hz)) {
  Reset();
}

Sampler::Stop TopSession::SampleUntil(int64_t until_ns) {
  Sampler::Stop stop = sampler_.Run(next_, until_ns);
  while (stop == Sampler::Stop::kRateLowered) {
    const RateLowered& lowered = *sampler_.lowered();
    attachment_.process().ChangeRate(lowered.to_hz);
    rate_note_ = RateLoweredNote(lowered, attachment_.threads());
    stop = sampler_.Run(next_, until_ns);
  }
  return stop;
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
  Profile profile = NameProfile(recording, attachment_, symbolizer_, naming_);
  return options_.threads ? WithThreadFrames(std::move(profile)) : profile;
}

}  // namespace hubspy

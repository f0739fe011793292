#include "cli/top_session.h"

namespace hubspy {

TopSession::TopSession(Attachment& attachment, const TopOptions& options)
    : attachment_(attachment),
      sampler_([this] { return attachment_.Look(); }, waiter_,
               {.rate_hz = options.rate_hz}) {
  Reset();
  overall_.rate_hz = options.rate_hz;
}

Sampler::Stop TopSession::SampleUntil(int64_t until_ns) {
  return sampler_.Run(window_, until_ns);
}

void TopSession::CloseWindow(const NamingOptions& naming) {
  overall_.Append(window_);
  window_profile_ = NameProfile(window_, attachment_, symbolizer_, naming);
  overall_profile_ = NameProfile(overall_, attachment_, symbolizer_, naming);
  const double rate_hz = window_.rate_hz;
  window_ = {};
  window_.rate_hz = rate_hz;
}

void TopSession::Reset() {
  const double rate_hz = overall_.rate_hz;
  window_ = {};
  overall_ = {};
  overall_.rate_hz = rate_hz;
}

}  // namespace hubspy

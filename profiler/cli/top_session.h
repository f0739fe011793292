// What `top` shows, one table after the other: the time since the last one as
// percentages, the time since the start as seconds.
#ifndef HUBSPY_CLI_TOP_SESSION_H_
#define HUBSPY_CLI_TOP_SESSION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cli/family.h"
#include "cli/hub_meter.h"
#include "cli/naming.h"
#include "cli/options.h"
#include "cli/signal_waiter.h"
#include "model/profile.h"
#include "sample/sampler.h"
#include "symbolize/symbolizer.h"
#include "view/select.h"

namespace hubspy {

class TopSession {
 public:
  TopSession(Family& family, const TopOptions& options);

  // Samples until `until_ns` (see NowNs) into the next window, at a lower rate
  // than before when that cannot be held: rate_note() then says so.
  Sampler::Stop SampleUntil(int64_t until_ns);
  int64_t NowNs() { return waiter_.NowNs(); }
  // What it was asked to stop with; 0: it was not.
  int stop_signal() const { return waiter_.stop_signal(); }

  // Why the rate is not what was asked for: a sentence; empty: it is.
  const std::string& rate_note() const { return rate_note_; }
  // InvalidArgument: there is no thread, or green thread, as asked for, so far.
  const absl::Status& selection_problem() const { return selection_problem_; }

  // What was sampled since the last call becomes window(), and part of
  // overall(). The time that this takes is no part of either.
  void CloseWindow();
  // What the hubs did in that time.
  const std::vector<HubRow>& hubs() const { return hub_meter_.rows(); }
  const Profile& window() const { return window_profile_; }
  const Profile& overall() const { return overall_profile_; }
  const Recording& recording() const { return overall_; }  // of overall()

  // How window(), overall() and later ones are named, and what is sampled. When
  // other green threads are to be sampled than were so far, begins anew.
  struct View {
    NamingOptions::Lines lines = NamingOptions::Lines::kLine;
    bool green = false;       // green threads that do not run, too
    bool each_green = false;  // and each apart
    friend bool operator==(const View&, const View&) = default;
  };
  void Show(const View& view);

  // Forgets everything up to now.
  void Reset();

 private:
  void NameAll();

  Family& family_;
  const TopOptions options_;
  SignalWaiter waiter_;
  Sampler sampler_;
  HubMeter hub_meter_;
  Symbolizer symbolizer_;
  View view_;
  const Selection selection_;
  absl::Status selection_problem_;
  std::string rate_note_;
  Recording next_;
  Recording window_;
  Recording overall_;
  Profile window_profile_;
  Profile overall_profile_;
};

}  // namespace hubspy

#endif  // HUBSPY_CLI_TOP_SESSION_H_

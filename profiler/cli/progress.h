// How far a recording has come, while it is being made.
//
//   Progress progress(waiter, recording, std::cerr, {.look = ..., ...});
//   Sampler sampler(look, progress, options);
//
// On a terminal a bar that is drawn over again, else a line every ten seconds.
// It is shown from within WaitUntil: never between the parts of a look.
#ifndef HUBSPY_CLI_PROGRESS_H_
#define HUBSPY_CLI_PROGRESS_H_

#include <cstdint>
#include <ostream>
#include <string>

#include "model/recording.h"
#include "sample/sampler.h"

namespace hubspy {

class Progress : public Waiter {
 public:
  enum class Look { kNone, kLines, kBar };
  struct Options {
    Look look = Look::kLines;
    int64_t until_ns = INT64_MAX;  // the end, when it is known
  };

  // All outlive it. Begins now.
  Progress(Waiter& waiter, const Recording& recording, std::ostream& out,
           const Options& options);
  ~Progress() override { Clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  int64_t NowNs() override { return waiter_.NowNs(); }
  void WaitUntil(int64_t until_ns) override;
  bool stop_requested() const override { return waiter_.stop_requested(); }
  bool pause_requested() const override { return waiter_.pause_requested(); }

  // Takes the bar away, before something else is said.
  void Clear();

 private:
  void Show(int64_t now_ns);

  Waiter& waiter_;
  const Recording& recording_;
  std::ostream& out_;
  const Options options_;
  const int64_t begin_ns_;
  int64_t due_ns_;
  bool drawn_ = false;
};

// "[=====>              ] 28%, 0:43 left, 1,700 samples, 3 errors", or without
// an end "0:17, 1,700 samples".
std::string ProgressBar(const Quality& quality, int64_t past_ns,
                        int64_t left_ns);

}  // namespace hubspy

#endif  // HUBSPY_CLI_PROGRESS_H_

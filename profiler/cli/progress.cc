#include "cli/progress.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "model/numbers.h"
#include "target/now.h"

namespace hubspy {
namespace {

constexpr int64_t kBarIntervalNs = kSecondNs / 4;
constexpr int64_t kLineIntervalNs = 10 * kSecondNs;
constexpr size_t kBarWidth = 20;
// ECMA-48: to the line's beginning, and erase it.
constexpr char kEraseLine[] = "\r\x1B[K";

// "0:43", "1:02:03".
std::string Clock(int64_t ns) {
  const int64_t seconds = ns / kSecondNs;
  const int64_t hours = seconds / 3600;
  return hours == 0 ? absl::StrFormat("%d:%02d", seconds / 60, seconds % 60)
                    : absl::StrFormat("%d:%02d:%02d", hours, seconds / 60 % 60,
                                      seconds % 60);
}

std::string Counts(const Quality& quality) {
  std::string text =
      absl::StrCat(WithCommas(quality.samples),
                   quality.samples == 1 ? " sample" : " samples");
  if (quality.failed > 0) {
    absl::StrAppend(&text, ", ", WithCommas(quality.failed),
                    quality.failed == 1 ? " error" : " errors");
  }
  return text;
}

}  // namespace

std::string ProgressBar(const Quality& quality, int64_t past_ns,
                        int64_t left_ns) {
  if (left_ns == INT64_MAX) {
    return absl::StrCat(Clock(past_ns), ", ", Counts(quality));
  }
  const double share =
      static_cast<double>(past_ns) /
      static_cast<double>(std::max<int64_t>(past_ns + left_ns, 1));
  const auto full = static_cast<size_t>(share * kBarWidth);
  std::string bar(std::min(full, kBarWidth), '=');
  if (bar.size() < kBarWidth) bar += '>';
  bar.resize(kBarWidth, ' ');
  // A second that has begun is left.
  return absl::StrFormat("[%s] %.0f%%, %s left, %s", bar, 100 * share,
                         Clock(left_ns + kSecondNs - 1), Counts(quality));
}

Progress::Progress(Waiter& waiter, const Recording& recording,
                   std::ostream& out, const Options& options)
    : waiter_(waiter),
      recording_(recording),
      out_(out),
      options_(options),
      begin_ns_(waiter.NowNs()),
      due_ns_(begin_ns_ +
              (options.look == Look::kBar ? kBarIntervalNs : kLineIntervalNs)) {
  if (options.look == Look::kNone) due_ns_ = INT64_MAX;
}

void Progress::WaitUntil(int64_t until_ns) {
  do {
    waiter_.WaitUntil(std::min(until_ns, due_ns_));
    const int64_t now_ns = waiter_.NowNs();
    if (now_ns >= due_ns_) Show(now_ns);
  } while (!stop_requested() && !pause_requested() &&
           waiter_.NowNs() < until_ns);
}

void Progress::Show(int64_t now_ns) {
  const int64_t past_ns = now_ns - begin_ns_;
  const int64_t left_ns =
      options_.until_ns == INT64_MAX
          ? INT64_MAX
          : std::max<int64_t>(options_.until_ns - now_ns, 0);
  if (options_.look == Look::kBar) {
    out_ << kEraseLine << ProgressBar(recording_.quality, past_ns, left_ns)
         << std::flush;
    drawn_ = true;
    due_ns_ = now_ns + kBarIntervalNs;
    return;
  }
  out_ << Clock(past_ns)
       << (left_ns == INT64_MAX
               ? ""
               : absl::StrCat(" of ", Clock(past_ns + left_ns)))
       << ": " << Counts(recording_.quality) << ".\n";
  due_ns_ = now_ns + kLineIntervalNs;
}

void Progress::Clear() {
  if (drawn_) out_ << kEraseLine << std::flush;
  drawn_ = false;
}

}  // namespace hubspy

#include "model/words.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "model/dump.h"
#include "model/numbers.h"

namespace hubspy::words {

std::string Duration(double ns) {
  if (ns < 0) return absl::StrCat("-", Duration(-ns));
  const double s = ns / 1e9;
  if (s < 0.001) return absl::StrFormat("%.0f us", s * 1e6);
  if (s < 1) return absl::StrFormat("%.1f ms", s * 1e3);
  if (s < 120) return absl::StrFormat("%.1f s", s);
  if (s < 2 * 3600) return absl::StrFormat("%.0f minutes", s / 60);
  if (s < 2 * 86400) return absl::StrFormat("%.1f hours", s / 3600);
  return absl::StrFormat("%.1f days", s / 86400);
}

std::string Green(uint64_t id, const std::string& name) {
  if (id == 0) return "the thread's own code";
  if (name.empty()) return absl::StrCat("green thread ", id);
  return absl::StrCat("green thread ", id, " (", name, ")");
}

std::string TurnRunner(StallCause kind, uint64_t id, const std::string& name) {
  switch (kind) {
    case StallCause::kGreenThread:
      return Green(id, name);
    case StallCause::kCallbacks:
      return "timers' callbacks";
    case StallCause::kOwnCode:
      return Green(0, "");
    case StallCause::kHub:
    case StallCause::kQueue:
    case StallCause::kUnknown:
      break;
  }
  return "the loop itself";
}

std::string Waited(const GreenThreadView& green) {
  const auto object = [&](absl::string_view kind) {
    if (green.waits_on == 0) return absl::StrCat("a ", kind);
    return absl::StrCat(kind, " 0x", absl::Hex(green.waits_on));
  };
  switch (green.waiting_for) {
    case WaitReason::kTimer:
      return "its timer";
    case WaitReason::kFd:
      return green.fd ? absl::StrCat("fd ", *green.fd) : "an fd";
    case WaitReason::kJoin:
      return absl::StrCat("the end of ", Green(green.waits_on, ""));
    case WaitReason::kPool:
      return object("green pool");
    case WaitReason::kEvent:
      return object("event");
    case WaitReason::kSemaphore:
      return object("semaphore");
    case WaitReason::kMutex:
      return object("mutex");
    case WaitReason::kCondition:
      return object("condition variable");
    case WaitReason::kQueue:
      return object("queue");
    case WaitReason::kResource:
      return object("resource pool");
    case WaitReason::kOffload:
      return "a call on another OS thread";
    case WaitReason::kNone:
    case WaitReason::kOther:
      break;
  }
  return "something";
}

std::string State(const Profile::Sample& sample) {
  const auto with = [](absl::string_view state, absl::string_view what) {
    return absl::StrCat(state, what.empty() ? "" : ": ", what);
  };
  const std::optional<GreenActivity>& green = sample.green;
  if (green && green->state == GreenState::kWaiting) {
    return with(GreenStateName(green->state),
                WaitReasonName(green->waiting_for));
  }
  if (green && green->state != GreenState::kRunning) {
    return std::string(GreenStateName(green->state));
  }
  if (sample.state != ThreadState::kSleeping) {
    return std::string(ThreadStateName(sample.state));
  }
  return with(green ? "blocking" : ThreadStateName(sample.state),
              sample.system_call);
}

std::string Capitalized(std::string text) {
  if (!text.empty()) text[0] = absl::ascii_toupper(text[0]);
  return text;
}

std::string List(const std::vector<std::string>& items) {
  std::string text;
  for (size_t i = 0; i < items.size(); ++i) {
    absl::StrAppend(&text,
                    i == 0                  ? ""
                    : i + 1 == items.size() ? " and "
                                            : ", ",
                    items[i]);
  }
  return text;
}

std::string Count(uint64_t n, const std::string& noun) {
  return absl::StrCat(WithCommas(static_cast<int64_t>(n)), " ", noun,
                      n == 1 ? "" : "s");
}

}  // namespace hubspy::words

#include "green/green_thread.h"

#include <cstdint>

#include "green/hub.h"

namespace green {

void Sleep(absl::Duration duration) {
  const int64_t duration_ns = internal::DelayNanoseconds(duration);
  if (duration_ns == 0) {
    Yield();
  } else {
    Hub::Current().SleepFor(duration_ns);
  }
}

void Yield() { Hub::Current().YieldToOthers(); }

namespace internal {

int64_t DelayNanoseconds(absl::Duration duration) {
  if (duration <= absl::ZeroDuration()) return 0;
  // Saturates, infinity included.
  return absl::ToInt64Nanoseconds(absl::Ceil(duration, absl::Nanoseconds(1)));
}

}  // namespace internal
}  // namespace green

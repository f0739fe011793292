#include "target/now.h"

#include <time.h>

namespace hubspy {

int64_t NowNs() {
  return static_cast<int64_t>(clock_gettime_nsec_np(CLOCK_UPTIME_RAW));
}

}  // namespace hubspy

#include "diagnose/words.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace hubspy::words {

std::string Rate(double rate) {
  if (rate < 0) return "backwards";
  if (rate == 0) return "not at all";
  const double factor = rate < 1 ? 1 / rate : rate;
  return absl::StrFormat("%.*f times %s", factor < 10 ? 2 : 0, factor,
                         rate < 1 ? "slow" : "fast");
}

std::string Thread(const ThreadWait& thread) {
  if (thread.name.empty()) return absl::StrCat("thread ", thread.tid);
  return absl::StrCat("thread ", thread.tid, " (", thread.name, ")");
}

}  // namespace hubspy::words

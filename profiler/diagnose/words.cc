#include "diagnose/words.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

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

std::string Rate(double rate) {
  if (rate < 0) return "backwards";
  if (rate == 0) return "not at all";
  const double factor = rate < 1 ? 1 / rate : rate;
  return absl::StrFormat("%.*f times %s", factor < 10 ? 2 : 0, factor,
                         rate < 1 ? "slow" : "fast");
}

std::string Green(uint64_t id, const std::string& name) {
  if (name.empty()) return absl::StrCat("green thread ", id);
  return absl::StrCat("green thread ", id, " (", name, ")");
}

std::string Count(uint64_t n, const std::string& noun) {
  return absl::StrCat(n, " ", noun, n == 1 ? "" : "s");
}

}  // namespace hubspy::words

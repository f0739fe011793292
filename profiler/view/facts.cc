#include "view/facts.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "view/fold.h"
#include "view/text.h"

namespace hubspy {
namespace {

std::string Rates(const Profile& profile) {
  const double seconds = static_cast<double>(profile.duration_ns) / 1e9;
  std::string text =
      absl::StrFormat("%.10g Hz asked for", profile.made.asked_rate_hz);
  if (seconds > 0) {
    absl::StrAppendFormat(&text, ", %.4g Hz reached",
                          static_cast<double>(profile.quality.looks) / seconds);
  }
  return text;
}

std::string Bad(const Quality& quality) {
  return absl::StrFormat("%.2f%%", PercentBad(quality));
}

}  // namespace

std::string UtcTime(int64_t unix_ns) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::FromUnixNanos(unix_ns),
                          absl::UTCTimeZone());
}

double PercentBad(const Quality& quality) {
  const int64_t missing = quality.failed + quality.lost;
  const int64_t all = quality.samples + missing;
  const int64_t bad = quality.partial.Total() + missing;
  return all > 0 ? 100.0 * static_cast<double>(bad) / static_cast<double>(all)
                 : 0;
}

std::vector<std::pair<std::string, std::string>> Facts(const Profile& profile) {
  const Provenance& made = profile.made;
  std::vector<std::pair<std::string, std::string>> facts;
  const auto add = [&facts](std::string name, absl::string_view value) {
    if (!value.empty()) facts.emplace_back(std::move(name), CleanText(value));
  };
  if (!made.version.empty()) add("made by", "hubspy " + made.version);
  add("command", made.command_line);
  add("host", made.host);
  if (profile.pid != 0) {
    add("process", absl::StrCat(profile.pid, " ", profile.command));
  }
  if (made.begin_unix_ns != 0) {
    add("begun", UtcTime(made.begin_unix_ns));
  }
  if (made.asked_rate_hz > 0) add("rate", Rates(profile));
  add("part", profile.part);
  add("bad samples", Bad(profile.quality));
  add("samples", SamplesLine(profile));
  return facts;
}

std::string FactsAsJson(const Profile& profile, absl::string_view times) {
  auto facts = Facts(profile);
  if (!times.empty()) facts.emplace_back("times", times);
  return absl::StrCat("{",
                      absl::StrJoin(facts, ",\n",
                                    [](std::string* out, const auto& fact) {
                                      absl::StrAppend(out, JsonText(fact.first),
                                                      ":",
                                                      JsonText(fact.second));
                                    }),
                      "}");
}

std::string FactsInShort(const Profile& profile) {
  if (profile.made.version.empty()) return "";
  return absl::StrCat(
      "hubspy ", profile.made.version, "; ",
      profile.made.asked_rate_hz > 0 ? absl::StrCat(Rates(profile), "; ") : "",
      Bad(profile.quality), " bad samples",
      profile.part.empty() ? "" : absl::StrCat("; only ", profile.part));
}

}  // namespace hubspy

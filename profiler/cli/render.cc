#include "cli/render.h"

#include "absl/strings/str_cat.h"
#include "store/store.h"
#include "view/chrometrace.h"
#include "view/firefox.h"
#include "view/flamegraph.h"
#include "view/flat.h"
#include "view/html.h"
#include "view/pprof.h"
#include "view/raw.h"
#include "view/speedscope.h"

namespace hubspy {
namespace {

std::string TitleOf(const Profile& profile) {
  return absl::StrCat("hubspy: ", profile.command, " (", profile.pid, ")");
}

}  // namespace

bool ShowsTime(Format format) {
  return format == Format::kSpeedscope || format == Format::kChromeTrace ||
         format == Format::kFirefox || format == Format::kHtml;
}

bool KeepsTimes(Format format) {
  return ShowsTime(format) || format == Format::kHubspy;
}

RenderOptions RenderingOf(const RecordOptions& options) {
  return {.format = options.format,
          .include_idle = options.include_idle,
          .threads = options.threads,
          .by_state = options.by_state};
}

std::string Render(const Profile& profile, const RenderOptions& options) {
  switch (options.format) {
    case Format::kFlamegraph:
      return RenderFlamegraph(profile, {.include_idle = options.include_idle,
                                        .threads = options.threads,
                                        .by_state = options.by_state,
                                        .title = TitleOf(profile)});
    case Format::kHtml:
      return RenderHtml(profile, {.include_idle = options.include_idle,
                                  .threads = options.threads,
                                  .by_state = options.by_state,
                                  .title = TitleOf(profile)});
    case Format::kFlat:
      return RenderFlat(profile, profile,
                        {.include_idle = options.include_idle,
                         .threads = options.threads,
                         .by_state = options.by_state});
    case Format::kRaw:
      return RenderRaw(profile, {.include_idle = options.include_idle,
                                 .threads = options.threads,
                                 .by_state = options.by_state});
    case Format::kSpeedscope:
      return RenderSpeedscope(profile, {.include_idle = options.include_idle,
                                        .by_state = options.by_state});
    case Format::kChromeTrace:
      return RenderChromeTrace(profile, {.include_idle = options.include_idle,
                                         .by_state = options.by_state});
    case Format::kPprof:
      return RenderPprof(profile, {.include_idle = options.include_idle});
    case Format::kFirefox:
      return RenderFirefox(profile, {.include_idle = options.include_idle,
                                     .by_state = options.by_state});
    case Format::kHubspy:
      return StoreProfile(profile);
  }
  return "";
}

}  // namespace hubspy

// Any bytes as a .hubspy file: what can be read of them can be shown in every
// format, cut, written, and read again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "gzip/gzip.h"
#include "store/store.h"
#include "view/chrometrace.h"
#include "view/diff.h"
#include "view/firefox.h"
#include "view/flamegraph.h"
#include "view/flat.h"
#include "view/html.h"
#include "view/pprof.h"
#include "view/raw.h"
#include "view/select.h"
#include "view/speedscope.h"

namespace hubspy {
namespace {

constexpr size_t kMemory = 16 << 20;

void Show(const Profile& profile) {
  RenderFlat(profile, profile, {.include_idle = true});
  RenderRaw(profile, {.include_idle = true, .threads = true});
  RenderSpeedscope(profile, {.include_idle = true});
  RenderChromeTrace(profile, {.include_idle = true});
  RenderPprof(profile, {.include_idle = true});
  RenderFirefox(profile, {.include_idle = true});
  RenderHtml(profile, {.include_idle = true});
}

void Read(absl::string_view file) {
  const absl::StatusOr<Profile> profile = LoadProfile(file, kMemory);
  if (!profile.ok()) return;
  const absl::StatusOr<Profile> again = LoadProfile(StoreProfile(*profile));
  if (!again.ok() || *again != *profile) std::abort();
  Show(*profile);
  Selection selection;
  selection.since_ns = 100'000'000;
  selection.until_ns = 250'000'000;
  selection.hide = *Pattern::Parse("main");
  const Profile part = Select(*profile, selection).profile;
  Show(part);
  RenderDiff(*profile, part, {.include_idle = true});
  RenderFlamegraph(part, {.include_idle = true, .before = &*profile});
}

}  // namespace
}  // namespace hubspy

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  hubspy::Read(bytes);
  // Packed, so that its checksum keeps nothing out.
  hubspy::Read(hubspy::Gzip(bytes));
  return 0;
}

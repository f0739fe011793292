// A profile in the format that was asked for.
#ifndef HUBSPY_CLI_RENDER_H_
#define HUBSPY_CLI_RENDER_H_

#include <string>

#include "cli/options.h"
#include "model/profile.h"

namespace hubspy {

// Whether the format has a place for when a sample was taken.
bool ShowsTime(Format format);
// The same, or so that another may be made of it.
bool KeepsTimes(Format format);

std::string Render(const Profile& profile, const RenderOptions& options);
// What the recording is to be written as.
RenderOptions RenderingOf(const RecordOptions& options);

}  // namespace hubspy

#endif  // HUBSPY_CLI_RENDER_H_

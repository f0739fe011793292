// A profile in the format that was asked for.
#ifndef HUBSPY_CLI_RENDER_H_
#define HUBSPY_CLI_RENDER_H_

#include <string>

#include "cli/options.h"
#include "model/profile.h"

namespace hubspy {

// Whether the format has a place for when a sample was taken.
bool ShowsTime(Format format);

std::string Render(const Profile& profile, const RecordOptions& options);

}  // namespace hubspy

#endif  // HUBSPY_CLI_RENDER_H_

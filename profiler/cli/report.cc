// `hubspy report`: a recording from a file, as record would have written it.
#include <cstdlib>
#include <memory>

#include "cli/commands.h"
#include "cli/output_file.h"
#include "cli/render.h"
#include "cli/stall_limit.h"
#include "cli/stored_file.h"

namespace hubspy {

absl::StatusOr<int> RunReport(const ReportOptions& options) {
  const absl::StatusOr<Profile> profile =
      LoadPart(options.file, options.selection, options.naming);
  if (!profile.ok()) return profile.status();
  if (profile->stalls && ShowsTime(options.render.format)) {
    return WrongForStalls();
  }
  const absl::StatusOr<std::unique_ptr<OutputFile>> output =
      OutputFile::Create(options.output);
  if (!output.ok()) return output.status();
  if (absl::Status status = (*output)->Write(Render(*profile, options.render));
      !status.ok()) {
    return status;
  }
  return EXIT_SUCCESS;
}

}  // namespace hubspy

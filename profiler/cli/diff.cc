// `hubspy diff`: what two recordings differ in.
#include "view/diff.h"

#include <cstdlib>
#include <memory>

#include "absl/strings/str_cat.h"
#include "cli/commands.h"
#include "cli/naming.h"
#include "cli/output_file.h"
#include "cli/stored_file.h"
#include "view/flamegraph.h"

namespace hubspy {
namespace {

std::string Rendered(const Profile& before, const Profile& after,
                     const DiffCommandOptions& options) {
  if (options.format == Format::kFlamegraph) {
    return RenderFlamegraph(
        after, {.include_idle = options.include_idle,
                .threads = options.threads,
                .title = absl::StrCat("hubspy diff: ", options.before, ", ",
                                      options.after),
                .before = &before});
  }
  return RenderDiff(
      before, after,
      {.include_idle = options.include_idle, .threads = options.threads});
}

}  // namespace

absl::StatusOr<int> RunDiff(const DiffCommandOptions& options) {
  // Between two builds most lines have moved.
  const NamingOptions naming = {.lines = NamingOptions::Lines::kNoLine,
                                .short_names = options.short_names};
  const absl::StatusOr<Profile> before =
      LoadPart(options.before, options.selection, naming);
  if (!before.ok()) return before.status();
  const absl::StatusOr<Profile> after =
      LoadPart(options.after, options.selection, naming);
  if (!after.ok()) return after.status();
  if (before->stalls.has_value() != after->stalls.has_value()) {
    return absl::InvalidArgumentError(
        absl::StrCat("of ", options.before, " and ", options.after,
                     " one is of stalls, the other of all time: they cannot "
                     "be compared"));
  }
  const absl::StatusOr<std::unique_ptr<OutputFile>> output =
      OutputFile::Create(options.output);
  if (!output.ok()) return output.status();
  if (absl::Status status =
          (*output)->Write(Rendered(*before, *after, options));
      !status.ok()) {
    return status;
  }
  return EXIT_SUCCESS;
}

}  // namespace hubspy

// What the formats are called, on the command line and as files.
#ifndef HUBSPY_CLI_FORMAT_NAMES_H_
#define HUBSPY_CLI_FORMAT_NAMES_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cli/options.h"

namespace hubspy {

// "flamegraph (.svg), flat (.txt), ... or hubspy (.hubspy)".
std::string FormatList();
// InvalidArgument, with one line that lists them: there is none of that name.
absl::StatusOr<Format> FormatNamed(absl::string_view name);
// The one of that name, or, if that is empty, the one that the output's name
// tells; of standard output, "-", flat. InvalidArgument, with one line: none.
absl::StatusOr<Format> ChooseFormat(absl::string_view name,
                                    absl::string_view output);
// By the file's name, as `hubspy record --help` lists them; nullopt for
// anything else.
std::optional<Format> FormatOfFile(absl::string_view file);

// "hub.3.svg" of "hub.svg": the number stands before the ending that tells the
// format, else before the last one, if there is any.
std::string NumberedFile(absl::string_view file, int number);

}  // namespace hubspy

#endif  // HUBSPY_CLI_FORMAT_NAMES_H_

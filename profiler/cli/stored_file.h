// A recording from a file, for those who show it.
#ifndef HUBSPY_CLI_STORED_FILE_H_
#define HUBSPY_CLI_STORED_FILE_H_

#include <string>

#include "absl/status/statusor.h"
#include "model/profile.h"
#include "symbolize/renamed.h"
#include "view/select.h"

namespace hubspy {

// What is asked for of the recording in the file, with names as they are
// wanted; what is missing in it is said on standard error. Errors: a line each,
// with the file's name.
absl::StatusOr<Profile> LoadPart(const std::string& file,
                                 const Selection& selection,
                                 const NamingOptions& naming);

}  // namespace hubspy

#endif  // HUBSPY_CLI_STORED_FILE_H_

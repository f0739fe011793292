// Tells a person, on standard error, what no code is there to be told.
#ifndef GREEN_REPORT_H_
#define GREEN_REPORT_H_

#include <exception>

#include "absl/strings/string_view.h"

namespace green::internal {

// One line: "green: <what happened>: <type of the exception>: <its what()>".
void Report(absl::string_view what_happened, std::exception_ptr exception);

}  // namespace green::internal

#endif  // GREEN_REPORT_H_

// Tells a person what no code is there to be told.
//
// On standard error, or to the sink of debug::SetReportSink.
#ifndef GREEN_REPORT_H_
#define GREEN_REPORT_H_

#include <exception>
#include <functional>
#include <string>

#include "absl/strings/string_view.h"

namespace green::internal {

using ReportSink = std::function<void(absl::string_view text)>;

// `text` is whole lines, of which the first begins with "green: ".
void ReportText(absl::string_view text);

// One line: "green: <what happened>: <type of the exception>: <its what()>",
// and then `details`, which is empty or whole lines.
void Report(absl::string_view what_happened, std::exception_ptr exception,
            absl::string_view details = "");

// nullptr: standard error. Waits until nobody is being told any more.
void SetReportSink(ReportSink sink);

}  // namespace green::internal

#endif  // GREEN_REPORT_H_

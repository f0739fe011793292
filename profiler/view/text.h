// Text that came from the target, made safe to show.
//
// The surprising part: function, thread and file names are bytes that the
// profiled program chose. Printed as they are, they can drive the terminal they
// land in (ESC sequences) or break the document they are put into.
#ifndef HUBSPY_VIEW_TEXT_H_
#define HUBSPY_VIEW_TEXT_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace hubspy {

// Valid UTF-8 on one line: white space becomes a space; control characters
// (C1 ones too), ill-formed bytes and what XML 1.0 forbids become U+FFFD.
std::string CleanText(absl::string_view text);

// CleanText, with & < > " ' written as entities: fit for XML text and for
// attribute values in either kind of quotes.
std::string XmlText(absl::string_view text);

// CleanText as a JSON string, in its quotes (RFC 8259, section 7).
std::string JsonText(absl::string_view text);

// Columns that `text` takes in a fixed-width font: wide East Asian characters
// and emoji take two. For text that CleanText made.
size_t DisplayWidth(absl::string_view text);

// As much of `text` as fits `columns`, ending in ".." where something was cut.
std::string Truncate(absl::string_view text, size_t columns);

}  // namespace hubspy

#endif  // HUBSPY_VIEW_TEXT_H_

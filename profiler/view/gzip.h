// RFC 1952: what pprof's files are packed in.
#ifndef HUBSPY_VIEW_GZIP_H_
#define HUBSPY_VIEW_GZIP_H_

#include <string>

#include "absl/strings/string_view.h"

namespace hubspy {

// The same bytes give the same file: it holds no name and no time.
std::string Gzip(absl::string_view bytes);

}  // namespace hubspy

#endif  // HUBSPY_VIEW_GZIP_H_

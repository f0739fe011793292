// RFC 1952: what pprof's files, and hubspy's own, are packed in.
//
//   const std::string file = Gzip(bytes);
//   absl::StatusOr<std::string> same = Gunzip(file, 1 << 20);
#ifndef HUBSPY_GZIP_GZIP_H_
#define HUBSPY_GZIP_GZIP_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace hubspy {

// The same bytes give the same file: it holds no name and no time.
std::string Gzip(absl::string_view bytes);

// What `file` stands for. InvalidArgument: it is no such file. DataLoss: it is
// damaged, or not all there. ResourceExhausted: it stands for more than
// `max_size` bytes; no more than twice as many are ever allocated.
absl::StatusOr<std::string> Gunzip(absl::string_view file, size_t max_size);

}  // namespace hubspy

#endif  // HUBSPY_GZIP_GZIP_H_

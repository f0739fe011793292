// What compressed bytes stand for: xz, zlib and zstd, each within a bound.
//
//   absl::StatusOr<std::string> bytes = InflateZstd(section, size);
//
// The surprising part: a few hundred bytes can stand for gigabytes, and whoever
// wrote them also wrote how many they are. No more than was allowed is ever
// allocated.
#ifndef HUBSPY_SYMBOLIZE_INFLATE_H_
#define HUBSPY_SYMBOLIZE_INFLATE_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace hubspy {

// What the .xz file `compressed` holds. ResourceExhausted: more than `max_size`
// bytes, or more memory to inflate it than xz itself ever asks for. DataLoss:
// it is no such file, or not all of one.
absl::StatusOr<std::string> InflateXz(absl::string_view compressed,
                                      size_t max_size);

// Of an ELF section, whose header tells the size: exactly `size` bytes, all of
// which are allocated at once, so bound it first. DataLoss: `compressed` is no
// such data, or stands for less or more.
absl::StatusOr<std::string> InflateZlib(absl::string_view compressed,
                                        size_t size);
absl::StatusOr<std::string> InflateZstd(absl::string_view compressed,
                                        size_t size);

}  // namespace hubspy

#endif  // HUBSPY_SYMBOLIZE_INFLATE_H_

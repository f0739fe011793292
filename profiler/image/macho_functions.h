// Where the functions of a Mach-O image begin, as far as it says so itself.
//
//   std::vector<uint64_t> starts = FunctionStarts(contents, bytes);
//
// Most images list them all (LC_FUNCTION_STARTS), stripped ones, too. The
// unwind table (__unwind_info) names the first of each run of functions that
// are unwound alike: not all, but more than nothing.
#ifndef HUBSPY_IMAGE_MACHO_FUNCTIONS_H_
#define HUBSPY_IMAGE_MACHO_FUNCTIONS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "image/image.h"
#include "image/macho_parser.h"

namespace hubspy {

// From both, in the image's own numbering; sorted, each once, all inside
// `contents.code`. What is damaged ends the list that it is in. `bytes`: the
// file that `contents` were parsed from.
std::vector<uint64_t> FunctionStarts(const MachoContents& contents,
                                     absl::Span<const std::byte> bytes);

// The two sources. `origin` is what the first distance counts from: the
// image's header.
std::vector<uint64_t> ListedFunctionStarts(absl::Span<const std::byte> list,
                                           uint64_t origin, ImageRange code);
std::vector<uint64_t> UnwindFunctionStarts(absl::Span<const std::byte> table,
                                           uint64_t origin, ImageRange code);

}  // namespace hubspy

#endif  // HUBSPY_IMAGE_MACHO_FUNCTIONS_H_

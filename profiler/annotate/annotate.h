// A function's code and the samples in it -> what each instruction costs.
//
//   Annotation a = AnnotateCode({{.begin = Address(0x1190), .bytes = code}},
//                               {{.own = Address(0x1195), .count = 93}});
//   a.loops[0].own   // 93
//
// Bytes in, values out: any bytes. What is no instruction is listed as bytes.
// Names, of lines, callees and system calls, are left for the caller to fill
// in.
//
// The surprising part: an own address is that of the instruction that was to
// run next when the thread was interrupted; one that takes long is often caught
// as the one behind it. Only for system calls is that put right: a pc right
// behind one counts for the call, in which a thread spends the time.
#ifndef HUBSPY_ANNOTATE_ANNOTATE_H_
#define HUBSPY_ANNOTATE_ANNOTATE_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/types/span.h"
#include "model/address.h"
#include "model/annotation.h"

namespace hubspy {

// Code that lies together; a function may have several such pieces.
struct CodePiece {
  Address begin;
  std::vector<uint8_t> bytes;
};

// Samples that had the function in their stack, all at the same places of it.
struct FunctionSample {
  // The pc, where the function was the innermost one.
  std::optional<Address> own;
  // Where else it was in the stack: addresses inside of call instructions.
  std::vector<Address> callers;
  int64_t count = 0;
};

// `pieces` are sorted and do not overlap.
Annotation AnnotateCode(absl::Span<const CodePiece> pieces,
                        absl::Span<const FunctionSample> samples);

}  // namespace hubspy

#endif  // HUBSPY_ANNOTATE_ANNOTATE_H_

// Annotation -> a listing, as users of perf annotate know it.
//
//   BusyWait, in spin_wait at 0x1200..0x121b
//   1000 samples with it in their stack: 100 % its own, 0 % in what it called
//   98 % of the samples of BusyWait are in the loop 0x1210..0x1219, which spins
//   on lock cmpxchgl and pause, and makes no system call.
//
//     %Own   %Total  Address
//                              spin_wait.cc:17  while (!Take(lock)) Relax();
//   60.00%   60.00%     1210  ┌ pause  ; spin hint
//
// Both columns are shares of the samples that have the function in their stack:
// own with the thread at this instruction, total with this instruction, a call,
// anywhere below. Loops are drawn in a gutter, outer ones to the left.
//
// The surprising part: of a long function only what is hot is shown, and what
// is around it, unless `all` is set; lines between say what was left out.
#ifndef HUBSPY_VIEW_ANNOTATION_H_
#define HUBSPY_VIEW_ANNOTATION_H_

#include <string>

#include "model/annotation.h"

namespace hubspy {

struct AnnotationTextOptions {
  bool all = false;     // every instruction, however long the function
  bool colors = false;  // for a terminal
};

std::string RenderAnnotationText(const Annotation& annotation,
                                 const AnnotationTextOptions& options);

// "93 % of the samples of F are in the loop 0x1190..0x11a2, which spins on lock
// cmpxchgl and pause, and makes no system call.": the innermost loop that holds
// most of them. Empty when no loop holds a tenth. Not clean (view/text.h).
std::string LoopSentence(const Annotation& annotation);

}  // namespace hubspy

#endif  // HUBSPY_VIEW_ANNOTATION_H_

// How every view names a frame.
#ifndef HUBSPY_VIEW_FRAME_LABEL_H_
#define HUBSPY_VIEW_FRAME_LABEL_H_

#include <string>

#include "absl/strings/string_view.h"
#include "model/profile.h"

namespace hubspy {

// "function (file.cc:7)", "function (libc.so.6)" where no source file is known,
// or "libc.so.6+0x1234" where not even the function is. Clean (view/text.h).
std::string FrameLabel(const SymbolFrame& frame);

// What stands behind the label of an inlined frame: its code is a copy in the
// function below it, and so is its time.
inline constexpr absl::string_view kInlinedMark = " [inlined]";

// The label, and behind it the mark where it applies.
std::string MarkedFrameLabel(const SymbolFrame& frame);

// Whether the frame's function is known, rather than only where its code lies.
bool HasName(const SymbolFrame& frame);

}  // namespace hubspy

#endif  // HUBSPY_VIEW_FRAME_LABEL_H_

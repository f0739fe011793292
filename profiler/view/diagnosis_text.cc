#include "absl/strings/str_cat.h"
#include "view/diagnosis.h"
#include "view/frame_label.h"
#include "view/text.h"

namespace hubspy {

std::string RenderDiagnosisText(const Diagnosis& diagnosis) {
  if (diagnosis.hubs.empty()) {
    return absl::StrCat("Process ", diagnosis.pid,
                        " has no green hub; `hubspy dump -p ", diagnosis.pid,
                        "` shows what its threads do.\n");
  }
  std::string text;
  for (const Verdict& verdict : diagnosis.hubs) {
    absl::StrAppend(&text, "Hub of thread ", verdict.tid, ": ",
                    VerdictName(verdict.kind), "\n  ",
                    CleanText(verdict.summary), "\n");
    for (const SymbolFrame& frame : verdict.stack) {
      absl::StrAppend(&text, "      ", FrameLabel(frame), "\n");
    }
    if (!verdict.remedy.empty()) {
      absl::StrAppend(&text, "  What to do: ", CleanText(verdict.remedy), "\n");
    }
  }
  return text;
}

}  // namespace hubspy

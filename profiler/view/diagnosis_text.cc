#include "absl/strings/str_cat.h"
#include "view/diagnosis.h"
#include "view/frame_label.h"
#include "view/text.h"

namespace hubspy {

std::string RenderDiagnosisText(const Diagnosis& diagnosis) {
  std::string text;
  for (const std::string& gap : diagnosis.gaps) {
    absl::StrAppend(&text, "Note: ", CleanText(gap), "\n");
  }
  if (diagnosis.hubs.empty()) {
    const std::string which =
        diagnosis.core.empty()
            ? absl::StrCat("-p ", diagnosis.pid)
            : absl::StrCat("--core ", CleanText(diagnosis.core));
    absl::StrAppend(&text, "Process ", diagnosis.pid,
                    " has no green hub; `hubspy dump ", which,
                    "` shows what its threads do.\n");
  }
  for (const Verdict& verdict : diagnosis.hubs) {
    absl::StrAppend(&text, "Hub of thread ", verdict.tid, ": ",
                    VerdictName(verdict.kind), "\n  ",
                    CleanText(verdict.summary), "\n");
    for (const SymbolFrame& frame : verdict.stack) {
      absl::StrAppend(&text, "      ", MarkedFrameLabel(frame), "\n");
    }
    if (!verdict.remedy.empty()) {
      absl::StrAppend(&text, "  What to do: ", CleanText(verdict.remedy), "\n");
    }
  }
  return text;
}

}  // namespace hubspy

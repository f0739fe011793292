#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "view/annotation.h"
#include "view/text.h"

namespace hubspy {
namespace {

using Instruction = Annotation::Instruction;

// A function up to this long is shown whole.
constexpr size_t kShort = 60;
// perf annotate's limits: what it colours, and so calls warm, and hot.
constexpr double kWarmPercent = 0.5;
constexpr double kHotPercent = 5;
constexpr size_t kAlwaysShown = 10;  // the hottest, however cold they are
constexpr size_t kContext = 4;       // instructions around a hot one
constexpr double kLoopPercent = 10;  // whose ends are shown
constexpr int kMaxGutter = 8;        // loops drawn inside of each other
constexpr size_t kMaxSourceColumns = 120;

// SGR parameters of ECMA-48.
constexpr absl::string_view kRed = "31";
constexpr absl::string_view kGreen = "32";
constexpr absl::string_view kBlue = "34";
constexpr absl::string_view kBold = "1";

absl::string_view Basename(absl::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

std::string Plural(uint64_t n, absl::string_view what) {
  return absl::StrCat(n, " ", what, n == 1 ? "" : "s");
}

class Listing {
 public:
  Listing(const Annotation& annotation, const AnnotationTextOptions& options)
      : annotation_(annotation), options_(options) {
    for (const Annotation::Loop& loop : annotation.loops) {
      gutter_ = std::max(gutter_, std::min(loop.depth + 1, kMaxGutter));
    }
    if (!annotation.instructions.empty()) {
      const Address last = annotation.instructions.back().address;
      address_width_ =
          std::max(address_width_, absl::StrFormat("%x", last.value()).size());
    }
  }

  std::string Render() {
    AppendHead();
    if (!annotation_.instructions.empty()) AppendRows();
    if (annotation_.left_out > 0) {
      absl::StrAppend(&out_, Plural(annotation_.left_out, "sample"),
                      " at addresses that are not listed.\n");
    }
    if (annotation_.bytes_left_out > 0) {
      absl::StrAppend(
          &out_, Plural(annotation_.bytes_left_out, "byte"),
          " of its code are left out: too many, or not readable.\n");
    }
    return std::move(out_);
  }

 private:
  double Percent(int64_t count) const {
    return annotation_.total > 0 ? 100.0 * count / annotation_.total : 0;
  }

  std::string Colored(absl::string_view color, absl::string_view text) const {
    if (!options_.colors || color.empty()) return std::string(text);
    return absl::StrCat("\x1b[", color, "m", text, "\x1b[m");
  }

  void AppendHead() {
    std::string head = CleanText(annotation_.function);
    if (!annotation_.inlined_into.empty()) {
      absl::StrAppend(&head, ", where it is inlined into ",
                      CleanText(annotation_.inlined_into), " (marked *)");
    }
    if (!annotation_.module.empty()) {
      absl::StrAppend(&head, ", in ", CleanText(annotation_.module));
    }
    absl::StrAppend(&out_, Colored(kBold, head), "\n");
    absl::StrAppendFormat(
        &out_,
        "%s with it in their stack: %.0f %% its own, %.0f %% in what it "
        "called\n",
        Plural(annotation_.total, "sample"), Percent(annotation_.own),
        Percent(annotation_.total - annotation_.own));
    const std::string loop = LoopSentence(annotation_);
    if (!loop.empty()) absl::StrAppend(&out_, CleanText(loop), "\n");
  }

  // Which instructions to show.
  std::vector<bool> Shown() const {
    const std::vector<Instruction>& instructions = annotation_.instructions;
    const size_t size = instructions.size();
    if (options_.all || size <= kShort) return std::vector<bool>(size, true);
    std::vector<bool> shown(size, false);
    const auto show_around = [&](size_t i) {
      const size_t end = std::min(size, i + kContext + 1);
      for (size_t k = i - std::min(i, kContext); k < end; ++k) shown[k] = true;
    };
    std::vector<size_t> by_heat(size);
    std::iota(by_heat.begin(), by_heat.end(), size_t{0});
    std::stable_sort(by_heat.begin(), by_heat.end(), [&](size_t a, size_t b) {
      return instructions[a].total > instructions[b].total;
    });
    for (size_t rank = 0; rank < size; ++rank) {
      const int64_t total = instructions[by_heat[rank]].total;
      if (total == 0) break;
      if (rank >= kAlwaysShown && Percent(total) < kWarmPercent) break;
      show_around(by_heat[rank]);
    }
    for (const Annotation::Loop& loop : annotation_.loops) {
      if (Percent(loop.total) < kLoopPercent) continue;
      shown[loop.first] = shown[loop.last] = true;
    }
    return shown;
  }

  void AppendRows() {
    absl::StrAppendFormat(&out_, "\n    %%Own   %%Total  %*s\n", AddressWidth(),
                          "Address");
    const std::vector<bool> shown = Shown();
    size_t hidden = 0;
    int64_t hidden_own = 0;
    std::optional<size_t> source;
    for (size_t i = 0; i < shown.size(); ++i) {
      const Instruction& instruction = annotation_.instructions[i];
      if (!shown[i]) {
        ++hidden;
        hidden_own += instruction.own;
        continue;
      }
      AppendHidden(hidden, hidden_own);
      hidden = 0;
      hidden_own = 0;
      if (instruction.source && instruction.source != source) {
        AppendSource(annotation_.sources[*instruction.source]);
      }
      source = instruction.source;
      AppendInstruction(i);
    }
    AppendHidden(hidden, hidden_own);
  }

  void AppendHidden(size_t count, int64_t own) {
    if (count == 0) return;
    absl::StrAppend(&out_, Margin(), "... ", Plural(count, "instruction"));
    if (own > 0) {
      absl::StrAppendFormat(&out_, ", %.2f%% own together", Percent(own));
    }
    out_ += '\n';
  }

  void AppendSource(const Annotation::Source& source) {
    std::string text =
        absl::StrCat(CleanText(Basename(source.file)), ":", source.line);
    if (!source.text.empty()) {
      absl::StrAppend(&text, "  ",
                      Truncate(CleanText(source.text), kMaxSourceColumns));
    }
    absl::StrAppend(&out_, Margin(), Colored(kBlue, text), "\n");
  }

  void AppendInstruction(size_t i) {
    const Instruction& instruction = annotation_.instructions[i];
    absl::StrAppend(&out_, Share(instruction.own), " ",
                    Share(instruction.total), "  ");
    absl::StrAppendFormat(&out_, "%*x%s ", AddressWidth(),
                          instruction.address.value(),
                          instruction.is_inlined_part ? "*" : " ");
    absl::StrAppend(&out_, Gutter(i), instruction.text);
    if (!instruction.target_name.empty()) {
      absl::StrAppend(&out_, " <", CleanText(instruction.target_name), ">");
    }
    const std::string remark = Remark(instruction);
    if (!remark.empty()) {
      absl::StrAppend(&out_, "  ", Colored(kBold, "; " + remark));
    }
    out_ += '\n';
  }

  std::string Share(int64_t count) const {
    if (count == 0) return std::string(8, ' ');
    const double percent = Percent(count);
    return Colored(percent >= kHotPercent    ? kRed
                   : percent >= kWarmPercent ? kGreen
                                             : "",
                   absl::StrFormat("%7.2f%%", percent));
  }

  // Outer loops to the left; a loop of one instruction is a '['.
  std::string Gutter(size_t i) const {
    std::array<absl::string_view, kMaxGutter> columns;
    columns.fill(" ");
    for (const Annotation::Loop& loop : annotation_.loops) {
      if (loop.first > i) break;
      if (loop.last < i || loop.depth >= kMaxGutter) continue;
      columns[loop.depth] = loop.first == loop.last ? "["
                            : loop.first == i       ? "┌"
                            : loop.last == i        ? "└"
                                                    : "│";
    }
    std::string text;
    for (int c = 0; c < gutter_; ++c) absl::StrAppend(&text, columns[c]);
    return text + " ";
  }

  static std::string Remark(const Instruction& instruction) {
    switch (instruction.role) {
      case InstructionRole::kSystemCall:
        return instruction.system_call_name.empty()
                   ? "system call"
                   : absl::StrCat("system call ", instruction.system_call_name);
      case InstructionRole::kPause:
        return "spin hint";
      case InstructionRole::kAtomic:
        return "atomic";
      case InstructionRole::kOther:
        break;
    }
    return "";
  }

  int AddressWidth() const { return static_cast<int>(address_width_); }
  // Up to where instructions begin.
  std::string Margin() const {
    constexpr size_t kShares = 8 + 1 + 8 + 2;
    return std::string(kShares + address_width_ + 2 + gutter_ + 1, ' ');
  }

  const Annotation& annotation_;
  const AnnotationTextOptions& options_;
  int gutter_ = 0;  // columns
  size_t address_width_ = std::string("Address").size();
  std::string out_;
};

}  // namespace

std::string RenderAnnotationText(const Annotation& annotation,
                                 const AnnotationTextOptions& options) {
  return Listing(annotation, options).Render();
}

}  // namespace hubspy

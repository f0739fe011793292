// What all formats share: a profile's samples as stacks of labels.
//
//   const FoldedProfile folded = Fold(profile, {.include_idle = true});
//   for (const FoldedStack& s : folded.stacks)
//     for (uint32_t l : s.labels) use(folded.labels[l].text);  // outermost
//     first
//
// Frames with the same label are one label; a function that is called here and
// inlined there has two. A sample whose stack was cut short stands on a label
// that says so, "[cut: no unwind table]": what was known last is not mistaken
// for where its thread began. So does one whose stack could not be read at all:
// every sample counts somewhere, so that own times add up to the samples taken.
#ifndef HUBSPY_VIEW_FOLD_H_
#define HUBSPY_VIEW_FOLD_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/profile.h"

namespace hubspy {

// What a label stands for; flame graphs colour by it.
enum class LabelKind {
  kCode,
  kHub,      // green::Hub and what belongs to it
  kUnknown,  // an address without a name
  kMissing,  // in brackets: what a stack lacks here
  kThread,   // "thread (7): name", "green thread (7): name", or
             // "process (7): command"
  kState,    // "[waiting: timer]": what a thread, or green thread, was doing
};

struct Label {
  std::string text;  // clean (view/text.h)
  LabelKind kind = LabelKind::kCode;
  // Of a frame: index into Profile::frames, of the first that has this label.
  std::optional<uint32_t> frame = std::nullopt;
  bool has_line = false;
  bool inlined = false;
};

// "process (7): command", "thread (7): name", "green thread (7): name"; clean.
std::string ProcessName(const Profile::Process& process);
std::string ThreadName(const Profile& profile, ThreadId tid);
std::string GreenThreadName(const Profile& profile, ThreadId tid, uint64_t id);

// The text, and behind it kInlinedMark where it applies.
std::string MarkedText(const Label& label);

struct FoldedStack {
  std::vector<uint32_t> labels;  // into FoldedProfile::labels; never empty
  uint32_t sample = 0;           // index into Profile::samples
  bool waits = false;            // in the kernel, or in a hub
  int64_t count = 0;
};

struct FoldedProfile {
  std::vector<Label> labels;  // distinct
  std::vector<FoldedStack> stacks;
};

struct FoldOptions {
  bool include_idle = false;
  bool threads = false;  // a label per thread below all others
  // Whether those say the thread's id: without it, threads of one name are one,
  // in this recording and in another.
  bool thread_ids = true;
  bool by_state = false;  // and one of what the thread was doing
  // Whether what tells samples apart besides their frames, processes and what
  // green threads were doing, are labels, too.
  bool others = true;
};

// One stack for each sample that is included, in their order. Where there are
// several processes, each stack stands on its own's label;
// where green threads were sampled, theirs stand on what they were doing, also
// where that is not asked of threads.
FoldedProfile Fold(const Profile& profile, const FoldOptions& options);

// "300 samples of 1 thread in 300 looks (100 Hz, 3.00 s)", and behind it
// whatever impairs them, with its share: "; 3 late (1.0%), 12 partial (4.0%: 9
// no unwind table, 3 torn copy)". Of stalls, StallsLine (view/stalls.h).
std::string SamplesLine(const Profile& profile);

// "9 no unwind table, 3 torn copy": most frequent first; empty for none.
std::string PartialReasons(const PartialCounts& partial);

}  // namespace hubspy

#endif  // HUBSPY_VIEW_FOLD_H_

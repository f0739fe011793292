// A part of a profile, as a profile of its own: a span of time, some threads,
// green threads or states, the stacks with a certain function.
//
//   Selection selection;
//   selection.since_ns = 10'000'000'000;
//   selection.focus = *Pattern::Parse("Handle");
//   const Selected selected = Select(profile, selection);
//   if (!selected.note.empty()) std::cerr << selected.note << "\n";
//
// The looks of the span are what percentages are of, whatever else is chosen:
// a thread that ran half of the time has 50 %, in any part of the recording,
// and by itself. A span that is cut counts in proportion, to a sample, so that
// parts which follow each other add up to the whole. Of what is known of all
// samples together only (those that failed, stops), a part has its share.
//
// The surprising part: the part begins at 0, whatever `since_ns` was, and
// Provenance::begin_unix_ns says when that was.
#ifndef HUBSPY_VIEW_SELECT_H_
#define HUBSPY_VIEW_SELECT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "model/profile.h"
#include "view/pattern.h"

namespace hubspy {

// Samples have to be of all kinds that are set; of one of those listed.
struct Selection {
  int64_t since_ns = 0;  // since the recording began
  int64_t until_ns = INT64_MAX;
  std::vector<NamePattern> threads;  // with their green threads
  std::vector<NamePattern> greens;   // of those that are told apart
  std::vector<std::string> states;   // see StatesOf
  std::optional<Pattern> focus;      // a frame of theirs matches
  std::optional<Pattern> hide;       // frames to take out of their stacks

  bool by_time() const { return since_ns > 0 || until_ns < INT64_MAX; }
  // Nothing is asked for.
  bool all() const {
    return !by_time() && threads.empty() && greens.empty() && states.empty() &&
           !focus && !hide;
  }
};

struct Selected {
  Profile profile;
  std::string note;  // "37 samples without a time are left out"; else empty
};

Selected Select(const Profile& profile, const Selection& selection);

// OK, or InvalidArgument with one line: that there is no thread, green thread
// or state as asked for, and which there are; or that there are no times.
absl::Status CheckSelection(const Profile& profile, const Selection& selection);

// What a sample's state may be called: as words::State does, "sleeping:
// epoll_wait", and by each half of that.
std::vector<std::string> StatesOf(const Profile::Sample& sample);

}  // namespace hubspy

#endif  // HUBSPY_VIEW_SELECT_H_

// Names and counts: what every view renders.
//
//   for (const Profile::Sample& s : profile.samples)
//     for (uint32_t f : s.frames) use(profile.frames[f]);   // innermost first
//
// A sample is 1/rate_hz seconds of one thread's wall time. Own time belongs to
// frames[0] of a sample; total time to each distinct function in it.
#ifndef HUBSPY_MODEL_PROFILE_H_
#define HUBSPY_MODEL_PROFILE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/address.h"
#include "model/recording.h"
#include "model/snapshot.h"
#include "model/stall_totals.h"

namespace hubspy {

// One function in one place, inlined ones too. Unknown fields are empty or 0.
struct SymbolFrame {
  std::string function;   // demangled; "module+0x1234" when nothing is known
  std::string file;       // source file; absolute where that is known
  int line = 0;           // 1-based line; 0: not known or not wanted
  int function_line = 0;  // where the function is declared
  std::string module;     // path of the image
  Address address;        // of the frame; for inlined frames, of their caller's
  bool inlined = false;
  // No code: stands for frames of a very deep stack that were left out here.
  bool marker = false;
  int64_t left_out = 0;  // of a marker: how many; 0: it varies
  friend bool operator==(const SymbolFrame&, const SymbolFrame&) = default;
};

// Innermost frame first, a marker where some were left out; what is behind
// `end` could not be walked.
struct NamedStack {
  std::vector<SymbolFrame> frames;
  StackEnd end = StackEnd::kComplete;
  friend bool operator==(const NamedStack&, const NamedStack&) = default;
};

// How a recording came to be. Empty, or 0, where it is not known.
struct Provenance {
  std::string version;       // of hubspy
  std::string command_line;  // hubspy's, as a shell reads it
  std::string host;          // its name, its system
  double asked_rate_hz = 0;
  int64_t begin_unix_ns = 0;  // since 1970, UTC
  friend bool operator==(const Provenance&, const Provenance&) = default;
};

// What stands for frames that were left out: "[99,300 frames left out]" in one
// stack.
SymbolFrame LeftOutMarker(int64_t count);
// "[frames left out]" in a profile: the same for any number, so that a graph of
// many stacks does not fall apart by it.
SymbolFrame LeftOutMarker();

struct Profile {
  struct Process {
    int32_t pid = 0;
    std::string command;  // its command line
    friend bool operator==(const Process&, const Process&) = default;
  };
  struct Sample {
    uint32_t process = 0;  // index into Profile::processes
    ThreadId tid = 0;
    bool idle = false;  // the thread slept in a system call; of a green one, it
                        // has waited all the while
    // What the thread was doing, in its own sample and in that of a green
    // thread that it ran; of other green threads `green` tells (words::State).
    ThreadState state = ThreadState::kRunning;
    std::string system_call;  // that it was in: "epoll_wait"; empty: none, or
                              // not known
    std::optional<GreenActivity> green;  // see Recording::Key
    StackEnd end = StackEnd::kComplete;
    std::vector<uint32_t> frames;  // indices into Profile::frames, innermost
                                   // first, markers among them
    int64_t count = 0;
    friend bool operator==(const Sample&, const Sample&) = default;
  };
  struct Thread {
    ThreadId tid = 0;
    std::string name;
    friend bool operator==(const Thread&, const Thread&) = default;
  };
  struct GreenThread {
    ThreadId tid = 0;  // its hub's
    uint64_t id = 0;
    std::string name;
    friend bool operator==(const GreenThread&, const GreenThread&) = default;
  };
  // A module that a frame is of.
  struct Image {
    std::string path;
    std::string build_id;
    AddressRange range;  // in the first process that had it
    friend bool operator==(const Image&, const Image&) = default;
  };
  // What was seen of a thread, or of a green thread that is told apart, and
  // when. Empty where no times were kept.
  struct Lane {
    struct Span {
      uint32_t sample = 0;   // index into Profile::samples
      int64_t begin_ns = 0;  // since the recording began
      int64_t end_ns = 0;
      int64_t count = 0;  // of the sample's
      friend bool operator==(const Span&, const Span&) = default;
    };
    ThreadId tid = 0;
    uint64_t green = 0;       // 0: the thread's own
    std::vector<Span> spans;  // in order, disjoint
    friend bool operator==(const Lane&, const Lane&) = default;
  };
  // What a hub did, look after look.
  struct HubSeries {
    // Counts are since the hub was made.
    struct Point {
      int64_t at_ns = 0;  // since the recording began
      uint64_t iterations = 0;
      uint64_t timers_fired = 0;
      uint64_t switches = 0;  // to green threads
      uint64_t ready = 0;     // green threads, then
      uint64_t timers = 0;    // pending, then
      friend bool operator==(const Point&, const Point&) = default;
    };
    uint32_t process = 0;       // index into Profile::processes
    ThreadId tid = 0;           // its thread
    std::vector<Point> points;  // in order
    friend bool operator==(const HubSeries&, const HubSeries&) = default;
  };
  // A turn of a hub's loop that lasted for long (model/stall.h).
  struct LongTurn {
    uint32_t process = 0;
    ThreadId tid = 0;
    int64_t begin_ns = 0;  // since the recording began; below 0: before it
    int64_t end_ns = 0;
    std::string who;  // "green thread 3 (foo)"; empty: not known
    friend bool operator==(const LongTurn&, const LongTurn&) = default;
  };

  Provenance made;
  int32_t pid = 0;
  std::string command;             // the target's command line
  std::vector<Process> processes;  // it, and those that it became or started
  double rate_hz = 100;
  int64_t duration_ns = 0;
  Quality quality;
  // Of a profile of stalls: it has a sample for each microsecond of them.
  std::optional<StallTotals> stalls;
  std::vector<SymbolFrame> frames;         // distinct
  std::vector<Sample> samples;             // distinct in all but count
  std::vector<Thread> threads;             // sorted by tid
  std::vector<GreenThread> green_threads;  // those that samples tell apart, by
                                           // tid and id
  std::vector<Image> images;               // distinct paths
  std::vector<Lane> lanes;                 // by tid and green id
  std::vector<HubSeries> hubs;             // where times were kept
  int64_t long_turn_limit_ns = 0;    // who lasted as long is in long_turns; 0:
                                     // they were not looked for
  std::vector<LongTurn> long_turns;  // by when they began
  // From when on there are no times: their room was used up.
  std::optional<int64_t> times_end_ns;
  // Which part of the recording it is (view/select.h); empty: all of it.
  std::string part;
  friend bool operator==(const Profile&, const Profile&) = default;
};

}  // namespace hubspy

#endif  // HUBSPY_MODEL_PROFILE_H_

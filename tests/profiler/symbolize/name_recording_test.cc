#include "symbolize/name_recording.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "profiler/symbolize/addr2line.h"
#include "profiler/symbolize/file_image.h"
#include "symbolize/renamed.h"

namespace hubspy {
namespace {

using ::testing::ElementsAre;

constexpr uint64_t kBase = 0x7f0000000000;

// The fixture as if its file were mapped, whole and executable, at kBase.
class NameRecordingTest : public testing::Test {
 protected:
  NameRecordingTest() {
    const std::string file =
        absl::StrCat(HUBSPY_SYMBOL_FIXTURES, "/libdwarf5.so");
    const auto functions = AddressesOfFunctions(file);
    Mapping mapping;
    // The segment that holds code begins on the page of its first function, at
    // the same offset in the file: the fixture is small.
    const uint64_t page = functions.front() & ~uint64_t{0xfff};
    mapping.range = {Address(kBase + page), Address(kBase + page + 0x1000)};
    mapping.file_offset = page;
    mapping.executable = true;
    mapping.inode = 1;
    mapping.path = mapping.open_path = file;
    programs_[0].modules->Update({mapping}, {});
  }

  void SetUp() override {
    ASSERT_EQ(programs_[0].modules->modules().size(), 1u);
  }

  // An address of the function, `offset` bytes into it.
  static CodeAddress In(const std::string& symbol, uint64_t offset) {
    static const auto* addresses = new auto(
        SymbolAddresses(absl::StrCat(HUBSPY_SYMBOL_FIXTURES, "/libdwarf5.so")));
    return CodeAddress::Exact(Address(kBase + addresses->at(symbol) + offset));
  }

  Profile Name(NamingOptions::Lines lines = NamingOptions::Lines::kLine) {
    return Renamed(NameRecording(recording_, programs_, symbolizer_),
                   {.lines = lines});
  }

  std::vector<std::string> Functions(const Profile& profile,
                                     const Profile::Sample& sample) {
    std::vector<std::string> functions;
    for (const uint32_t f : sample.frames) {
      functions.push_back(profile.frames[f].function);
    }
    return functions;
  }

  std::vector<Program> programs_{
      {.pid = 7, .command = "hub", .modules = std::make_shared<ModuleMap>()}};
  Symbolizer symbolizer_;
  Recording recording_;
};

constexpr char kHidden[] = "_ZN12_GLOBAL__N_16HiddenEi";
constexpr char kRun[] = "_ZN3hub4Loop3RunEPFiiE";

// Two addresses of one line are one sample, and one span. A green thread that
// was idle when it was seen may have turned out not to be.
TEST_F(NameRecordingTest, KeepsTimes) {
  recording_.KeepTimes();
  const CodeAddress exact = In(kHidden, 0);
  const StackId first = recording_.Intern({.frames = {exact}});
  const StackId second =
      recording_.Intern({.frames = {CodeAddress::Return(exact.address() + 1)}});
  const Recording::Key waits = {
      .tid = 7,
      .stack = first,
      .idle = true,
      .green = GreenActivity{.id = 3, .state = GreenState::kWaiting}};
  for (const StackId stack : {first, second}) {
    const int64_t look = stack == first ? 1 : 2;
    const Timeline::Look when = {
        .number = look, .at_ns = look * 1'000'000, .period_ns = 1'000'000};
    recording_.AddAt(when, {.tid = 7, .stack = stack}, 1);
    recording_.AddAt(when, waits, 1);
  }
  recording_.Unidle(waits, 2);
  const Profile profile = Name();
  ASSERT_EQ(profile.samples.size(), 2u);
  ASSERT_EQ(profile.lanes.size(), 2u);
  using Span = Profile::Lane::Span;
  EXPECT_THAT(profile.lanes[0].spans,
              ElementsAre(Span{0, 1'000'000, 3'000'000, 2}));
  EXPECT_EQ(profile.lanes[1].green, 3u);
  EXPECT_THAT(profile.lanes[1].spans,
              ElementsAre(Span{1, 1'000'000, 3'000'000, 2}));
  ASSERT_EQ(profile.images.size(), 1u);
  EXPECT_EQ(profile.images[0].path, profile.frames[0].module);
}

TEST_F(NameRecordingTest, KeepsCountsThreadsAndQuality) {
  const StackId stack = recording_.Intern({.frames = {In(kHidden, 0)}});
  recording_.Add({.tid = 8, .stack = stack, .idle = true}, 3);
  recording_.Add({.tid = 7, .stack = stack}, 4);
  recording_.NameThread(9, "quiet");
  recording_.NameThread(8, "busy");
  recording_.rate_hz = 250;
  recording_.duration_ns = 5;
  recording_.quality.late = 6;
  const Profile profile = Name();
  ASSERT_EQ(profile.samples.size(), 2u);
  EXPECT_EQ(profile.samples[0].tid, 7);
  EXPECT_EQ(profile.samples[0].count, 4);
  EXPECT_FALSE(profile.samples[0].idle);
  EXPECT_EQ(profile.samples[1].tid, 8);
  EXPECT_EQ(profile.samples[1].count, 3);
  EXPECT_TRUE(profile.samples[1].idle);
  ASSERT_EQ(profile.threads.size(), 3u);
  EXPECT_EQ(profile.threads[0].name, "");
  EXPECT_EQ(profile.threads[1].name, "busy");
  EXPECT_EQ(profile.threads[2].name, "quiet");
  EXPECT_EQ(profile.rate_hz, 250);
  EXPECT_EQ(profile.duration_ns, 5);
  EXPECT_EQ(profile.quality.late, 6);
}

TEST_F(NameRecordingTest, KeepsWhatAThreadWasDoing) {
  const StackId stack = recording_.Intern({.frames = {In(kHidden, 0)}});
  const auto doing = [&](ThreadActivity activity) -> Recording::Key {
    return {.tid = 7, .stack = stack, .activity = activity};
  };
  recording_.Add(doing({.state = ThreadState::kRunning}), 3);
  recording_.Add(doing({.state = ThreadState::kSleeping, .system_call = 35}),
                 4);
  recording_.Add(doing({.state = ThreadState::kSleeping, .system_call = 999}),
                 5);
  recording_.NameSystemCall(35, "nanosleep");
  const Profile profile = Name();
  ASSERT_EQ(profile.samples.size(), 3u);
  EXPECT_EQ(profile.samples[0].state, ThreadState::kRunning);
  EXPECT_EQ(profile.samples[0].system_call, "");
  EXPECT_EQ(profile.samples[1].state, ThreadState::kSleeping);
  EXPECT_EQ(profile.samples[1].system_call, "nanosleep");
  EXPECT_EQ(profile.samples[1].count, 4);
  EXPECT_EQ(profile.samples[2].system_call, "");
}

TEST_F(NameRecordingTest, MakesAddressesOfOneLineOneFrame) {
  // A call that ends behind the function's first byte lies in that byte.
  const CodeAddress exact = In(kHidden, 0);
  for (const CodeAddress address :
       {exact, CodeAddress::Return(exact.address() + 1)}) {
    recording_.Add(
        {.tid = 7, .stack = recording_.Intern({.frames = {address}})}, 1);
  }
  const Profile profile = Name();
  ASSERT_EQ(profile.samples.size(), 1u);
  EXPECT_EQ(profile.samples[0].count, 2);
  EXPECT_THAT(Functions(profile, profile.samples[0]),
              ElementsAre("(anonymous namespace)::Hidden"));
}

TEST_F(NameRecordingTest, KeepsSamplesApartThatEndDifferently) {
  for (const StackEnd end : {StackEnd::kComplete, StackEnd::kFault}) {
    recording_.Add(
        {.tid = 7,
         .stack = recording_.Intern({.frames = {In(kHidden, 0)}, .end = end})},
        1);
  }
  const Profile profile = Name();
  ASSERT_EQ(profile.samples.size(), 2u);
  EXPECT_EQ(profile.samples[0].end, StackEnd::kComplete);
  EXPECT_EQ(profile.samples[1].end, StackEnd::kFault);
  EXPECT_EQ(profile.samples[1].frames, profile.samples[0].frames);
}

TEST_F(NameRecordingTest, PutsInlinedFramesInFrontOfTheirCaller) {
  // Somewhere in Run, Twice is inlined into FourTimes into Run.
  for (uint64_t offset = 0; offset < 120; ++offset) {
    recording_.Add({.tid = 7,
                    .stack = recording_.Intern(
                        {.frames = {In(kRun, offset), In(kHidden, 0)}})},
                   1);
  }
  const Profile profile = Name();
  std::set<std::vector<std::string>> stacks;
  for (const auto& sample : profile.samples) {
    stacks.insert(Functions(profile, sample));
  }
  EXPECT_EQ(stacks.count({"shapes::Twice", "shapes::FourTimes",
                          "hub::Loop::Run", "(anonymous namespace)::Hidden"}),
            1u);
}

TEST_F(NameRecordingTest, SumsTheLinesOfAFunctionUp) {
  int64_t total = 0;
  for (uint64_t offset = 0; offset < 120; ++offset) {
    recording_.Add(
        {.tid = 7, .stack = recording_.Intern({.frames = {In(kRun, offset)}})},
        1);
    ++total;
  }
  const auto frames_of_run = [&](const Profile& profile) {
    std::set<int> lines;
    int64_t samples = 0;
    for (const Profile::Sample& s : profile.samples) samples += s.count;
    EXPECT_EQ(samples, total);
    for (const SymbolFrame& f : profile.frames) {
      if (f.function == "hub::Loop::Run") lines.insert(f.line);
    }
    return lines;
  };
  EXPECT_GT(frames_of_run(Name()).size(), 2u);
  const auto by_function = frames_of_run(Name(NamingOptions::Lines::kFunction));
  ASSERT_EQ(by_function.size(), 1u);
  EXPECT_GT(*by_function.begin(), 0);
  EXPECT_THAT(frames_of_run(Name(NamingOptions::Lines::kNoLine)),
              ElementsAre(0));
}

TEST_F(NameRecordingTest, GivesTheSameProfileEveryTime) {
  for (uint64_t offset = 0; offset < 100; ++offset) {
    recording_.Add({.tid = static_cast<ThreadId>(offset % 3),
                    .stack = recording_.Intern({.frames = {In(kRun, offset)}})},
                   1);
  }
  const Profile first = Name();
  const Profile again = Name();
  EXPECT_EQ(first.frames, again.frames);
  ASSERT_EQ(first.samples.size(), again.samples.size());
  for (size_t i = 0; i < first.samples.size(); ++i) {
    EXPECT_EQ(first.samples[i].frames, again.samples[i].frames);
    EXPECT_EQ(first.samples[i].tid, again.samples[i].tid);
  }
}

// The same address is something else in another program, and the same process
// may have been several.
TEST_F(NameRecordingTest, NamesEachProgramsCodeByItsOwnModules) {
  programs_.push_back(programs_[0]);
  programs_[1].modules = std::make_shared<ModuleMap>();
  programs_.push_back(programs_[0]);
  programs_[2].pid = 8;
  const CodeAddress code = In(kHidden, 0);
  for (ProgramId id = 0; id < 3; ++id) {
    Stack stack;
    stack.program = id;
    stack.frames = {code};
    recording_.Add({.tid = 7, .stack = recording_.Intern(stack)}, 1 + id);
  }
  const Profile profile = Name();
  EXPECT_THAT(profile.processes, ElementsAre(Profile::Process{7, "hub"},
                                             Profile::Process{8, "hub"}));
  EXPECT_EQ(profile.pid, 7);
  ASSERT_EQ(profile.samples.size(), 3u);
  std::map<std::pair<uint32_t, std::string>, int64_t> counts;
  for (const Profile::Sample& sample : profile.samples) {
    counts[{sample.process, Functions(profile, sample)[0]}] += sample.count;
  }
  const std::string name = Functions(profile, profile.samples[0])[0];
  EXPECT_EQ((counts[{0, name}]), 1);
  EXPECT_EQ((counts[{1, name}]), 3);
  EXPECT_EQ(counts.size(), 3u) << "the second program has no such code";
}

TEST_F(NameRecordingTest, NamesCodeOutsideOfEveryModule) {
  recording_.Add({.tid = 7,
                  .stack = recording_.Intern(
                      {.frames = {CodeAddress::Exact(Address(0x1234))}})},
                 1);
  recording_.Add(
      {.tid = 7,
       .stack = recording_.Intern({.end = StackEnd::kUnreadableMemory})},
      1);
  const Profile profile = Name();
  ASSERT_EQ(profile.samples.size(), 2u);
  EXPECT_THAT(Functions(profile, profile.samples[0]), ElementsAre("[0x1234]"));
  EXPECT_TRUE(profile.samples[1].frames.empty());
}

}  // namespace
}  // namespace hubspy

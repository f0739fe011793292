#include "view/raw.h"

#include <gtest/gtest.h>

#include "profiler/view/profiles.h"

namespace hubspy {
namespace {

TEST(Raw, WritesSortedStacksOutermostFirst) {
  EXPECT_EQ(RenderRaw(HubProfile(), {.include_idle = true}),
            "main (seed.cc:9);green::Hub::Run (hub.cc:80);"
            "epoll_wait (libc.so.6) 90\n"
            "main (seed.cc:9);green::Hub::Run (hub.cc:80);"
            "green::Hub::Fire (hub.cc:120) 1\n"
            "main (seed.cc:9);green::Hub::Run (hub.cc:80);"
            "green::Hub::Fire (hub.cc:120);Callback<int> (seed.cc:4) 9\n");
}

TEST(Raw, LeavesIdleSamplesOutUnlessAsked) {
  EXPECT_EQ(RenderRaw(HubProfile(), {}),
            "main (seed.cc:9);green::Hub::Run (hub.cc:80);"
            "green::Hub::Fire (hub.cc:120) 1\n"
            "main (seed.cc:9);green::Hub::Run (hub.cc:80);"
            "green::Hub::Fire (hub.cc:120);Callback<int> (seed.cc:4) 9\n");
}

TEST(Raw, MakesEqualStacksOneUnlessThreadsAreWanted) {
  const SymbolFrame f{.function = "f"};
  ProfileBuilder builder;
  builder.Add({f}, {.tid = 7, .count = 2}).Add({f}, {.tid = 8, .count = 3});
  const Profile profile = builder.Build();
  EXPECT_EQ(RenderRaw(profile, {}), "f 5\n");
  EXPECT_EQ(RenderRaw(profile, {.threads = true}),
            "thread (7): hub;f 2\n"
            "thread (8);f 3\n");
}

TEST(Raw, KeepsOneLinePerStackWhateverTheNames) {
  const Profile profile =
      ProfileBuilder()
          .Add({{.function = "a;b\nc"}, {.function = "d"}}, {.count = 2})
          .Build();
  EXPECT_EQ(RenderRaw(profile, {}), "a:b c;d 2\n");
}

TEST(Raw, MarksInlinedFramesAsFlamegraphPlDoes) {
  EXPECT_EQ(RenderRaw(InlinedProfile(), {}),
            "main (seed.cc:9);Half (seed.cc:3) 1\n"
            "main (seed.cc:9);Half (seed.cc:3)_[i] 3\n");
}

TEST(Raw, CountsStacksThatCouldNotBeRead) {
  Profile profile;
  profile.samples = {{.end = StackEnd::kUnreadableMemory, .count = 2}};
  EXPECT_EQ(RenderRaw(profile, {}), "[no stack: code not mapped] 2\n");
}

// What was known last is not where the thread began.
TEST(Raw, StandsACutStackOnTheReason) {
  Profile profile =
      ProfileBuilder()
          .Add({{.function = "f"}, {.function = "g"}}, {.count = 2})
          .Build();
  profile.samples[0].end = StackEnd::kNoUnwindTable;
  EXPECT_EQ(RenderRaw(profile, {}), "[cut: no unwind table];f;g 2\n");
  EXPECT_EQ(RenderRaw(profile, {.threads = true}),
            "thread (7): hub;[cut: no unwind table];f;g 2\n");
}

TEST(Raw, ShowsWhereFramesWereLeftOut) {
  const Profile profile =
      ProfileBuilder()
          .Add({{.function = "main"}, LeftOutMarker(), {.function = "f"}}, {})
          .Build();
  EXPECT_EQ(RenderRaw(profile, {}), "main;[frames left out];f 1\n");
}

TEST(Raw, StandsGreenThreadsOnWhatTheyDo) {
  ProfileBuilder builder;
  builder.Add({{.function = "f"}},
              {.green = GreenActivity{.id = 3, .state = GreenState::kReady}});
  builder.Add({{.function = "f"}},
              {.count = 2,
               .green = GreenActivity{.id = 4,
                                      .state = GreenState::kWaiting,
                                      .waiting_for = WaitReason::kFd}});
  builder.Add(
      {{.function = "f"}},
      {.count = 3, .green = GreenActivity{.state = GreenState::kRunning}});
  builder.Add({{.function = "main"}}, {.count = 4});
  builder.profile().green_threads = {{7, 4, "client"}};
  EXPECT_EQ(RenderRaw(builder.Build(), {}),
            "[ready];f 1\n[running];f 3\n[waiting: fd];f 2\nmain 4\n");
  EXPECT_EQ(RenderRaw(builder.Build(), {.threads = true}),
            "green thread (3);[ready];f 1\n"
            "green thread (4): client;[waiting: fd];f 2\n"
            "thread (7): hub;[running];f 3\n"
            "thread (7): hub;main 4\n");
}

TEST(Raw, StandsEachStackOnWhatItsThreadDidIfAsked) {
  ProfileBuilder builder;
  builder.Add({{.function = "f"}}, {.count = 2});
  builder.Add({{.function = "f"}},
              {.count = 3, .state = ThreadState::kRunnable});
  builder.Add({{.function = "f"}}, {.idle = true,
                                    .count = 4,
                                    .state = ThreadState::kSleeping,
                                    .system_call = "read"});
  const Profile profile = builder.Build();
  EXPECT_EQ(RenderRaw(profile, {.include_idle = true, .by_state = true}),
            "[runnable];f 3\n[running];f 2\n[sleeping: read];f 4\n");
  EXPECT_EQ(RenderRaw(profile, {.threads = true, .by_state = true}),
            "thread (7): hub;[runnable];f 3\nthread (7): hub;[running];f 2\n");
  EXPECT_EQ(RenderRaw(profile, {.include_idle = true}), "f 9\n");
}

TEST(Raw, OfSeveralProcessesStacksStandOnTheirProcess) {
  Profile profile = HubProfile();
  profile.processes = {{7, "hub"}, {8, "hub --worker"}};
  profile.samples[1].process = 1;
  EXPECT_EQ(RenderRaw(profile, {}),
            "process (7): hub;main (seed.cc:9);green::Hub::Run (hub.cc:80);"
            "green::Hub::Fire (hub.cc:120) 1\n"
            "process (8): hub --worker;main (seed.cc:9);green::Hub::Run "
            "(hub.cc:80);green::Hub::Fire (hub.cc:120);Callback<int> "
            "(seed.cc:4) 9\n");
}

}  // namespace
}  // namespace hubspy

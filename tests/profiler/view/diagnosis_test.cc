#include "view/diagnosis.h"

#include <sstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace hubspy {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

Diagnosis Stalled() {
  return {.pid = 7,
          .hubs = {{.tid = 8,
                    .kind = VerdictKind::kClockRate,
                    .summary = "The clock is slow.",
                    .remedy = "Mend it.",
                    .watched_ns = 500'000'000,
                    .iterations = 2,
                    .timers = 1,
                    .green_threads = 1,
                    .clock = ClockEvidence{
                        .rate = 0.5,
                        .timebase_numer = 125,
                        .timebase_denom = 3,
                        .cause = ClockCause::kInverted,
                        .measured_over_ns = 3'000'000'000,
                        .timers = {{.green_thread = 4,
                                    .name = "foo",
                                    .remaining_hub_ns = 1'000'000'000,
                                    .due_in_real_ns = 2'000'000'000}}}}}};
}

TEST(DiagnosisText, SaysVerdictReasonAndRemedy) {
  EXPECT_EQ(RenderDiagnosisText(Stalled()),
            "Hub of thread 8: clock_rate\n"
            "  The clock is slow.\n"
            "  What to do: Mend it.\n");
}

TEST(DiagnosisText, ShowsTheStackOfWhatHoldsTheLoop) {
  Diagnosis diagnosis{.pid = 7};
  diagnosis.hubs.push_back(
      {.kind = VerdictKind::kNotYielding, .stack = {{.function = "Crunch"}}});
  EXPECT_THAT(RenderDiagnosisText(diagnosis), HasSubstr("\n      Crunch\n"));
}

TEST(DiagnosisText, LeavesOutHowTheRuntimeSwitchesAndBegins) {
  Diagnosis diagnosis{.pid = 7};
  diagnosis.hubs.push_back(
      {.kind = VerdictKind::kDeadlock,
       .deadlock = DeadlockEvidence{
           .cycle = {{.waiter = {.id = 3, .name = "left"},
                      .needs = 4,
                      .stack = {{.function = "green::Hub::WaitIn"},
                                {.function = "green::Mutex::Lock"},
                                {.function = "Transfer"},
                                {.function = "green::internal::Task::Run"}}},
                     {.waiter = {.id = 4},
                      .stack = {{.function = "green::Hub::WaitIn"}}}}}});
  EXPECT_THAT(RenderDiagnosisText(diagnosis),
              HasSubstr("    green thread 3 (left):\n"
                        "      green::Mutex::Lock\n"
                        "      Transfer\n"
                        "    green thread 4:\n"
                        "      green::Hub::WaitIn\n"));
}

TEST(DiagnosisText, FitsATerminal) {
  Diagnosis diagnosis{.pid = 7};
  std::string words = "It";
  for (int i = 0; i < 30; ++i) words += " waits for something";
  diagnosis.hubs.push_back({.summary = words, .remedy = words});
  std::istringstream lines(RenderDiagnosisText(diagnosis));
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(line.size(), 79u) << line;
  }
}

TEST(DiagnosisJson, TellsACircleOfWaits) {
  Diagnosis diagnosis{.pid = 7};
  diagnosis.hubs.push_back(
      {.kind = VerdictKind::kDeadlock,
       .deadlock = DeadlockEvidence{
           .cycle = {{.waiter = {.id = 3,
                                 .name = "left",
                                 .waiting_for = WaitReason::kMutex,
                                 .waits_on = 0x7f},
                      .needs = 4}},
           .others = 2}});
  const json evidence =
      json::parse(RenderDiagnosisJson(diagnosis))["hubs"][0]["evidence"];
  EXPECT_EQ(evidence["cycle"], json::parse(R"([
    {"green_thread": 3, "name": "left", "waits_for": "mutex",
     "object": "0x7f", "needs": 4}])"));
  EXPECT_EQ(evidence["others"], 2);
}

TEST(DiagnosisText, WithoutAHubSaysWhereToLook) {
  EXPECT_THAT(RenderDiagnosisText({.pid = 7}), HasSubstr("hubspy dump -p 7"));
}

TEST(DiagnosisJson, HasTheDocumentedFields) {
  EXPECT_EQ(json::parse(RenderDiagnosisJson(Stalled())), json::parse(R"({
    "schema": "hubspy.diagnose/1", "pid": 7, "hubs": [
      {"tid": 8, "verdict": "clock_rate", "summary": "The clock is slow.",
       "evidence": {"watched_seconds": 0.5, "iterations": 2, "timers": 1,
         "green_threads": 1, "rate": 0.5, "timebase": "125/3",
         "cause": "inverted", "measured_over_seconds": 3.0,
         "late_timers": [{"green_thread": 4, "name": "foo",
           "remaining_hub_seconds": 1.0, "due_in_seconds": 2.0}]},
       "remedy": "Mend it."}]})"));
}

TEST(DiagnosisJson, AProcessWithoutAHubHasAnEmptyList) {
  EXPECT_EQ(json::parse(RenderDiagnosisJson({.pid = 7}))["hubs"],
            json::array());
}

}  // namespace
}  // namespace hubspy

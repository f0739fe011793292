#include "model/dump.h"

namespace hubspy {

PartialCounts CountPartial(const Dump& dump) {
  PartialCounts partial;
  for (const Dump::Thread& thread : dump.threads) {
    partial.Add(thread.stack.end, 1);
  }
  for (const Dump::GreenThread& green : dump.green_threads) {
    if (green.stack) partial.Add(dump.stacks[*green.stack].end, 1);
  }
  return partial;
}

absl::string_view ThreadStateName(ThreadState state) {
  switch (state) {
    case ThreadState::kRunning:
      return "running";
    case ThreadState::kRunnable:
      return "runnable";
    case ThreadState::kSleeping:
      return "sleeping";
    case ThreadState::kStopped:
      return "stopped";
    case ThreadState::kZombie:
      return "zombie";
  }
  return "unknown";
}

absl::string_view GreenStateName(GreenState state) {
  switch (state) {
    case GreenState::kReady:
      return "ready";
    case GreenState::kRunning:
      return "running";
    case GreenState::kWaiting:
      return "waiting";
    case GreenState::kFinished:
      return "finished";
  }
  return "unknown";
}

absl::string_view WaitReasonName(WaitReason reason) {
  switch (reason) {
    case WaitReason::kNone:
      return "";
    case WaitReason::kTimer:
      return "timer";
    case WaitReason::kFd:
      return "fd";
    case WaitReason::kJoin:
      return "join";
    case WaitReason::kPool:
      return "pool";
    case WaitReason::kEvent:
      return "event";
    case WaitReason::kSemaphore:
      return "semaphore";
    case WaitReason::kMutex:
      return "mutex";
    case WaitReason::kCondition:
      return "condition";
    case WaitReason::kQueue:
      return "queue";
    case WaitReason::kResource:
      return "resource";
    case WaitReason::kOffload:
      return "offload";
    case WaitReason::kOther:
      return "other";
  }
  return "";
}

}  // namespace hubspy

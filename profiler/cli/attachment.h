// A process and everything that is known of it: where the rooms meet.
//
//   auto attachment = Attachment::Open(pid);
//   Sampler sampler([&] { return (*attachment)->Look(); }, waiter, options);
//
// The surprising part: a hub's OS thread shows one stack, although it is two.
// While a green thread runs on a stack of its own, Hub::Run stands still on
// another; the green thread's frames are put on top of Hub::Run's.
#ifndef HUBSPY_CLI_ATTACHMENT_H_
#define HUBSPY_CLI_ATTACHMENT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "cli/deep_stacks.h"
#include "cli/green_watch.h"
#include "cli/program_list.h"
#include "hubs/hub_reader.h"
#include "image/module_map.h"
#include "model/hub.h"
#include "model/recording.h"
#include "model/snapshot.h"
#include "model/stack.h"
#include "sample/sampler.h"
#include "symbolize/perf_map.h"
#include "target/process.h"
#include "unwind/unwinder.h"

namespace hubspy {

class Attachment {
 public:
  // `programs`: where those that the process becomes are put.
  static absl::StatusOr<std::unique_ptr<Attachment>> Open(
      int32_t pid, const OpenOptions& options = {},
      std::shared_ptr<ProgramList> programs = std::make_shared<ProgramList>());
  // A process that has ended, by its core file.
  static absl::StatusOr<std::unique_ptr<Attachment>> OpenCore(
      const std::string& file);

  // Follows what the process became, its modules, threads and hubs, when that
  // is due: Look does so, too.
  absl::Status Refresh();
  // Every thread, once. NotFound: the process is gone.
  absl::StatusOr<std::vector<ThreadLook>> Look();
  // How many threads the process had at the latest Look.
  size_t threads() const { return threads_.size(); }
  // Of the threads that any Look saw.
  const absl::flat_hash_map<ThreadId, std::string>& thread_names() const {
    return thread_names_;
  }

  // However deep its stack is: of a thread that runs, all is read in one stop.
  absl::StatusOr<ThreadCapture> Capture(ThreadId tid);

  // Every green thread of a hub, which was read just now, as it is; what they
  // do between two looks is counted. Those that run are on their thread's
  // stack. What a hub publishes may be garbage: DataLoss. Valid until the next
  // look.
  absl::StatusOr<const GreenWatch*> LookAtGreenThreadsOf(const HubView& hub);
  // Where one of them stands; no frames when it runs, has not begun, or moved
  // in every one of several looks.
  Stack UnwindSuspended(const HubView& hub, const GreenThreadView& green);
  // Whether Look, from now on, looks at them, too; and remembers what they are
  // called.
  struct GreenLooks {
    bool wanted = false;
    bool names = false;
  };
  void LookAtGreenThreads(const GreenLooks& looks) { green_looks_ = looks; }
  const absl::flat_hash_map<Recording::GreenId, Recording::GreenName>&
  green_names() const {
    return green_names_;
  }

  // Those of this process's threads; none in a process that is not green, or
  // that has not made one yet.
  absl::StatusOr<std::vector<HubView>> ReadHubs();
  // The same as of the latest Refresh, by their OS threads: each may have gone
  // or moved since.
  const absl::flat_hash_map<ThreadId, HubView>& hubs() const { return hubs_; }
  // Null in a process that is not green.
  HubReader* hub_reader() { return hub_reader_ ? &*hub_reader_ : nullptr; }

  // What the target's JIT compiler, if it has one, calls the code that it made;
  // read while looking, so that it is known of a target that is gone, too.
  const PerfMap& jit_names() const { return *program().jit_names; }
  // Reads on in the JIT's file, when one of `stacks` that is of the present
  // program is in code that nothing names.
  void LearnJitNames(absl::Span<const Stack> stacks);

  Process& process() { return *process_; }
  // Of the program that the process is now.
  const ModuleMap& modules() const { return *program().modules; }
  ProgramId program_id() const { return program_; }
  // All that it was, too.
  absl::Span<const Program> programs() const { return programs_->all(); }

 private:
  // What is remembered of a thread between two looks.
  struct Sleep {
    std::optional<SleepToken> token;
    std::shared_ptr<const Stack> stack;
    ThreadActivity activity;
    std::optional<GreenActivity> green;  // that it runs
    int64_t sampled_ns = 0;              // as Snapshot's
  };

  // What a hub's thread stands on.
  struct HubStack {
    Stack stack;
    // Its green thread's frames alone, as Hub::Run's had been gone on with by
    // the time that these were looked for.
    bool lacks_run = false;
  };

  Attachment(std::unique_ptr<Process> process,
             std::shared_ptr<ProgramList> programs)
      : process_(std::move(process)),
        programs_(std::move(programs)),
        deep_stacks_(process_->memory()) {}

  static absl::StatusOr<std::unique_ptr<Attachment>> Of(
      std::unique_ptr<Process> process, std::shared_ptr<ProgramList> programs);
  const Program& program() const { return programs_->Get(program_); }
  void BecomeProgram(ProgramId id);
  bool FollowExec();
  absl::Status RefreshThreads();
  absl::Status RefreshModules();
  void FindHubs();
  std::optional<ThreadLook> LookAt(ThreadId tid, Sleep& sleep);
  absl::StatusOr<std::optional<ThreadCapture>> CaptureUnless(
      ThreadId tid, const std::optional<SleepToken>& known_sleep,
      DeepStacks::Use use);
  absl::StatusOr<std::optional<ThreadCapture>> CaptureAllStacks(
      const CaptureRequest& wanted, DeepStacks::Use use);
  absl::StatusOr<std::optional<ThreadCapture>> CaptureHubThread(
      const CaptureRequest& wanted, DeepStacks::Use use, HubView& hub);
  absl::StatusOr<std::optional<Snapshot>> TakeWithHub(CaptureRequest request,
                                                      HubView& hub);
  HubStack UnwindHubThread(const HubView& hub, const Snapshot& snapshot);
  GreenWatch& WatchOf(const HubView& hub);
  void AddGreenThreads(std::vector<ThreadLook>& looks);
  std::optional<GreenActivity> RunningGreen(const ThreadCapture& capture);
  std::optional<GreenThreadView> SeenOnStack(const HubView& hub,
                                             const Snapshot& snapshot,
                                             Address record);
  void RememberName(const GreenThreadView& green);
  bool LeavesKnownModules(const Stack& stack) const;
  Stack Unwind(const Registers& registers, const MemoryCopy& stack,
               const UnwindOptions& options);
  std::optional<GreenThreadView> RunningGreenThread(const HubView& hub,
                                                    Address sp);

  std::unique_ptr<Process> process_;
  size_t max_stack_bytes_ = CaptureRequest().max_stack_bytes;
  std::shared_ptr<ProgramList> programs_;
  ProgramId program_ = 0;
  uint64_t program_mark_ = 0;  // see Process::ProgramMark
  std::optional<Unwinder> unwinder_;
  DeepStacks deep_stacks_;
  std::optional<HubReader> hub_reader_;
  bool hub_block_is_old_ = false;  // found in what the process was before
  // Where the outermost call of a green thread's stack, the same in all of
  // them, returns to; zero: none was seen yet.
  CodeAddress green_base_;

  absl::flat_hash_map<ThreadId, Sleep> threads_;
  absl::flat_hash_map<ThreadId, std::string> thread_names_;
  absl::flat_hash_map<ThreadId, HubView> hubs_;  // by their OS thread
  // By their hub's record.
  absl::flat_hash_map<Address, GreenWatch> green_watches_;
  GreenLooks green_looks_;
  absl::flat_hash_map<Recording::GreenId, Recording::GreenName> green_names_;
  int64_t threads_due_ns_ = 0;  // when the list of threads is read again
  int64_t thread_refreshes_ = 0;
  int64_t modules_due_ns_ = 0;  // before this the modules are not read again
  int64_t modules_at_latest_ns_ = 0;  // and then they are, whatever was seen
  int64_t modules_interval_ns_ = 0;   // grows while that finds nothing new
};

}  // namespace hubspy

#endif  // HUBSPY_CLI_ATTACHMENT_H_

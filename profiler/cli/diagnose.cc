#include "diagnose/diagnose.h"

#include <iostream>
#include <memory>

#include "cli/attachment.h"
#include "cli/commands.h"
#include "cli/hub_watcher.h"
#include "cli/signal_waiter.h"
#include "cli/subject.h"
#include "view/diagnosis.h"

namespace hubspy {
namespace {

constexpr int kExitStalled = 10;

struct Watched {
  std::unique_ptr<KernelView> kernel;  // null for a core
  std::unique_ptr<Attachment> attachment;
  std::unique_ptr<HubDescriber> describer;
  std::vector<WatchedHub> hubs;
};

absl::StatusOr<Watched> WatchCore(const DiagnoseOptions& options) {
  auto attachment = Attachment::OpenCore(options.core);
  if (!attachment.ok()) return attachment.status();
  auto describer = std::make_unique<HubDescriber>(**attachment, nullptr);
  auto hubs = LookAtHubsOnce(**attachment, *describer);
  if (!hubs.ok()) return hubs.status();
  return Watched{nullptr, *std::move(attachment), std::move(describer),
                 *std::move(hubs)};
}

absl::StatusOr<Watched> WatchProcess(const DiagnoseOptions& options) {
  absl::StatusOr<std::unique_ptr<Subject>> subject =
      Subject::Of(options.pid, options.program);
  if (!subject.ok()) return subject.status();
  SignalWaiter waiter;
  if ((*subject)->launched()) {
    // As much time to get to its loop as there is to watch it.
    (*subject)->Release();
    waiter.WaitUntil(waiter.NowNs() +
                     absl::ToInt64Nanoseconds(options.duration));
  }
  auto attachment = Attachment::Open((*subject)->pid());
  if (!attachment.ok()) return attachment.status();
  auto kernel = KernelView::Open((*subject)->pid());
  if (!kernel.ok()) return kernel.status();
  auto describer = std::make_unique<HubDescriber>(**attachment, kernel->get());
  auto hubs =
      WatchHubs(**attachment, **kernel, waiter, *describer, options.duration);
  if (!hubs.ok()) return hubs.status();
  if ((*subject)->launched()) {
    std::cerr << "Process " << (*subject)->pid() << " goes on running.\n";
  }
  return Watched{*std::move(kernel), *std::move(attachment),
                 std::move(describer), *std::move(hubs)};
}

}  // namespace

absl::StatusOr<int> RunDiagnose(const DiagnoseOptions& options) {
  absl::StatusOr<Watched> watched =
      options.core.empty() ? WatchProcess(options) : WatchCore(options);
  if (!watched.ok()) return watched.status();
  const Process& process = watched->attachment->process();

  Diagnosis diagnosis{
      .pid = process.pid(), .core = options.core, .gaps = process.Gaps()};
  bool stalled = false;
  for (const WatchedHub& hub : watched->hubs) {
    Verdict& verdict = diagnosis.hubs.emplace_back(Diagnose(hub.watch));
    watched->describer->Complete(hub, verdict);
    stalled |= diagnosis.hubs.back().kind != VerdictKind::kHealthy;
  }
  if (watched->hubs.empty()) {
    diagnosis.threads = watched->describer->DescribeThreads();
  }
  std::cout << (options.json ? RenderDiagnosisJson(diagnosis)
                             : RenderDiagnosisText(diagnosis))
            << std::flush;
  return stalled ? kExitStalled : 0;
}

}  // namespace hubspy

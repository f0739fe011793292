#include "diagnose/diagnose.h"

#include <iostream>
#include <memory>

#include "cli/attachment.h"
#include "cli/commands.h"
#include "cli/hub_watcher.h"
#include "cli/signal_waiter.h"
#include "view/diagnosis.h"

namespace hubspy {
namespace {

constexpr int kExitStalled = 10;

absl::StatusOr<std::vector<HubWatch>> Watch(Attachment& attachment,
                                            const DiagnoseOptions& options) {
  if (!options.core.empty()) return LookAtHubsOnce(attachment);
  SignalWaiter waiter;
  return WatchHubs(attachment, waiter, options.duration);
}

}  // namespace

absl::StatusOr<int> RunDiagnose(const DiagnoseOptions& options) {
  absl::StatusOr<std::unique_ptr<Attachment>> attachment =
      options.core.empty() ? Attachment::Open(options.pid)
                           : Attachment::OpenCore(options.core);
  if (!attachment.ok()) return attachment.status();
  absl::StatusOr<std::vector<HubWatch>> watches = Watch(**attachment, options);
  if (!watches.ok()) return watches.status();

  Diagnosis diagnosis{.pid = (*attachment)->process().pid(),
                      .core = options.core,
                      .gaps = (*attachment)->process().Gaps()};
  bool stalled = false;
  for (const HubWatch& watch : *watches) {
    diagnosis.hubs.push_back(Diagnose(watch));
    stalled |= diagnosis.hubs.back().kind != VerdictKind::kHealthy;
  }
  std::cout << (options.json ? RenderDiagnosisJson(diagnosis)
                             : RenderDiagnosisText(diagnosis))
            << std::flush;
  return stalled ? kExitStalled : 0;
}

}  // namespace hubspy

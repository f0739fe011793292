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

}  // namespace

absl::StatusOr<int> RunDiagnose(const DiagnoseOptions& options) {
  absl::StatusOr<std::unique_ptr<Attachment>> attachment =
      Attachment::Open(options.pid);
  if (!attachment.ok()) return attachment.status();
  SignalWaiter waiter;
  absl::StatusOr<std::vector<HubWatch>> watches =
      WatchHubs(**attachment, waiter, options.duration);
  if (!watches.ok()) return watches.status();

  Diagnosis diagnosis{.pid = options.pid};
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

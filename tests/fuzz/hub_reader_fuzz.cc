// The published block of a process that may hold anything. The input is the
// process's memory, from kBase on; the block is where it begins.
#include <cstddef>
#include <cstdint>

#include "hubs/hub_reader.h"
#include "input_memory.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const hubspy::InputMemory memory({data, size});
  hubspy::HubReader reader(memory, hubspy::Address(hubspy::kBase));
  const auto hubs = reader.ReadHubs();
  if (!hubs.ok()) return 0;
  for (const hubspy::HubView& hub : *hubs) {
    reader.ReadGreenThreads(hub).IgnoreError();
    reader.ReadGreenThread(hub, hub.current).IgnoreError();
  }
  return 0;
}

// Any bytes as a core file.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "target/core/core_process.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto read = [&](uint64_t offset, absl::Span<std::byte> into) {
    if (offset > size || into.size() > size - offset) return false;
    std::copy_n(reinterpret_cast<const std::byte*>(data) + offset, into.size(),
                into.begin());
    return true;
  };
  auto core = hubspy::ParseCore(read, size);
  if (!core.ok()) return 0;
  for (const hubspy::CoreSegment& segment : core->segments) {
    const bool inside_file = segment.file_bytes == 0 ||
                             (segment.file_offset <= size &&
                              segment.file_bytes <= size - segment.file_offset);
    if (!inside_file || segment.range.begin >= segment.range.end ||
        segment.file_bytes > segment.range.size()) {
      std::abort();
    }
  }
  for (const hubspy::Mapping& mapping : core->mappings) {
    if (mapping.range.begin >= mapping.range.end) std::abort();
  }
  hubspy::ScopedFd file(memfd_create("core", MFD_CLOEXEC));
  if (file.get() < 0 ||
      write(file.get(), data, size) != static_cast<ssize_t>(size)) {
    std::abort();
  }
  hubspy::CoreProcess process(std::move(file), *std::move(core));
  process.Mappings().IgnoreError();
  process.CommandLine();
  process.Gaps();
  const auto threads = process.Threads();
  for (const hubspy::ThreadInfo& thread : *threads) {
    if (!process.Capture({.tid = thread.tid, .max_stack_bytes = 4096}).ok()) {
      std::abort();
    }
  }
  return 0;
}

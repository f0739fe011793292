#include "profiler/unwind/live_capture.h"

#include <execinfo.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cinttypes>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/types/span.h"

namespace hubspy {
namespace {

constexpr size_t kMaxStack = 1 << 20;

std::vector<Mapping> ReadMappings(pid_t pid) {
  std::ifstream maps(absl::StrCat("/proc/", pid, "/maps"));
  std::vector<Mapping> mappings;
  for (std::string line; std::getline(maps, line);) {
    uint64_t begin = 0;
    uint64_t end = 0;
    uint64_t offset = 0;
    uint64_t inode = 0;
    unsigned major = 0;
    unsigned minor = 0;
    char flags[5] = {};
    int path_at = 0;
    if (std::sscanf(line.c_str(),
                    "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64
                    " %n",
                    &begin, &end, flags, &offset, &major, &minor, &inode,
                    &path_at) < 7) {
      continue;
    }
    absl::string_view path = absl::string_view(line).substr(path_at);
    const bool deleted = absl::ConsumeSuffix(&path, " (deleted)");
    Mapping mapping{.range = {Address(begin), Address(end)},
                    .file_offset = offset,
                    .readable = flags[0] == 'r',
                    .writable = flags[1] == 'w',
                    .executable = flags[2] == 'x',
                    .device = uint64_t{major} << 32 | minor,
                    .inode = inode,
                    .path = std::string(path),
                    .deleted = deleted};
    if (inode != 0) {
      char range[64];
      std::snprintf(range, sizeof range, "%" PRIx64 "-%" PRIx64, begin, end);
      mapping.open_path = absl::StrCat("/proc/", pid, "/map_files/", range);
    }
    mappings.push_back(std::move(mapping));
  }
  return mappings;
}

std::vector<std::byte> Copy(pid_t pid, Address from, size_t size) {
  std::vector<std::byte> bytes(size);
  bytes.resize(ReadMemory(pid, from, absl::MakeSpan(bytes)));
  return bytes;
}

}  // namespace

size_t ReadMemory(pid_t pid, Address from, absl::Span<std::byte> into) {
  iovec local{into.data(), into.size()};
  iovec remote{reinterpret_cast<void*>(from.value()), into.size()};
  const ssize_t got = process_vm_readv(pid, &local, 1, &remote, 1, 0);
  return got > 0 ? static_cast<size_t>(got) : 0;
}

ModuleMap ReadModules(pid_t pid) {
  const std::vector<Mapping> mappings = ReadMappings(pid);
  std::vector<std::byte> vdso;
  for (const Mapping& mapping : mappings) {
    if (mapping.path == "[vdso]") {
      vdso = Copy(pid, mapping.range.begin, mapping.range.size());
    }
  }
  ModuleMap modules;
  modules.Update(mappings, vdso);
  return modules;
}

MemoryCopy CopyStack(pid_t pid, Address from, size_t max_bytes) {
  for (const Mapping& mapping : ReadMappings(pid)) {
    if (!mapping.range.Contains(from)) continue;
    const size_t size = std::min<uint64_t>(mapping.range.end - from, max_bytes);
    return {.begin = from, .bytes = Copy(pid, from, size)};
  }
  return {.begin = from};
}

LiveCapture CaptureStopped(pid_t tid) {
  LiveCapture capture{.registers = StoppedRegisters(tid)};
  if (!capture.registers.pc()) return {};
  capture.stack = CopyStack(tid, capture.registers.sp(), kMaxStack);
  return capture;
}

std::vector<uint64_t> BacktraceFrom(void* first) {
  std::array<void*, 256> frames;
  const int count = backtrace(frames.data(), frames.size());
  std::vector<uint64_t> callers;
  for (void* frame : absl::MakeSpan(frames.data(), count)) {
    if (callers.empty() && frame != first) continue;
    callers.push_back(reinterpret_cast<uint64_t>(frame));
  }
  return callers;
}

}  // namespace hubspy

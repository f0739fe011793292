#include "target/darwin/task_memory.h"

#include <mach/mach_vm.h>
#include <mach/vm_page_size.h>

#include <algorithm>
#include <cstdint>

namespace hubspy {
namespace {

// 0: none of it, as where any page of it is not mapped.
size_t ReadAll(mach_port_t task, Address from, absl::Span<std::byte> into) {
  mach_vm_size_t read = 0;
  const kern_return_t result = mach_vm_read_overwrite(
      task, from.value(), into.size(),
      reinterpret_cast<mach_vm_address_t>(into.data()), &read);
  return result == KERN_SUCCESS ? static_cast<size_t>(read) : 0;
}

}  // namespace

size_t TaskMemory::Read(Address from, absl::Span<std::byte> into) const {
  if (into.empty()) return 0;
  if (const size_t read = ReadAll(task_, from, into)) return read;
  // As far as it goes: page by page.
  size_t done = 0;
  while (done < into.size()) {
    const Address at = from + done;
    const uint64_t in_page = vm_page_size - at.value() % vm_page_size;
    const size_t part = std::min<uint64_t>(in_page, into.size() - done);
    const size_t read = ReadAll(task_, at, into.subspan(done, part));
    done += read;
    if (read < part) break;
  }
  return done;
}

}  // namespace hubspy

// The size of a page of memory: the kernel's choice, and with it the same for
// this process and its targets (4 KiB on x86_64; 4, 16 or 64 KiB on aarch64).
#ifndef HUBSPY_MODEL_PAGE_SIZE_H_
#define HUBSPY_MODEL_PAGE_SIZE_H_

#include <unistd.h>

#include <cstdint>

namespace hubspy {

inline uint64_t PageSize() {
  static const auto size = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  return size;
}

}  // namespace hubspy

#endif  // HUBSPY_MODEL_PAGE_SIZE_H_

// The processes of this machine.
#ifndef HUBSPY_TARGET_PROCESS_IDS_H_
#define HUBSPY_TARGET_PROCESS_IDS_H_

#include <cstdint>
#include <vector>

namespace hubspy {

// In no order; those that we may not look at included.
std::vector<int32_t> ProcessIds();

// 0: it is gone.
int32_t ParentOf(int32_t pid);

}  // namespace hubspy

#endif  // HUBSPY_TARGET_PROCESS_IDS_H_

#ifndef HUBSPY_TESTS_LIVE_OPEN_OR_DIE_H_
#define HUBSPY_TESTS_LIVE_OPEN_OR_DIE_H_

#include <cstdint>
#include <memory>
#include <utility>

#include "gtest/gtest.h"
#include "target/process.h"

namespace hubspy {

inline std::unique_ptr<Process> OpenOrDie(int32_t pid,
                                          const OpenOptions& options = {}) {
  auto process = Process::Open(pid, options);
  if (!process.ok()) ADD_FAILURE() << process.status();
  return *std::move(process);
}

}  // namespace hubspy

#endif  // HUBSPY_TESTS_LIVE_OPEN_OR_DIE_H_

// Owns a send right to a Mach port: of a task, or of a thread.
#ifndef HUBSPY_TARGET_DARWIN_MACH_PORT_H_
#define HUBSPY_TARGET_DARWIN_MACH_PORT_H_

#include <mach/mach.h>

#include <utility>

namespace hubspy {

class MachPort {
 public:
  MachPort() = default;
  explicit MachPort(mach_port_t port) : port_(port) {}
  ~MachPort() {
    if (port_ != MACH_PORT_NULL) mach_port_deallocate(mach_task_self(), port_);
  }
  MachPort(MachPort&& other) noexcept
      : port_(std::exchange(other.port_, MACH_PORT_NULL)) {}
  MachPort& operator=(MachPort&& other) noexcept {
    std::swap(port_, other.port_);
    return *this;
  }

  mach_port_t get() const { return port_; }

 private:
  mach_port_t port_ = MACH_PORT_NULL;
};

}  // namespace hubspy

#endif  // HUBSPY_TARGET_DARWIN_MACH_PORT_H_

// Waiting for file descriptors: pipes, terminals, sockets that another library
// made, whatever the operating system can poll.
//
//   green::WaitReadable(fd);
//   ssize_t got = read(fd, buffer, sizeof(buffer));
//
// Meant is what the fd is at that moment, not what changed: with data there
// already, WaitReadable does not wait. The end of the stream and an error end
// waits in both directions; the read or write itself then tells. A regular
// file is always ready. One green thread may wait to read an fd and another
// one to write it; two that wait for the same are refused, as in eventlet,
// because what one wakes up for the other may have taken.
//
// The surprising part: who closes an fd that others wait for has to say so,
// with NotifyClose() before. The operating system tells nobody. (green::Socket
// does that by itself.)
#ifndef GREEN_WAIT_FD_H_
#define GREEN_WAIT_FD_H_

#include <string>
#include <system_error>

#include "absl/time/time.h"

namespace green {

// It took too long. Its code() is std::errc::timed_out.
class IoTimeout : public std::system_error {
 public:
  explicit IoTimeout(const std::string& what)
      : std::system_error(std::make_error_code(std::errc::timed_out), what) {}
};

// What was waited for was closed meanwhile. Its code() is
// std::errc::not_connected, as in eventlet.
class IoClosed : public std::system_error {
 public:
  explicit IoClosed(const std::string& what)
      : std::system_error(std::make_error_code(std::errc::not_connected),
                          what) {}
};

// Lets the calling green thread wait until `fd` can be read (written) without
// blocking. Throws IoTimeout when `timeout` passes on the hub's clock first;
// one of zero or less only looks. Throws IoClosed after NotifyClose(),
// std::system_error when `fd` is not open or cannot be polled, and
// std::logic_error, which names both, when another one waits for the same.
void WaitReadable(int fd, absl::Duration timeout = absl::InfiniteDuration());
void WaitWritable(int fd, absl::Duration timeout = absl::InfiniteDuration());

// `fd` is about to be closed: green threads of this hub that wait for it get
// IoClosed.
void NotifyClose(int fd);

namespace debug {

// Whether a second green thread that waits for the same is refused, which is
// how it begins. When not, all that wait are let go on, and all but the first
// may find nothing. For all hubs of the process.
void HubPreventMultipleReaders(bool prevent);

}  // namespace debug
}  // namespace green

#endif  // GREEN_WAIT_FD_H_

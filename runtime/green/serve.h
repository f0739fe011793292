// A server: a green thread for each connection, so many at a time.
//
//   green::Listener listener = green::Listen(":8080");
//   green::Serve(listener, [](green::Socket client) {
//     char buffer[512];
//     while (size_t size = client.Read(buffer, sizeof(buffer))) {
//       client.Write(buffer, size);
//     }
//   });
//
// While `concurrency` handlers run, nothing is accepted: who comes waits in the
// listener's backlog. Whatever goes wrong with one connection, the others are
// served on.
//
// The surprising part: Serve returns without waiting for the handlers that
// still run, as in eventlet; they go on when the thread waits for something
// else. And unlike eventlet's, it outlives a handler's exception, which is
// reported as that of any green thread nobody waits for.
#ifndef GREEN_SERVE_H_
#define GREEN_SERVE_H_

#include <functional>

#include "green/socket.h"

namespace green {

// Thrown by a handler: its Serve returns. Not a std::exception, so that a
// handler for errors lets it pass.
struct StopServe {};

struct ServeOptions {
  int concurrency = 1000;
};

// Calls handler(connection) in a green thread of its own for each connection,
// until a handler throws StopServe, or another green thread closes `listener`,
// which is noticed when one more may run.
// A connection is closed when the handler lets go of it.
//
// When the system has no fds or memory for another connection, it is left in
// the backlog until a handler has ended, or for up to a second, and then tried
// again; that is reported once each time it begins.
//
// Throws std::invalid_argument when `concurrency` is below 1, and
// std::system_error when `listener` cannot accept at all.
void Serve(Listener& listener, std::function<void(Socket)> handler,
           const ServeOptions& options = {});

}  // namespace green

#endif  // GREEN_SERVE_H_

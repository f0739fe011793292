// A TCP echo server on green, for the load generator beside it. Prints the
// port that it listens on, and serves until it is killed.
#include <cstdio>

#include "green/green.h"

int main() {
  green::Listener listener = green::Listen("127.0.0.1:0");
  std::printf("%d\n", listener.address().port());
  std::fflush(stdout);
  green::Serve(listener, [](green::Socket client) {
    client.SetNoDelay(true);
    char buffer[4096];
    while (const size_t size = client.Read(buffer, sizeof(buffer))) {
      client.Write(buffer, size);
    }
  });
}

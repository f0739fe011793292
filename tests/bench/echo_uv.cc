// A TCP echo server on libuv, the yardstick for echo_green. It answers from the
// read callback, and queues only what the socket does not take at once. Prints
// the port that it listens on, and serves until it is killed.
#include <netinet/in.h>
#include <uv.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

namespace {

struct Client {
  uv_tcp_t socket;
  char buffer[4096];
};

struct Write {
  uv_write_t request;
  std::string bytes;
};

void Check(int result) {
  if (result >= 0) return;
  std::fprintf(stderr, "echo_uv: %s\n", uv_strerror(result));
  std::exit(1);
}

uv_stream_t* StreamOf(uv_tcp_t& socket) {
  return reinterpret_cast<uv_stream_t*>(&socket);
}

void Close(Client* client) {
  uv_close(
      reinterpret_cast<uv_handle_t*>(&client->socket),
      [](uv_handle_t* handle) { delete static_cast<Client*>(handle->data); });
}

void WriteLater(uv_stream_t* stream, std::string bytes) {
  auto* const write = new Write{.request = {}, .bytes = std::move(bytes)};
  write->request.data = write;
  const uv_buf_t rest = uv_buf_init(write->bytes.data(),
                                    static_cast<unsigned>(write->bytes.size()));
  Check(
      uv_write(&write->request, stream, &rest, 1, [](uv_write_t* request, int) {
        delete static_cast<Write*>(request->data);
      }));
}

void OnRead(uv_stream_t* stream, ssize_t size, const uv_buf_t* buffer) {
  if (size == 0) return;
  if (size < 0) {
    Close(static_cast<Client*>(stream->data));
    return;
  }
  const uv_buf_t answer =
      uv_buf_init(buffer->base, static_cast<unsigned>(size));
  const int sent = uv_try_write(stream, &answer, 1);
  if (sent == size) return;
  const auto begin = static_cast<size_t>(sent < 0 ? 0 : sent);
  WriteLater(stream, std::string(buffer->base + begin,
                                 static_cast<size_t>(size) - begin));
}

void OnConnection(uv_stream_t* listener, int status) {
  Check(status);
  auto* const client = new Client;
  Check(uv_tcp_init(listener->loop, &client->socket));
  client->socket.data = client;
  Check(uv_accept(listener, StreamOf(client->socket)));
  Check(uv_tcp_nodelay(&client->socket, 1));
  Check(uv_read_start(
      StreamOf(client->socket),
      [](uv_handle_t* handle, size_t, uv_buf_t* buffer) {
        auto* const self = static_cast<Client*>(handle->data);
        *buffer = uv_buf_init(self->buffer, sizeof(self->buffer));
      },
      OnRead));
}

int PortOf(const uv_tcp_t& socket) {
  sockaddr_in address;
  int size = sizeof(address);
  Check(uv_tcp_getsockname(&socket, reinterpret_cast<sockaddr*>(&address),
                           &size));
  return ntohs(address.sin_port);
}

}  // namespace

int main() {
  uv_loop_t* const loop = uv_default_loop();
  uv_tcp_t listener;
  sockaddr_in address;
  Check(uv_ip4_addr("127.0.0.1", 0, &address));
  Check(uv_tcp_init(loop, &listener));
  Check(uv_tcp_bind(&listener, reinterpret_cast<sockaddr*>(&address), 0));
  Check(uv_listen(StreamOf(listener), 1024, OnConnection));
  std::printf("%d\n", PortOf(listener));
  std::fflush(stdout);
  return uv_run(loop, UV_RUN_DEFAULT);
}

#!/usr/bin/env python3
"""A TCP echo server on gevent or eventlet, which prints its port first.

    echo.py gevent|eventlet
"""
import socket
import sys


def echo(client, *_):
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    while data := client.recv(4096):
        client.sendall(data)


def main(runtime):
    if runtime == 'gevent':
        from gevent.server import StreamServer
        server = StreamServer(('127.0.0.1', 0), echo, backlog=1024)
        server.start()
        print(server.server_port, flush=True)
        server.serve_forever()
    else:
        import eventlet
        listener = eventlet.listen(('127.0.0.1', 0), backlog=1024)
        print(listener.getsockname()[1], flush=True)
        eventlet.serve(listener, echo)


if __name__ == '__main__':
    main(sys.argv[1])

#!/usr/bin/env python3
"""How late a sleep of a millisecond ends on gevent or eventlet.

    sleep.py gevent|eventlet [SLEEPS]
"""
import sys
import time

MILLISECOND_NS = 1_000_000


def main(runtime, sleeps):
    if runtime == 'gevent':
        from gevent import sleep
    else:
        from eventlet import sleep
    late = []
    for _ in range(sleeps):
        before = time.monotonic_ns()
        sleep(0.001)
        late.append(time.monotonic_ns() - before - MILLISECOND_NS)
    late.sort()
    for name, part in (('min', 0), ('p50', 0.5), ('p99', 0.99), ('max', 1)):
        print(f'{runtime}_{name}_ns', late[int(part * (len(late) - 1))])


if __name__ == '__main__':
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1000)

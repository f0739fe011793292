#!/usr/bin/env python3
"""watched.cc's kinds `idle` and `gaps` in Python, for profilers of Python.

    watched.py idle|gaps

Prints what watched.cc prints. What waits is the C library's epoll_wait, since
Python's own begins again by itself after a signal.
"""
import ctypes
import os
import resource
import select
import sys
import threading
import time

DEPTH = 30
LEAST_NS = 1000

turns = 0
stops = []


def idle():
    global turns
    epoll = select.epoll()
    wait = ctypes.CDLL(None).epoll_wait
    event = ctypes.create_string_buffer(16)
    while True:
        wait(epoll.fileno(), event, 1, 3_600_000)
        turns += 1


def switches():
    return resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw


def gaps():
    global turns
    clock = time.monotonic_ns
    before = switches()
    last = clock()
    while True:
        now = clock()
        if now - last > LEAST_NS:
            then = switches()
            if then != before:
                stops.append(now - last)
            before = then
            now = clock()
        last = now
        turns += 1


def descend(depth, loop):
    if depth > 0:
        descend(depth - 1, loop)
    else:
        loop()


def main(kind):
    loop = {'idle': idle, 'gaps': gaps}[kind]
    threading.Thread(target=descend, args=(DEPTH, loop), daemon=True).start()
    print(os.getpid(), flush=True)
    real, cpu, turned = time.monotonic_ns(), time.process_time_ns(), turns
    while sys.stdin.readline():
        real_now, cpu_now, turns_now = (time.monotonic_ns(),
                                        time.process_time_ns(), turns)
        stops_now = stops[:]
        del stops[:len(stops_now)]
        print(real_now - real, cpu_now - cpu, turns_now - turned, *stops_now,
              flush=True)
        real, cpu, turned = real_now, cpu_now, turns_now
    os._exit(0)


if __name__ == '__main__':
    main(sys.argv[1])

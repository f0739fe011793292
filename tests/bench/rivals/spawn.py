#!/usr/bin/env python3
"""What spawning and yielding cost on gevent or eventlet, in CPU time.

    spawn.py gevent|eventlet
"""
import sys
import time

READY = 1000


def cpu_ns_each(count, work):
    before = time.process_time_ns()
    work()
    return (time.process_time_ns() - before) / count


def main(runtime):
    if runtime == 'gevent':
        import gevent
        spawn, give_way = gevent.spawn, lambda: gevent.sleep(0)
        join = gevent.Greenlet.join
    else:
        import eventlet
        spawn, give_way = eventlet.spawn, lambda: eventlet.sleep(0)
        join = eventlet.greenthread.GreenThread.wait

    def spawn_and_join(count):
        for _ in range(count):
            join(spawn(lambda: 1))

    def yield_in_turn(turns):
        def take_turns():
            for _ in range(turns):
                give_way()
        for thread in [spawn(take_turns) for _ in range(READY)]:
            join(thread)

    spawn_and_join(1000)
    print('spawn_ns', cpu_ns_each(20_000, lambda: spawn_and_join(20_000)))
    print('yield_ns', cpu_ns_each(100 * READY, lambda: yield_in_turn(100)))


if __name__ == '__main__':
    main(sys.argv[1])

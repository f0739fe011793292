"""What write_html.cc's profile is made of, and what has to be shown of it."""

import math

RUN, READ = "green::Hub::Run (hub.cc:80)", "green::Socket::Read"
MAIN, HANDLE = "main (seed.cc:9)", "Handle (shop.cc:81)"
WAIT, PARSE = "epoll_wait (libc.so.6)", "Parse (parser.cc:214)"
COPY = "Copy<std::vector<char>> (parser.cc:33) [inlined]"
SCRIPT = "</script><script>document.pwned=1</script>"
MARKUP = "<!--<img src=x onerror='document.pwned=2'>"
BYTES = "ill\ufffdformed\ufffd[31m"
FD, RUNNING = "[waiting: fd]", "[running]"
HUB, WORKER, CLIENT = ("thread (7): hub", "thread (8): <i>worker</i>",
                       "green thread (3): client")

# Lane, stack, whether it is idle, when it was seen (milliseconds) and how often.
RECORDED = [
    (WORKER, (MAIN, SCRIPT), False, [(2000, 4500, 250)]),
    (WORKER, (MAIN, MARKUP), False, [(4500, 6000, 150)]),
    (WORKER, (MAIN, BYTES), False, [(None, None, 25)]),
    (CLIENT, (FD, HANDLE, READ), False, [(0, 5000, 500)]),
    (CLIENT, (RUNNING, HANDLE, PARSE), False, [(5000, 10000, 500)]),
]
for stack, idle, begin, end in (((MAIN, RUN, WAIT), True, 0, 500),
                                ((MAIN, RUN, PARSE, PARSE, COPY), False, 500, 800),
                                ((MAIN, RUN, PARSE), False, 800, 1000)):
    RECORDED.append((HUB, stack, idle, [
        (s * 1000 + begin, s * 1000 + end, (end - begin) // 10)
        for s in range(10)]))


def samples_in(span, times):
    """Of a span's samples, those up to an instant come in even steps."""
    if span is None:
        return sum(count for _, _, count in times)
    total = 0
    for begin, end, count in times:
        if begin is None:
            continue
        upto = [math.floor(count * min(1, max(0, (at - begin) / (end - begin))))
                for at in span]
        total += upto[1] - upto[0]
    return total


def counted(span, idle, lanes, keep, hide):
    """Stack and samples of whatever counts."""
    for lane, stack, asleep, times in RECORDED:
        if lane not in lanes or (asleep and not idle):
            continue
        if keep and not any(keep in frame for frame in stack):
            continue
        if hide:
            stack = [frame for frame in stack if hide not in frame]
        samples = samples_in(span, times)
        if samples > 0:
            yield stack, samples


ALL_LANES = (HUB, WORKER, CLIENT)


def expected(span=None, idle=False, lanes=ALL_LANES, keep=None, hide=None):
    """The totals: function -> [own, total]; and of all."""
    totals, everything = {}, 0
    for stack, samples in counted(span, idle, lanes, keep, hide):
        everything += samples
        for frame in set(stack):
            totals.setdefault(frame, [0, 0])[1] += samples
        if stack:
            totals[stack[-1]][0] += samples
    return totals, everything


def merged(span=None, idle=False, lanes=ALL_LANES, keep=None, hide=None):
    """What a flame graph has: path -> samples."""
    paths = {"": 0}
    for stack, samples in counted(span, idle, lanes, keep, hide):
        for depth in range(len(stack) + 1):
            path = " > ".join(stack[:depth])
            paths[path] = paths.get(path, 0) + samples
    return paths

"""The half of tools/compare_unwinds that runs inside gdb, attached to the program.

Stops it again and again, gives each thread's registers to unwind_stopped, and
compares that one's frames to gdb's own. Told what to do, and answers, by the
files that COMPARE_UNWINDS names.
"""
import collections
import json
import os
import random
import re
import signal
import threading

import gdb

# By DWARF number.
REGISTERS = ('rax rdx rcx rbx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 '
             'rip').split()
SYSCALL = b'\x0f\x05'
# What gdb shows, but what has no frame of its own.
NOT_PHYSICAL = (gdb.INLINE_FRAME, gdb.TAILCALL_FRAME)
MAX_FRAMES = 2000


class Tally:
    """What is known after some stops."""

    def __init__(self):
        self.counts = collections.Counter()
        self.kinds = collections.Counter()
        self.examples = {}

    def note(self, kind, example):
        self.kinds[kind] += 1
        self.examples.setdefault(kind, example)

    def as_json(self):
        return {'counts': self.counts, 'kinds': self.kinds.most_common(),
                'examples': self.examples}


class Unwinds:
    """unwind_stopped, at the other ends of two pipes."""

    def __init__(self, to_it, from_it):
        self.to_it = os.fdopen(to_it, 'w')
        self.from_it = os.fdopen(from_it)

    def ask(self, registers):
        """By all registers, and by two: (reason for the end, [(pc, has table)])."""
        self.to_it.write(' '.join(f'{value:x}' for value in registers) + '\n')
        self.to_it.flush()
        return self.read_stack(), self.read_stack()

    def read_stack(self):
        end, *frames = self.from_it.readline().split()
        return end, [(int(frame[:-1], 16), frame[-1] == 't') for frame in frames]


def unsigned(value):
    return int(value) % 2 ** 64


def frames_by_gdb():
    """The addresses of the selected thread's frames, and why they end."""
    addresses = []
    frame = gdb.newest_frame()
    while True:
        if frame.type() not in NOT_PHYSICAL:
            addresses.append(unsigned(frame.pc()))
        try:
            older = frame.older()
        except gdb.error as error:
            return addresses, str(error).split(' at address')[0]
        if older is None or len(addresses) == MAX_FRAMES:
            reason = gdb.frame_stop_reason_string(frame.unwind_stop_reason())
            # It shows what returns to nowhere as called from there.
            if addresses[-1] == 0:
                return addresses[:-1], 'a zero'
            return addresses, reason
        frame = older


def function_of(address):
    """The function's name, and its module's; or None."""
    text = gdb.execute(f'info symbol {address}', to_string=True).strip()
    found = re.fullmatch(r'(.*?)(?: \+ \d+)? in section \S+(?: of .*/(.*))?', text)
    return ' of '.join(filter(None, found.groups())) if found else None


def executable_memory():
    """The ranges of the program's addresses that are code."""
    with open(f'/proc/{gdb.selected_inferior().pid}/maps') as maps:
        lines = [line.split() for line in maps]
    return [tuple(int(end, 16) for end in line[0].split('-'))
            for line in lines if 'x' in line[1]]


def is_code(address, ranges):
    return any(begin <= address < end for begin, end in ranges)


def word_at(address):
    memory = gdb.selected_inferior().read_memory(address, 8).tobytes()
    return int.from_bytes(memory, 'little')


def frames_from(pc, sp, rbp):
    """The frames that gdb finds when the thread is put there, which it is not
    to notice: not by `$pc`, which would end a system call."""
    frame = gdb.newest_frame()
    names = ('rip', 'rsp', 'rbp', 'orig_rax')
    before = {name: unsigned(frame.read_register(name)) for name in names}
    try:
        for name, value in zip(names, (pc, sp, rbp)):
            gdb.execute(f'set ${name} = {value}')
        return frames_by_gdb()[0]
    finally:
        for name in names:
            gdb.execute(f'set ${name} = {before[name]}')


def is_jit_code(address):
    """Made by V8 at run time, or by it when it was built: all of it keeps the
    frame pointer, and none has a table."""
    function = function_of(address)
    return function is None or function.startswith('Builtins_')


def frames_by_frame_pointer(depth):
    """What called the frame at `depth` (0: innermost), V8's code: by the chain
    of frame pointers as far as that is V8's, and from there by gdb."""
    frame = gdb.newest_frame()
    while depth > 0 or frame.type() in NOT_PHYSICAL:
        depth -= frame.type() not in NOT_PHYSICAL
        frame = frame.older()
    rbp = unsigned(frame.read_register('rbp'))
    frames = []
    while True:
        rbp, sp, pc = word_at(rbp), rbp + 16, word_at(rbp + 8)
        if not is_jit_code(pc):
            return frames + frames_from(pc, sp, rbp)
        frames.append(pc)
        if len(frames) == MAX_FRAMES or rbp < sp:
            return frames


def field(struct, name):
    """Where a field of one of Go's types lies in it."""
    return next(f.bitpos // 8 for f in gdb.lookup_type(struct).fields()
                if f.name == name)


def go_thread():
    """What the selected thread runs, and the thread, as Go's runtime has them."""
    running = word_at(unsigned(gdb.newest_frame().read_register('fs_base')) - 8)
    return running, word_at(running + field('runtime.g', 'm'))


def frames_of_clocks_caller():
    """Of who asked for the time, which the vdso tells on the thread's own stack:
    from where Go's runtime wrote down that it went there."""
    _, m = go_thread()
    pc, sp = (word_at(m + field('runtime.m', name)) for name in ('vdsoPC', 'vdsoSP'))
    return frames_from(pc, sp, 0) if sp else None


def frames_of_goroutine():
    """Of the goroutine that called onto the thread's own stack: from where
    Go's runtime wrote down that it left it."""
    on_thread, m = go_thread()
    goroutine = word_at(m + field('runtime.m', 'curg'))
    if goroutine in (0, on_thread):
        return None
    saved = goroutine + field('runtime.g', 'sched')
    pc, sp, bp = (word_at(saved + field('runtime.gobuf', name))
                  for name in ('pc', 'sp', 'bp'))
    frames = frames_from(pc, sp, bp)
    # It claims to be in a function of no frame, so as to be told apart.
    if not (function_of(frames[0]) or '').startswith('runtime.systemstack_switch'):
        return None
    return frames[1:]


# Which call the vdso, and where a thread of Go's begins.
GO_CLOCKS = ('runtime.nanotime1', 'runtime.walltime', 'time.now', 'time[now]')
GO_ROOTS = ('runtime.clone', 'runtime.rt0_go')


def better_truth(ours, inner, debug_frame):
    """What lies above `inner` frames, and how that is known, where gdb alone
    guesses; or None."""
    below = function_of(ours[inner - 1] - 1) if inner else None
    try:
        if debug_frame:
            if (below or '').startswith('runtime.systemstack'):
                frames = frames_of_goroutine()
                return frames and (frames, "Go's runtime")
            if (below or '').startswith(GO_CLOCKS):
                frames = frames_of_clocks_caller()
                return frames and (frames, "Go's runtime")
            if (below or '').startswith(GO_ROOTS):
                return [], "Go's beginning"
        elif inner and is_jit_code(ours[inner - 1]):
            return frames_by_frame_pointer(inner - 1), 'frame pointers'
    except (gdb.error, StopIteration):
        pass  # nothing is to be read there
    return None


def same(a, b):
    if a == b:
        return True
    function = function_of(a)
    return function is not None and function == function_of(b)


def equal_ends(ours, theirs):
    """How many frames are the same at the inner, and then at the outer end."""
    shorter = min(len(ours), len(theirs))
    inner = 0
    while inner < shorter and same(ours[inner], theirs[inner]):
        inner += 1
    outer = 0
    while outer < shorter - inner and ours[-1 - outer] == theirs[-1 - outer]:
        outer += 1
    return inner, outer


def same_stacks(a, b):
    return len(a) == len(b) == sum(equal_ends(a, b))


def place(address):
    return function_of(address) or 'code of no module' if address else 'the end'


def is_guess(frames, inner, theirs, gdb_end, debug_frame):
    """Does gdb know what it says of the frame behind `inner` equal ones?

    It leaves a function without a table by a look at its prologue. Where it
    read a zero there is more only if stacks were switched. Go's table does not
    say where a stack begins: gdb takes the word there for an address, but what
    is not executable is none to return to.
    """
    if inner < len(theirs) and not is_code(theirs[inner], executable_memory()):
        return True
    if inner == len(theirs) and gdb_end == 'a zero':
        return True
    return inner > 0 and not frames[inner - 1][1] and not debug_frame


def compare(tally, prefix, stack, gdb_stack, debug_frame):
    theirs, gdb_end = gdb_stack
    end, frames = stack
    ours = [address for address, _ in frames]
    inner, outer = equal_ends(ours, theirs)
    guess = (max(len(ours), len(theirs)) > inner + outer and
             is_guess(frames, inner, theirs, gdb_end, debug_frame))
    if guess:
        better = better_truth(ours, inner, debug_frame)
        if better:
            # The frame pointer is not V8's yet, or no more, at a function's
            # first and last instructions: there its chain is a guess, too.
            guess = better[1] == 'frame pointers' and inner == 1
            whole = theirs[:inner] + better[0]
            if not guess or same_stacks(ours, whole):
                theirs, gdb_end, guess = whole, 'by ' + better[1], False
                tally.counts[prefix + 'not by gdb'] += len(better[0])
                inner, outer = equal_ends(ours, theirs)
    total = max(len(ours), len(theirs))
    tally.counts[prefix + 'frames'] += total
    tally.counts[prefix + 'stacks'] += 1
    tally.counts[prefix + 'complete'] += end == 'complete'
    differ = total - inner - outer
    if differ:
        tally.counts[prefix + ('unjudged' if guess else 'differ')] += differ
        at = lambda list: list[inner] if inner < len(list) else None
        below = place(ours[inner - 1]) if inner else 'the pc'
        tally.note(f'{prefix}{"guess of gdb, " if guess else ""}above {below}: '
                   f'gdb {place(at(theirs))} [{gdb_end}], '
                   f'hubspy {place(at(ours))} [{end}]',
                   {'gdb': [f'{a:x}' for a in theirs],
                    'hubspy': [f'{a:x}' for a in ours]})
    elif end != 'complete':
        tally.note(f'{prefix}equal, but ends: {end} above '
                   f'{place(ours[-1]) if ours else "nothing"}',
                   {'gdb': [f'{a:x}' for a in theirs]})


def code_at(address):
    try:
        return gdb.selected_inferior().read_memory(address, 2).tobytes()
    except gdb.MemoryError:
        return b''


def in_system_call(frame):
    number = unsigned(frame.read_register('orig_rax'))
    return number < 2 ** 63 and code_at(unsigned(frame.pc()) - 2) == SYSCALL


def look(tally, unwinds, debug_frame):
    """Compares the selected thread's stacks."""
    frame = gdb.newest_frame()
    registers = [unsigned(frame.read_register(name)) for name in REGISTERS]
    by_all, by_two = unwinds.ask(registers)
    theirs = frames_by_gdb()
    compare(tally, '', by_all, theirs, debug_frame)
    if in_system_call(frame):
        compare(tally, 'asleep ', by_two, theirs, debug_frame)


def step(tally, unwinds, job):
    """Some instructions on: prologues, epilogues and PLT stubs are met so."""
    for _ in range(job['steps']):
        frame = gdb.newest_frame()
        # A call that waits for another thread would never return.
        if in_system_call(frame) or code_at(unsigned(frame.pc())) == SYSCALL:
            return
        gdb.execute('stepi', to_string=True)
        tally.counts['stops'] += 1
        look(tally, unwinds, job['debug_frame'])


def run(job):
    chance = random.Random(job['seed'])
    tally = Tally()
    unwinds = Unwinds(job['to_it'], job['from_it'])
    inferior = gdb.selected_inferior()
    while tally.counts['stops'] < job['stops']:
        timer = threading.Timer(chance.uniform(0, job['interval_s']), os.kill,
                                (inferior.pid, signal.SIGSTOP))
        timer.start()
        gdb.execute('continue', to_string=True)
        timer.join()
        tally.counts['stops'] += 1
        threads = [t for t in inferior.threads() if t.is_valid()]
        for thread in chance.sample(threads, min(len(threads), job['threads'])):
            thread.switch()
            look(tally, unwinds, job['debug_frame'])
        chance.choice(threads).switch()
        step(tally, unwinds, job)
    return tally.as_json()


def main():
    with open(os.environ['COMPARE_UNWINDS']) as file:
        job = json.load(file)
    try:
        answer = run(job)
    except (gdb.error, ValueError, OSError) as error:
        answer = {'error': f'{type(error).__name__}: {error}'}
    with open(job['answer'], 'w') as file:
        json.dump(answer, file)


main()

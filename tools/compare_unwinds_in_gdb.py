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


def place(address):
    return function_of(address) or 'code of no module' if address else 'the end'


def is_guess(frames, inner, theirs, gdb_end, debug_frame):
    """Does gdb know what it says of the frame behind `inner` equal ones?

    It leaves a function without a table by a look at its prologue. Where it
    read a zero there is more only if stacks were switched. Go's table does not
    say where a thread begins: gdb takes the word there for an address.
    """
    if debug_frame and inner < len(theirs) and not function_of(theirs[inner]):
        return True
    if inner == len(theirs) and gdb_end == 'a zero':
        return True
    return inner > 0 and not frames[inner - 1][1] and not debug_frame


def compare(tally, prefix, stack, gdb_stack, debug_frame):
    theirs, gdb_end = gdb_stack
    end, frames = stack
    ours = [address for address, _ in frames]
    inner, outer = equal_ends(ours, theirs)
    total = max(len(ours), len(theirs))
    tally.counts[prefix + 'frames'] += total
    tally.counts[prefix + 'stacks'] += 1
    tally.counts[prefix + 'complete'] += end == 'complete'
    differ = total - inner - outer
    if differ:
        guess = is_guess(frames, inner, theirs, gdb_end, debug_frame)
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

#!/usr/bin/env python3
"""`hubspy top` as a user sees it: in a real terminal (tmux), on real programs.

    top_screen_test.py HUBSPY FOLDER_OF_FIXTURES

Nothing here waits for a time: what hubspy draws also comes down a pipe
(pipe-pane), and after each piece of it the screen is looked at again.
"""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest


class Terminal:
    """A terminal of a tmux server of its own, with a shell's script in it."""

    def __init__(self, folder, script, columns=80, rows=24):
        self.socket = os.path.join(folder, "tmux")
        self.drawn = os.path.join(folder, "drawn")
        go = os.path.join(folder, "go")
        for fifo in (self.drawn, go):
            os.mkfifo(fifo)
        environment = dict(os.environ, LC_ALL="C.UTF-8")
        for name in ("TMUX", "NO_COLOR"):
            environment.pop(name, None)
        subprocess.run(
            ["tmux", "-f", "/dev/null", "-u", "-S", self.socket,
             "new-session", "-d", "-x", str(columns), "-y", str(rows),
             f"read go < {shlex.quote(go)}; {script}"],
            check=True, env=environment)
        # Both ends: whoever comes and goes does not end it.
        self.output = os.open(self.drawn, os.O_RDWR)
        self.tmux("pipe-pane", "-O", f"cat > {shlex.quote(self.drawn)}")
        with open(go, "w") as file:
            file.write("go\n")

    def tmux(self, *arguments):
        return subprocess.run(
            ["tmux", "-S", self.socket, *arguments], check=True,
            stdout=subprocess.PIPE, text=True).stdout

    def screen(self, *how):
        return self.tmux("capture-pane", "-p", *how).rstrip("\n").split("\n")

    def wait_for(self, pattern):
        """Until a line of the screen matches; the screen then."""
        while True:
            screen = self.screen()
            if any(re.search(pattern, line) for line in screen):
                return screen
            os.read(self.output, 65536)

    def type(self, *keys):
        self.tmux("send-keys", *keys)

    def close(self):
        self.tmux("kill-server")
        os.close(self.output)


class TopTest(unittest.TestCase):

    def start(self, *program):
        target = subprocess.Popen(
            [os.path.join(self.fixtures, program[0]), *program[1:]],
            stdout=subprocess.PIPE, text=True)
        self.addCleanup(target.wait)
        self.addCleanup(target.kill)
        self.addCleanup(target.stdout.close)
        try:
            # However busy the machine is: else it would be starved indeed.
            os.setpriority(os.PRIO_PROCESS, target.pid, -15)
        except PermissionError:
            pass
        self.assertRegex(target.stdout.readline(), "^(ready|foo)")
        return target

    def top(self, *arguments, columns=80, rows=24):
        self.folder = tempfile.mkdtemp()
        # The script may be writing its last while its terminal goes.
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        run = " ".join(shlex.quote(a)
                       for a in (self.hubspy, "top", *map(str, arguments)))
        pid = os.path.join(self.folder, "pid")
        self.terminal = Terminal(
            self.folder,
            f"stty -g > {self.folder}/before; echo '$ before';"
            f"sh -c 'echo $$ > {pid}; exec {run}';"
            f"echo \"status $?\"; stty -g > {self.folder}/after;"
            "echo done; read end",
            columns, rows)
        self.addCleanup(self.terminal.close)
        return self.terminal

    def read(self, name):
        with open(os.path.join(self.folder, name)) as file:
            return file.read().strip()

    def hubspy_pid(self):
        return int(self.read("pid"))

    def assertRestored(self, status):
        screen = self.terminal.wait_for("^done")
        self.assertEqual(screen[0], "$ before")
        self.assertIn(f"status {status}", screen)
        self.assertEqual(self.read("before"), self.read("after"))
        self.assertEqual(
            self.terminal.tmux("display", "-p",
                               "#{alternate_on} #{cursor_flag}").strip(),
            "0 1")


class Hubs(TopTest):

    def test_the_seed_programs_clock_is_seen(self):
        seed = self.start("inverted_clock")
        top = self.top("-p", seed.pid)
        screen = top.wait_for(r"1736x slow +clock_rate$")
        # Above it, on a busy machine, that looks came late.
        self.assertRegex("\n".join(screen),
                         rf"(?m)^Collecting samples from process {seed.pid}: .*inverted_clock$")
        hub = next(i for i, line in enumerate(screen) if "clock_rate" in line)
        self.assertRegex(screen[hub - 1], r"^Hub +Turns/s .* Clock +Verdict")
        self.assertRegex(screen[hub], rf"^{seed.pid} .* 2 +0 +0 +2 ")
        self.assertEqual(screen[hub + 1], "")
        self.assertRegex(screen[hub + 2], r"^  %Own   %Total")

    def test_a_green_thread_that_does_not_yield_is_seen(self):
        target = self.start("not_yielding_spin")
        self.top("-p", target.pid).wait_for(r" not_yielding$")

    def test_a_healthy_hub_is_healthy(self):
        target = self.start("healthy", "contended_mutex")
        self.top("-p", target.pid).wait_for(r" healthy$")


class Keys(TopTest):

    def setUp(self):
        self.target = self.start("switching")
        self.terminal = self.top("-p", self.target.pid, "--delay", "0.3")
        self.terminal.wait_for(r" Own<\d>|OwnerMain<|Switch")

    def sleeps(self):
        """How often hubspy has slept so far."""
        with open(f"/proc/{self.hubspy_pid()}/status") as file:
            return int(re.search(r"\nvoluntary_ctxt_switches:\s*(\d+)",
                                 file.read()).group(1))

    def press(self, key, pattern):
        self.terminal.type(key)
        return self.terminal.wait_for(pattern)

    def sorted_by(self):
        coloured = "\n".join(self.terminal.screen("-e"))
        # Bold and underlined; a colour may end there, too.
        found = re.search("\033\\[[0-9;]*1[0-9;]*4[0-9;]*m"
                          "(?:\033\\[[0-9;]*m)* *([%A-Za-z]+)", coloured)
        return found and found.group(1)

    def test_1_to_4_sort(self):
        for key, column in (("1", "%Own"), ("2", "%Total"), ("4", "TotalTime"),
                            ("3", "OwnTime")):
            self.terminal.type(key)
            while self.sorted_by() != column:
                os.read(self.terminal.output, 65536)

    def test_l_sums_up_lines(self):
        screen = self.press("l", r"Function \(filename\)")
        self.assertTrue(any("switching.cc)" in line for line in screen))
        self.press("l", r"Function \(filename:line\)")

    def test_t_adds_threads(self):
        self.press("t", "^by thread")
        self.press("2", rf"thread \({self.target.pid}\): switching")

    def filter(self, pattern):
        self.terminal.type("/")
        self.terminal.type("-l", pattern)
        self.terminal.type("Enter")

    def test_g_adds_green_threads(self):
        self.press("g", "^green threads")
        self.terminal.wait_for("Green Threads: [1-9]")
        # Of a hub that does nothing but switch, few looks find one that stands
        # still: their rows may be far down.
        self.filter("[[]ready|green thread")
        self.terminal.wait_for(r"\[ready\]")
        self.terminal.type("t")
        self.terminal.wait_for(r"green thread \(\d+\): owner [0-7]")

    def test_i_adds_who_sleeps(self):
        self.press("i", "^idle too")

    def test_r_begins_anew(self):
        self.terminal.wait_for(r"Total Samples [1-9]\d\d")
        self.press("r", r"Total Samples \d?\d in")

    def test_slash_filters(self):
        self.press("/", "Filter .*: /")
        self.terminal.type("-l", "hub::run")
        self.terminal.type("Enter")
        self.press("2", r"^only /hub::run/ \(\d+ of \d+\)")
        rows = self.terminal.screen()
        table = next(i for i, line in enumerate(rows) if "%Total" in line)
        shown = [line for line in rows[table + 1:-1] if line]
        self.assertTrue(shown)
        self.assertTrue(all("Hub::Run" in line for line in shown), shown)
        self.press("Escape", "main")

    def test_space_lets_the_screen_stand_still(self):
        paused = self.press("Space", "^Paused: ")
        samples = paused[1]
        # Keys are answered; the table is what it was.
        self.assertEqual(self.press("?", "Keyboard")[1], samples)
        self.assertEqual(self.press("?", "for help")[1], samples)
        # Sampling goes on, and sleeps in between as ever.
        asleep = self.sleeps() + 40
        while self.sleeps() < asleep:
            os.sched_yield()
        self.terminal.type("Space")
        while self.terminal.screen()[1] == samples:
            os.read(self.terminal.output, 65536)
        looks = [int(re.search(r"in (\d+) looks", line).group(1))
                 for line in (samples, self.terminal.screen()[1])]
        self.assertGreater(looks[1], looks[0] + 20)

    def test_enter_shows_callers_and_callees(self):
        self.press("2", "main")
        self.terminal.type("/")
        self.terminal.type("-l", "^Switch")
        self.terminal.type("Enter")
        self.press("Down", "Switch")
        screen = self.press("Enter", "Callers, function, callees")
        self.assertTrue(any(re.search(r"     Own<\d>", l) for l in screen))
        self.assertTrue(any(re.search(r"   Switch", l) for l in screen))
        self.assertTrue(any("       green::" in l for l in screen))
        self.terminal.type("Up")
        self.press("Enter", r"^.{37}Own<\d>")
        self.press("Escape", r"^.{37}Switch")
        self.press("BSpace", r"Function \(filename:line\)")

    def test_help_and_size(self):
        self.press("?", "q +Quit")
        self.press("Escape", "Press q to quit")
        self.terminal.tmux("resize-window", "-x", "60", "-y", "12")
        while len(self.terminal.screen()) != 12 or not re.search(
                "Press q", self.terminal.screen()[-1]):
            os.read(self.terminal.output, 65536)
        self.assertTrue(all(len(line) <= 60 for line in self.terminal.screen()))


class Ends(TopTest):

    def setUp(self):
        self.target = self.start("spin")
        self.terminal = self.top("-p", self.target.pid, "--delay", "0.3")
        self.terminal.wait_for("Total Samples")

    def test_q(self):
        self.terminal.type("q")
        self.assertRestored(0)

    def test_control_c(self):
        self.terminal.type("C-c")
        self.assertRestored(0)

    def test_sigterm(self):
        os.kill(self.hubspy_pid(), signal.SIGTERM)
        self.assertRestored(0)

    def test_sighup(self):
        os.kill(self.hubspy_pid(), signal.SIGHUP)
        self.assertRestored(0)

    def test_the_target_has_gone(self):
        self.target.kill()
        self.assertRestored(1)
        self.terminal.wait_for("has exited")

    def test_a_fault_of_ours(self):
        os.kill(self.hubspy_pid(), signal.SIGSEGV)
        self.assertRestored(139)


if __name__ == "__main__":
    if shutil.which("tmux") is None:
        sys.exit("needs tmux")
    TopTest.hubspy = os.path.abspath(sys.argv.pop(1))
    TopTest.fixtures = os.path.abspath(sys.argv.pop(1))
    unittest.main()

#!/usr/bin/env python3
"""Runs the live screen in a real terminal (tmux) and types on it.

    screen_test.py SCREEN_PROGRAM
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest


class Terminal:
    """A terminal of a tmux server of its own, with the program in it."""

    def __init__(self, program, folder):
        self.socket = os.path.join(folder, "tmux")
        self.fifo = os.path.join(folder, "fifo")
        self.folder = folder
        os.mkfifo(self.fifo)
        quoted = [shlex.quote(w) for w in (program, self.fifo)]
        run = " ".join(quoted)
        script = (
            f"stty -g > {folder}/before; echo '$ before';"
            f"sh -c 'echo $$ > {folder}/pid; exec {run}';"
            f"echo $? > {folder}/status; stty -g > {folder}/after;"
            f"{run} --settled; read end")
        environment = dict(os.environ, LC_ALL="C.UTF-8")
        environment.pop("TMUX", None)
        subprocess.run(
            ["tmux", "-f", "/dev/null", "-u", "-S", self.socket,
             "new-session", "-d", "-x", "80", "-y", "24", script],
            check=True, env=environment)
        # Both ends: a program that went away must not look like an end of file.
        self.signals = os.fdopen(os.open(self.fifo, os.O_RDWR), "r")

    def tmux(self, *arguments):
        return subprocess.run(
            ["tmux", "-S", self.socket, *arguments], check=True,
            stdout=subprocess.PIPE, text=True).stdout

    def wait_until_drawn(self):
        if self.signals.readline() != "drawn\n":
            raise RuntimeError("the program ended")

    def screen(self):
        return self.tmux("capture-pane", "-p").rstrip("\n").split("\n")

    def type(self, key):
        self.tmux("send-keys", key)
        self.wait_until_drawn()
        return self.screen()

    def read(self, name):
        with open(os.path.join(self.folder, name)) as file:
            return file.read().strip()

    def close(self):
        self.tmux("kill-server")
        self.signals.close()


class LiveScreen(unittest.TestCase):

    def setUp(self):
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        self.terminal = Terminal(self.program, folder)
        self.addCleanup(self.terminal.close)
        self.terminal.wait_until_drawn()

    def assertRestored(self, status):
        """The program is gone, and has left the terminal as it was."""
        self.terminal.wait_until_drawn()
        self.assertEqual(self.terminal.read("status"), status)
        self.assertEqual(self.terminal.read("before"),
                         self.terminal.read("after"))
        self.assertEqual(
            self.terminal.tmux("display", "-p",
                               "#{alternate_on} #{cursor_flag}").strip(),
            "0 1")
        self.assertEqual(self.terminal.screen()[0], "$ before")

    def test_draws_the_table(self):
        screen = self.terminal.screen()
        self.assertEqual(screen[0], "Collecting samples from 'séed (pid 7)'")
        self.assertEqual(
            screen[4],
            "  %Own   %Total  OwnTime  TotalTime  Function (filename:line)")
        self.assertEqual(
            screen[5],
            " 90.00%  90.00%   0.900s    0.900s   epoll_wait (libc.so.6)")
        self.assertEqual(screen[-1], "Press q to quit, or ? for help.")

    def test_keys_sort_and_help(self):
        self.assertIn("epoll_wait", self.terminal.screen()[5])
        self.assertIn("green::Hub::Run", self.terminal.type("2")[5])
        self.assertIn("epoll_wait", self.terminal.type("1")[5])
        self.assertIn("green::Hub::Run", self.terminal.type("4")[5])
        self.assertIn("Function (filename)", self.terminal.type("l")[4])
        self.assertIn("Quit", self.terminal.type("?")[-1])
        self.assertIn("? for help", self.terminal.type("x")[-1])

    def test_follows_the_terminals_size(self):
        self.terminal.tmux("resize-window", "-x", "60", "-y", "12")
        self.terminal.wait_until_drawn()
        screen = self.terminal.screen()
        self.assertEqual(len(screen), 12)
        self.assertTrue(all(len(line) <= 60 for line in screen))
        self.assertIn("? for help", screen[-1])

    def test_q_gives_the_terminal_back(self):
        self.terminal.tmux("send-keys", "q")
        self.assertRestored("0")

    def test_control_c_gives_the_terminal_back(self):
        self.terminal.tmux("send-keys", "C-c")
        self.assertRestored("1")

    def test_sigterm_gives_the_terminal_back(self):
        os.kill(int(self.terminal.read("pid")), 15)
        self.assertRestored("1")


class WithoutTerminal(unittest.TestCase):

    def run_program(self, **how):
        with tempfile.TemporaryDirectory() as folder:
            fifo = os.path.join(folder, "fifo")
            os.mkfifo(fifo)
            reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
            done = subprocess.run([self.program, fifo], text=True,
                                  stderr=subprocess.PIPE, **how)
            os.close(reader)
            return done

    def test_says_what_to_do_where_there_is_no_terminal(self):
        done = self.run_program(stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"^[^\n]*needs a terminal[^\n]*-n[^\n]*\n$")

    def test_says_what_to_do_where_the_terminal_is_not_known(self):
        ours, theirs = os.openpty()
        done = self.run_program(stdin=theirs, stdout=theirs,
                                env=dict(os.environ, TERM="no-such-terminal"))
        os.close(ours)
        os.close(theirs)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, re.compile(r"set TERM"))


if __name__ == "__main__":
    if shutil.which("tmux") is None:
        sys.exit("needs tmux")
    LiveScreen.program = WithoutTerminal.program = sys.argv.pop(1)
    unittest.main()

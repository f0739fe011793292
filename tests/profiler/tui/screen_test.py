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

    def __init__(self, program, folder, **environment_of_program):
        self.socket = os.path.join(folder, "tmux")
        self.fifo = os.path.join(folder, "fifo")
        self.folder = folder
        os.mkfifo(self.fifo)
        quoted = [shlex.quote(w) for w in (program, self.fifo)]
        run = " ".join(quoted)
        settings = " ".join(
            f"{name}={shlex.quote(value)}"
            for name, value in environment_of_program.items())
        script = (
            f"stty -g > {folder}/before; echo '$ before';"
            f"sh -c 'echo $$ > {folder}/pid; exec env {settings} {run}';"
            f"echo $? > {folder}/status; stty -g > {folder}/after;"
            f"{run} --settled; read end")
        environment = dict(os.environ, LC_ALL="C.UTF-8")
        for name in ("TMUX", "NO_COLOR"):
            environment.pop(name, None)
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


class ScreenTest(unittest.TestCase):

    def open(self, **environment):
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        self.terminal = Terminal(self.program, folder, **environment)
        self.addCleanup(self.terminal.close)
        self.terminal.wait_until_drawn()


class LiveScreen(ScreenTest):

    def setUp(self):
        self.open()

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
        self.assertEqual(screen[0], "Collecting samples from process 7: séed")
        self.assertEqual(
            screen[4],
            "  %Own   %Total  OwnTime  TotalTime  Function (filename:line)")
        self.assertEqual(
            screen[5],
            " 90.00%  90.00%   0.900s    0.900s   epoll_wait (libc.so.6)")
        self.assertEqual(screen[-1], "Press q to quit, or ? for help.")

    def test_names_stay_on_their_line(self):
        self.assertEqual(
            self.terminal.screen()[6],
            "  9.00%   9.00%   0.090s    0.090s   名前\ufffd[2J (seed.cc:4)")

    def test_keys_sort_and_help(self):
        self.assertIn("epoll_wait", self.terminal.screen()[5])
        self.assertIn("green::Hub::Run", self.terminal.type("2")[5])
        self.assertIn("epoll_wait", self.terminal.type("1")[5])
        self.assertIn("green::Hub::Run", self.terminal.type("4")[5])
        self.assertIn("Function (filename)", self.terminal.type("l")[4])
        self.assertIn("Quit", "\n".join(self.terminal.type("?")))
        self.assertIn("? for help", self.terminal.type("?")[-1])
        self.assertIn("Quit", "\n".join(self.terminal.type("?")))
        self.assertIn("? for help", self.terminal.type("Escape")[-1])

    def test_filters_by_what_is_typed(self):
        self.assertIn("Filter", self.terminal.type("/")[-1])
        self.terminal.type("q")
        self.terminal.type("BSpace")
        self.terminal.type("m")
        self.terminal.type("a")
        screen = self.terminal.type("Enter")
        self.assertIn("only /ma/ (1 of 5)", screen[3])
        self.assertIn("main (seed.cc:9)", screen[5])
        self.assertEqual(screen[6], "")
        self.assertIn("epoll_wait", self.terminal.type("Escape")[5])

    def test_arrows_and_enter_go_from_function_to_function(self):
        self.terminal.type("2")
        self.terminal.type("Down")
        screen = self.terminal.type("Enter")
        self.assertIn("Callers, function, callees", screen[4])
        self.assertIn("  main (seed.cc:9)", screen[5])
        self.assertIn("   green::Hub::Run (hub.cc:80)", screen[6])
        self.assertIn("       epoll_wait", screen[7])
        self.terminal.type("Down")
        screen = self.terminal.type("Enter")
        self.assertIn("green::Hub::Run", screen[5])
        self.assertIn("epoll_wait", screen[6])
        self.assertIn("main (seed.cc:9)", self.terminal.type("Escape")[5])
        self.assertIn("Function (filename:line)",
                      self.terminal.type("BSpace")[4])

    def test_marks_the_selected_row(self):
        self.terminal.type("End")
        marked = self.terminal.tmux("capture-pane", "-p", "-e").split("\n")
        self.assertEqual(
            [row for row, line in enumerate(marked)
             if line.startswith("\033[7m") and "main" in line], [9])

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


    def test_control_backslash_gives_the_terminal_back(self):
        self.terminal.type("?")
        os.kill(int(self.terminal.read("pid")), 3)  # SIGQUIT
        self.assertRestored("131")

    def test_an_abort_gives_the_terminal_back(self):
        self.terminal.tmux("send-keys", "!")
        self.assertRestored("134")


class WithoutColour(ScreenTest):

    def coloured(self):
        """Whether anything on the screen has a colour."""
        text = self.terminal.tmux("capture-pane", "-p", "-e")
        return re.search("\033\\[[0-9;]*3[0-7]m", text) is not None

    def test_there_is_some_otherwise(self):
        self.open()
        self.assertTrue(self.coloured())

    def test_where_it_is_not_wanted(self):
        self.open(NO_COLOR="1")
        self.assertFalse(self.coloured())
        self.assertIn("epoll_wait", self.terminal.screen()[5])

    def test_where_the_terminal_has_none(self):
        self.open(TERM="vt100")
        self.assertFalse(self.coloured())
        self.assertIn("epoll_wait", self.terminal.screen()[5])
        self.assertIn("main", self.terminal.type("End")[9])

    def test_what_the_encoding_lacks_is_as_wide_as_it_would_be(self):
        self.open(LC_ALL="C")
        self.assertEqual(
            self.terminal.screen()[6],
            "  9.00%   9.00%   0.090s    0.090s   ?????[2J (seed.cc:4)")


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
    ScreenTest.program = WithoutTerminal.program = sys.argv.pop(1)
    unittest.main()

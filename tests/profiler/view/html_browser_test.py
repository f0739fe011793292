#!/usr/bin/env python3
"""Opens an HTML page in headless Chromium and uses it as a person would.

    html_browser_test.py PROGRAM_THAT_WRITES_PAGES

What the page says is compared with what html_recorded.py computes.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

from browser import Browser, CONTROL, ESCAPE
from html_recorded import (
    BYTES, CLIENT, COPY, FD, HANDLE, HUB, MAIN, MARKUP, PARSE, READ,
    RUN, RUNNING, SCRIPT, WORKER, expected, merged)

def seconds(text):
    number, unit = text.split()
    return float(number) / {"s": 1, "ms": 1000}[unit]


class Page(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.dir = tempfile.TemporaryDirectory()
        cls.urls = {}
        for name in ("timed", "untimed", "empty"):
            page = pathlib.Path(cls.dir.name) / (name + ".html")
            with open(page, "wb") as out:
                subprocess.run([cls.writer, name], stdout=out, check=True)
            cls.urls[name] = page.as_uri()
        cls.browser = Browser(os.path.join(cls.dir.name, "chromium"))

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()
        cls.dir.cleanup()

    def setUp(self):
        self.size(1000, 700)
        self.media("light")
        self.open("timed")

    def open(self, name):
        self.browser.post("/url", url=self.urls[name])
        self.drawn()

    def size(self, width, height):
        self.cdp("Emulation.setDeviceMetricsOverride", width=width,
                 height=height, deviceScaleFactor=1, mobile=False)

    def media(self, scheme):
        self.cdp("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": scheme}])

    def cdp(self, command, **parameters):
        self.browser.post("/goog/cdp/execute", cmd=command, params=parameters)

    def drawn(self):
        """Until what was to be drawn has been."""
        self.browser.post("/execute/async", args=[], script="""
            const done = arguments[0];
            requestAnimationFrame(() => requestAnimationFrame(
                () => requestAnimationFrame(done)));""")

    def click(self, css):
        self.browser.click(css)
        self.drawn()

    def text(self, css):
        return self.browser.script(
            "return document.querySelector(arguments[0]).textContent", css)

    def pointer(self, *steps):
        """('move', x, y), 'down' and 'up', in the window."""
        kinds = {"down": {"type": "pointerDown", "button": 0},
                 "up": {"type": "pointerUp", "button": 0}}
        self.browser.post("/actions", actions=[{
            "type": "pointer", "id": "mouse", "actions": [
                kinds[s] if isinstance(s, str) else
                {"type": "pointerMove", "duration": 0, "origin": "viewport",
                 "x": round(s[1]), "y": round(s[2])} for s in steps]}])
        self.drawn()

    def drag(self, from_s, to_s):
        """On the lanes; returns the span that it chose, in milliseconds."""
        box = self.browser.script("""
            const b = document.querySelector('#lanes').getBoundingClientRect();
            return [b.left, b.top, b.width];""")
        x = [box[0] + box[2] * at / 10 for at in (from_s, to_s)]
        self.pointer(("move", x[0], box[1] + 10), "down",
                     ("move", (x[0] + x[1]) / 2, box[1] + 15),
                     ("move", x[1], box[1] + 10), "up")
        span = [1000 * float(self.browser.script(
            "return document.getElementById(arguments[0]).value", i))
            for i in ("span-from", "span-to")]
        self.assertAlmostEqual(span[0], 1000 * min(from_s, to_s), delta=20)
        self.assertAlmostEqual(span[1], 1000 * max(from_s, to_s), delta=20)
        return span

    def rows(self):
        return self.browser.script("""
            return Array.from(document.querySelectorAll('#functions tr'),
                row => Array.from(row.cells, cell => cell.textContent));""")

    def choose(self, function):
        self.browser.script("""
            for (const row of document.querySelectorAll('#functions tr')) {
              if (row.cells[4].textContent === arguments[0]) row.click();
            }""", function)

    def neighbours(self, which):
        return self.browser.script("""
            return Array.from(document.querySelectorAll(arguments[0]), li =>
                [li.lastChild.textContent, li.firstChild.textContent]);""",
            "#" + which + " li")

    def assertShows(self, **wanted):
        totals, everything = expected(**wanted)
        shown = {}
        for own, total, own_time, total_time, name in self.rows():
            shown[name] = [own, total]
            self.assertAlmostEqual(seconds(own_time), totals[name][0] / 100,
                                   delta=0.05, msg=name)
            self.assertAlmostEqual(seconds(total_time), totals[name][1] / 100,
                                   delta=0.05, msg=name)
        self.assertEqual(shown, {
            name: ["%.2f%%" % (100 * n / everything) for n in counts]
            for name, counts in totals.items()})
        self.assertIn(": {:,} samples".format(everything),
                      self.text("#span-text"))
        self.assertEqual(self.flame(), merged(**wanted))

    def flame(self):
        """Path -> samples, of what is drawn."""
        return dict(self.browser.script("""
            const flame = page.flame, tree = flame.tree, drawn = [];
            for (const row of flame.rows) {
              for (const box of row) {
                const path = [];
                for (let n = box.node; n > 0; n = tree.parent[n]) {
                  path.unshift(flame.nameOf(n));
                }
                const share = box.w / flame.surface.width;
                drawn.push([path.join(' > '),
                            Math.round(share * tree.total[flame.zoomed])]);
              }
            }
            return drawn;"""))

    def box(self, path):
        """The middle of a frame, in the window."""
        return self.browser.script("""
            const flame = page.flame, tree = flame.tree;
            const bounds = flame.canvas.getBoundingClientRect();
            for (const row of flame.rows) {
              for (const box of row) {
                const path = [];
                for (let n = box.node; n > 0; n = tree.parent[n]) {
                  path.unshift(flame.nameOf(n));
                }
                if (path.join(' > ') === arguments[0]) {
                  return [bounds.left + box.x + box.w / 2,
                          bounds.top + flame.top(path.length) + 9];
                }
              }
            }""", path)

    def test_shows_the_whole_recording(self):
        self.assertShows()
        self.assertIn("6,000 loop iterations; 2 stalls, the longest 700 ms",
                      self.text("#span-text"))

    def test_counts_idle_threads_when_asked_to(self):
        self.click("#idle")
        self.assertShows(idle=True)

    def test_a_drag_chooses_a_span_and_all_follows(self):
        span = self.drag(2.62, 5.41)
        self.assertShows(span=span)
        text = self.text("#span-text")
        iterations = (5000 - span[0]) + (span[1] - 5000) / 5
        self.assertIn("{:,} loop iterations".format(round(iterations)), text)
        self.assertIn("; 1 stall, the longest 412 ms", text)
        self.assertIn("25 samples without a time left out", text)

    def test_a_drag_to_the_left_is_one_too(self):
        self.assertShows(span=self.drag(9.7, 6.3))

    def test_parts_add_up(self):
        counted = 0
        for edges in ((0, 3333), (3333, 7777), (7777, 10000)):
            self.browser.script("""
                page.timeline.choose({from: arguments[0] * 1e3,
                                      to: arguments[1] * 1e3});""", *edges)
            self.drawn()
            self.assertShows(span=edges)
            counted += expected(span=edges)[1]
        self.assertEqual(counted + 25, expected()[1])

    def test_escape_and_double_click_choose_the_whole_again(self):
        self.drag(1, 2)
        self.browser.press(ESCAPE)
        self.drawn()
        self.assertShows()
        self.drag(1, 2)
        x, y = self.browser.script("""
            const b = document.querySelector('#lanes').getBoundingClientRect();
            return [b.left + 50, b.top + 10];""")
        self.pointer(("move", x, y), "down", "up", "down", "up")
        self.assertShows()

    def test_a_span_can_be_typed(self):
        self.browser.script("""
            const from = document.querySelector('#span-from');
            from.value = '7.5';
            from.dispatchEvent(new Event('change'));""")
        self.drawn()
        self.assertShows(span=(7500, 10000))

    def test_threads_and_green_threads_can_be_left_out(self):
        self.browser.script("""
            for (const lane of document.querySelectorAll('#lane-labels label')) {
              if (lane.textContent.startsWith('green thread')) lane.click();
            }""")
        self.drawn()
        self.assertShows(lanes=(HUB, WORKER))
        self.browser.script("""
            for (const lane of document.querySelectorAll('#lane-labels .lane')) {
              if (lane.textContent.startsWith('thread (8)')) {
                lane.querySelector('button').click();
              }
            }""")
        self.drawn()
        self.assertShows(lanes=(WORKER,))
        self.click("#lanes-all")
        self.assertShows()

    def test_states_can_be_left_out(self):
        states = self.browser.script("""
            document.querySelector('#states-menu').open = true;
            return Array.from(document.querySelectorAll('#states label'), l => {
              if (l.textContent.startsWith('waiting: fd')) l.click();
              return l.textContent;
            });""")
        self.drawn()
        self.assertEqual(states, ["running, 58.76%",
                                  "sleeping: epoll_wait, 20.62%",
                                  "waiting: fd, 20.62%"])
        self.assertNotIn(READ, [row[4] for row in self.rows()])
        self.assertEqual(self.text("#states-count"), "(2 of 3)")

    def test_splits_stacks_by_thread_and_state(self):
        self.click("#by-thread")
        drawn = self.flame()
        self.assertEqual(drawn[HUB], 500)
        self.assertEqual(drawn[CLIENT + " > " + FD + " > " + HANDLE], 500)
        self.click("#by-state")
        self.assertEqual(self.flame()[WORKER + " > " + RUNNING + " > " + MAIN],
                         425)

    def test_search_marks_and_tells_the_share_and_lists(self):
        self.browser.press("/")
        self.browser.type("^(parse|copy)")
        self.drawn()
        # 500 on the hub, 500 on the green thread, of 1925.
        self.assertEqual(self.text("#matched"), "Matched: 51.95%")
        self.assertEqual({row[4] for row in self.rows()}, {PARSE, COPY})
        self.browser.type("(")
        self.assertEqual(self.text("#matched"), "Not a regular expression")
        self.browser.press(ESCAPE)
        self.assertEqual(self.text("#matched"), "")
        self.assertShows()

    def test_keeps_and_hides_what_was_searched(self):
        self.browser.press(CONTROL, "f")
        self.browser.type("Hub::Run")
        self.click("#keep")
        self.assertShows(keep="Hub::Run")
        self.click("#chips button")
        self.browser.press("/")
        self.browser.type("Parse")
        self.click("#hide")
        self.assertEqual(self.text("#chips li span"), "without Parse")
        self.assertShows(hide="Parse")

    def test_the_table_sorts_by_each_column(self):
        self.click("#tabs label:nth-child(2)")
        totals, _ = expected()
        for column, key in enumerate(("own", "total", "own", "total")):
            self.click("#columns th:nth-child(%d) button" % (column + 1))
            if column == 0:  # that it is sorted by
                self.click("#columns th:nth-child(1) button")
            at = 0 if key == "own" else 1
            values = [totals[row[4]][at] for row in self.rows()]
            self.assertEqual(values, sorted(values, reverse=True), column)
            self.assertEqual(self.browser.script("""
                return document.querySelectorAll('#columns th')[arguments[0]]
                    .getAttribute('aria-sort');""", column), "descending")
        self.click("#columns th:nth-child(4) button")
        values = [totals[row[4]][1] for row in self.rows()]
        self.assertEqual(values, sorted(values))
        self.click("#columns th:nth-child(5) button")
        names = [row[4] for row in self.rows()]
        self.assertEqual(names, sorted(names))

    def test_a_row_has_callers_and_callees_and_one_goes_on(self):
        self.click("#tabs label:nth-child(2)")
        self.choose(PARSE)
        # 500 on the hub, 300 of them in a second Parse: once; 500 elsewhere.
        self.assertEqual(self.neighbours("callers"),
                         [[RUN, "50.00%"], [HANDLE, "50.00%"]])
        self.assertEqual(self.neighbours("callees"), [[COPY, "30.00%"]])
        self.assertIn("1,000 samples, 51.95%; own 700, 36.36%",
                      self.text("#chosen-place"))
        self.assertIn("/src/http/parser.cc", self.text("#chosen-place"))
        self.browser.script(
            "document.querySelector('#callers button').click()")
        self.assertEqual(self.text("#chosen"), RUN)
        self.assertEqual(self.neighbours("callers"), [[MAIN, "100.00%"]])
        self.assertEqual(self.neighbours("callees"), [[PARSE, "100.00%"]])
        self.choose(MAIN)
        self.assertEqual(self.neighbours("callers"),
                         [["(outermost)", "100.00%"]])
        self.drag(0.1, 0.3)  # nothing but the green thread that waits
        self.assertEqual(self.neighbours("callers"), [["none", "none"]])

    def test_click_zooms_and_escape_undoes(self):
        self.pointer(("move", *self.box(FD + " > " + HANDLE)), "down", "up")
        drawn = self.flame()
        self.assertEqual(drawn[FD + " > " + HANDLE], 500)
        self.assertEqual(drawn[FD], 500)
        self.assertNotIn(MAIN, drawn)
        self.assertEqual(self.text("#chosen"), HANDLE)
        self.browser.press(ESCAPE)
        self.drawn()
        self.assertEqual(self.flame(), merged())

    def test_hover_tells_samples_share_time_and_place(self):
        self.pointer(("move", *self.box(" > ".join((MAIN, RUN, PARSE)))))
        self.assertEqual(self.browser.script("""
            return Array.from(document.querySelectorAll('#tip div'),
                              line => line.textContent);"""),
            [PARSE, "500 samples, 25.97%, 5.00 s", "own: 200, 10.39%",
             "/src/http/parser.cc", "/opt/seed"])

    def test_hover_tells_of_stalls_and_of_the_loop(self):
        box = self.browser.script("""
            const b = document.querySelector('#lanes').getBoundingClientRect();
            return [b.left, b.top, b.width];""")
        self.pointer(("move", box[0] + box[2] * 0.31, box[1] + 40))
        tip = self.text("#tip")
        self.assertIn("stall of 412 ms: green thread 3 (client)", tip)
        self.assertIn("1,000 iterations/s", tip)

    def test_invert_hangs_it_from_its_root(self):
        self.assertGreater(self.box(MAIN)[1], self.box(MAIN + " > " + RUN)[1])
        self.click("#invert")
        self.assertLess(self.box(MAIN)[1], self.box(MAIN + " > " + RUN)[1])

    def test_the_graph_is_used_by_keyboard(self):
        self.browser.script("document.querySelector('#flame').focus()")
        self.browser.press("\ue013")  # up
        self.assertTrue(self.text("#flame-details").startswith("all: 1,925"))
        self.browser.press("\ue013")
        self.browser.press("\ue014")  # right
        self.assertTrue(self.text("#flame-details").startswith(FD))
        self.browser.press("\ue007")  # Enter
        self.drawn()
        self.assertNotIn(MAIN, self.flame())

    def test_without_times_all_else_is_there(self):
        self.open("untimed")
        drawn = self.flame()
        self.assertEqual(drawn[HUB + " > " + MAIN + " > " + RUN], 1000)
        self.assertEqual(drawn[WORKER], 425)
        self.assertTrue(self.browser.script(
            "return document.querySelector('#idle').checked"))

    def test_without_samples_it_says_so(self):
        self.open("empty")
        self.assertIn("No samples", self.text("#flame-details"))
        self.assertEqual(self.rows(), [])

    def test_follows_the_window_and_the_dark_mode(self):
        for width in (1000, 2000):
            self.size(width, 900)
            self.drawn()
            self.assertEqual(self.browser.script("""
                return [document.documentElement.scrollWidth,
                        document.querySelector('#flame').clientWidth > 0,
                        document.querySelector('#rows').clientWidth > 0];"""),
                [width, True, width == 2000])
            self.assertEqual(self.flame(), merged())
        paper = "return getComputedStyle(document.body).backgroundColor"
        light = self.browser.script(paper)
        self.media("dark")
        self.drawn()
        dark = self.browser.script(paper)
        self.assertGreater(sum(json.loads(light.replace("rgb(", "[")
                                          .replace(")", "]"))), 600)
        self.assertLess(sum(json.loads(dark.replace("rgb(", "[")
                                       .replace(")", "]"))), 150)

    def test_hostile_names_are_text(self):
        self.click("#tabs label:nth-child(2)")
        self.choose(SCRIPT)
        self.choose(MARKUP)
        self.assertEqual(self.text("#chosen"), MARKUP)
        names = [row[4] for row in self.rows()]
        for name in (SCRIPT, MARKUP, BYTES):
            self.assertIn(name, names)
        self.assertEqual(self.text("h1"), 'seed <b>&amp;</b> "program"')
        self.assertIn("./seed <b>&amp;</b>", self.text("#facts"))
        box = self.browser.script("""
            const b = document.querySelector('#lanes').getBoundingClientRect();
            return [b.left, b.top, b.width];""")
        self.pointer(("move", box[0] + box[2] * 0.75, box[1] + 40))
        self.assertIn("<img src=x onerror", self.text("#tip"))
        self.assertEqual(self.browser.script("""
            return [document.pwned ?? null,
                    document.querySelectorAll('script').length,
                    document.querySelectorAll('img, b, i:not([style])').length];
            """), [None, 2, 0])

    def test_runs_no_script_but_its_own(self):
        self.browser.script("""
            const script = document.createElement('script');
            script.textContent = 'document.pwned = 4';
            document.body.append(script);""")
        self.assertIsNone(self.browser.script("return document.pwned ?? null"))
        self.browser.post("/se/log", type="browser")  # it was told of

    def test_has_the_facts(self):
        facts = self.text("#facts")
        for fact in ("hubspy 1.2.3", "hubspy record -o x.html -p 7",
                     "box, Linux 6.1 x86_64", "100 Hz asked for", "0.00%"):
            self.assertIn(fact, facts)
        self.assertEqual(self.text("#flame-details"),
                         "hubspy 1.2.3; 100 Hz asked for, 100 Hz reached; "
                         "0.00% bad samples")

    def test_has_no_errors_and_asks_for_nothing(self):
        self.browser.post("/se/log", type="browser")
        for name in ("timed", "untimed", "empty"):
            self.open(name)
            self.assertEqual(self.browser.script(
                "return performance.getEntriesByType('resource').length"), 0)
            log = self.browser.post("/se/log", type="browser")
            self.assertEqual(log, [])


if __name__ == "__main__":
    Page.writer = sys.argv.pop(1)
    unittest.main()

#!/usr/bin/env python3
"""Opens a flame graph in headless Chromium and uses it as a person would.

    flamegraph_browser_test.py PROGRAM_THAT_WRITES_AN_SVG
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

from browser import Browser, CONTROL, ENTER, ESCAPE


class Flamegraph(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.dir = tempfile.TemporaryDirectory()
        svg = pathlib.Path(cls.dir.name) / "graph.svg"
        with open(svg, "wb") as out:
            subprocess.run([cls.writer], stdout=out, check=True)
        cls.url = svg.as_uri()
        cls.browser = Browser(os.path.join(cls.dir.name, "chromium"))

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()
        cls.dir.cleanup()

    def setUp(self):
        self.browser.post("/url", url=self.url)
        # Marks each frame with its function so that tests can point at it.
        self.frames = self.browser.script("""
            return Array.from(document.querySelectorAll('#frames g'), g => {
              const title = g.querySelector('title').textContent;
              g.id = 'frame-' + g.dataset.y + '-' + g.dataset.x;
              return [title, g.id];
            });""")

    def frame(self, beginning):
        ids = [i for title, i in self.frames if title.startswith(beginning)]
        self.assertEqual(len(ids), 1, beginning)
        return "#" + ids[0]

    def state(self, beginning):
        """What a person sees of a frame: x and width in shares of the graph."""
        return self.browser.script("""
            const g = document.querySelector(arguments[0]);
            const all = document.querySelector('#frames')
                .getBoundingClientRect();
            const box = g.querySelector('rect').getBoundingClientRect();
            const style = getComputedStyle(g);
            return {
              shown: style.display !== 'none',
              faded: style.opacity < 1,
              x: Math.round(1000 * (box.left - all.left) / all.width) / 1000,
              width: Math.round(1000 * box.width / all.width) / 1000,
              text: g.querySelector('text').textContent,
              colour: getComputedStyle(g.querySelector('rect')).fill,
            };""", self.frame(beginning))

    def text(self, css):
        return self.browser.script(
            "return document.querySelector(arguments[0]).textContent.trim()",
            css)

    def visible(self, css):
        return self.browser.script(
            "return getComputedStyle(document.querySelector(arguments[0]))"
            ".visibility === 'visible'", css)

    def assertDrawn(self, beginning, x, width):
        state = self.state(beginning)
        self.assertTrue(state["shown"], beginning)
        self.assertAlmostEqual(state["x"], x, delta=0.002, msg=beginning)
        self.assertAlmostEqual(state["width"], width, delta=0.002,
                               msg=beginning)

    def test_draws_frames_as_wide_as_their_samples(self):
        self.assertDrawn("all", 0, 1)
        self.assertDrawn("green::Hub::Run", 0.12, 0.8)
        self.assertDrawn("epoll_wait", 0.12, 0.4)
        self.assertFalse(self.visible("#reset"))

    def test_click_zooms_and_reset_undoes(self):
        self.browser.click(self.frame("green::Hub::FireTimers"))
        self.assertDrawn("green::Hub::FireTimers", 0, 1)
        for ancestor in ("all", "main", "green::Hub::Run"):
            self.assertDrawn(ancestor, 0, 1)
            self.assertTrue(self.state(ancestor)["faded"], ancestor)
        self.assertFalse(self.state("green::Hub::FireTimers")["faded"])
        self.assertFalse(self.state("epoll_wait")["shown"], "a sibling")
        self.assertFalse(self.state("</title>")["shown"], "an uncle")
        self.assertDrawn("Parser::SkipSpace", 0.5, 0.25)
        self.assertTrue(self.visible("#reset"))

        self.browser.click("#reset")
        self.assertDrawn("green::Hub::FireTimers", 0.52, 0.4)
        self.assertDrawn("epoll_wait", 0.12, 0.4)
        self.assertFalse(self.state("main")["faded"])
        self.assertFalse(self.visible("#reset"))

    def test_zooming_refits_names(self):
        whole = "Parser::SkipSpace (parser.cc:33)"
        self.assertEqual(self.state(whole)["text"], "..SkipSpace")
        self.browser.click(self.frame(whole))
        self.assertEqual(self.state(whole)["text"], whole)
        self.browser.press(ESCAPE)
        self.assertEqual(self.state(whole)["text"], "..SkipSpace")

    def test_of_a_name_that_does_not_fit_the_function_is_left(self):
        name = "ns::(anonymous namespace)::Map<a::b, c>::Find (map.cc:7) [inlined]"
        for columns, wanted in (
                (66, name), (65, "ns::(anonymous namespace)::Map<a::b, c>::Find"),
                (44, "..(anonymous namespace)::Map<a::b, c>::Find"),
                (42, "..Map<a::b, c>::Find"), (19, "..Find"), (5, "Find"),
                (3, "F.."), (2, "")):
            self.assertEqual(self.browser.script(
                "return fittedName(arguments[0], arguments[1])", name, columns),
                wanted)
        # Two columns each.
        self.assertEqual(self.browser.script(
            "return fittedName('\u89e3\u6790\u89e3\u6790', 7)"),
            "\u89e3\u6790..")

    def test_search_tells_the_share_matched(self):
        before = self.state("Parser::SkipSpace")["colour"]
        self.browser.press(CONTROL, "f")
        self.browser.type("^Parser::(Skip|Parse)")
        # 20 samples in one ParseRequest, half of them in a second one and
        # half in SkipSpace: the same samples, counted once.
        self.assertEqual(self.text("#matched"), "Matched: 20.00%")
        self.assertNotEqual(self.state("Parser::SkipSpace")["colour"], before)
        self.browser.press(ENTER)
        self.assertEqual(self.text("#search"), "Reset Search")
        self.browser.click("#search")
        self.assertEqual(self.text("#matched"), "")
        self.assertEqual(self.state("Parser::SkipSpace")["colour"], before)

    def test_search_button_opens_the_box(self):
        self.browser.click("#search")
        self.browser.type("epoll")
        self.assertEqual(self.text("#matched"), "Matched: 40.00%")
        self.browser.press(ESCAPE)
        self.assertEqual(self.text("#matched"), "")

    def test_search_survives_what_is_no_regular_expression(self):
        self.browser.press(CONTROL, "f")
        self.browser.type("epoll(")
        self.assertEqual(self.text("#matched"), "Not a regular expression")
        self.browser.type("_wait)?")
        self.assertEqual(self.text("#matched"), "Matched: 40.00%")

    def test_invert_hangs_it_from_its_root(self):
        def y(beginning):
            return self.browser.script("""
                const g = document.querySelector(arguments[0]);
                return [g.querySelector('rect'), g.querySelector('text')].map(
                    e => Number(e.getAttribute('y')));""",
                self.frame(beginning))
        upright = y("all"), y("main"), y("memcpy")
        self.assertGreater(upright[0][0], upright[1][0])
        self.browser.click("#invert")
        hanging = y("all"), y("main"), y("memcpy")
        self.assertEqual(hanging[0][0], upright[2][0], "the topmost row")
        self.assertEqual(hanging[2], upright[0])
        self.assertEqual(hanging[1][0] - hanging[0][0], 17)
        self.assertEqual(hanging[1][1] - hanging[1][0], 12, "its name")
        self.assertEqual(self.text("#invert"), "Root Below")
        self.assertDrawn("epoll_wait", 0.12, 0.4)
        self.browser.press("i")
        self.assertEqual((y("all"), y("main"), y("memcpy")), upright)
        self.browser.press(CONTROL, "f")
        self.browser.type("i")  # a letter of a search
        self.assertEqual(y("all"), upright[0])

    def test_hover_shows_the_whole_name_and_its_share(self):
        self.browser.move_to(self.frame("epoll_wait"))
        self.assertEqual(self.text("#details"),
                         "epoll_wait (libc.so.6) (40 samples, 40.00%)")

    def test_follows_the_window(self):
        self.browser.post("/window/rect", width=600, height=500)
        narrow = self.browser.script("return innerWidth")
        frames = ("return document.querySelector('#frames')"
                  ".getBoundingClientRect().width")
        self.assertAlmostEqual(self.browser.script(frames), 0.98 * narrow,
                               delta=2)
        self.browser.post("/window/rect", width=1000, height=700)

    def test_hostile_names_are_text(self):
        titles = [title for title, _ in self.frames]
        for name in ("</title><script>document.pwned=1</script>",
                     "]]></script><script>document.pwned=2//",
                     "a\"b' onload='document.pwned=3' &lt;",
                     "ill\ufffdformed\ufffd\ufffd[31m"):
            self.assertIn(name + " (4 samples, 4.00%)", titles)
        self.assertIsNone(self.browser.script("return document.pwned ?? null"))
        self.assertEqual(self.text("#title"),
                         'seed <b>&amp;</b> "program"')
        scripts = "return document.querySelectorAll('script').length"
        self.assertEqual(self.browser.script(scripts), 1)

    def test_zooming_hostile_names_runs_nothing(self):
        self.browser.click(self.frame("</title>"))
        self.assertDrawn("</title>", 0, 1)
        self.assertIsNone(self.browser.script("return document.pwned ?? null"))

    def test_has_no_errors_and_asks_for_nothing(self):
        # Loads ended with the page, so the list of resources is final.
        self.assertEqual(self.browser.script(
            "return performance.getEntriesByType('resource').length"), 0)
        log = self.browser.post("/se/log", type="browser")
        self.assertEqual([e for e in log if e["level"] == "SEVERE"], [])


if __name__ == "__main__":
    Flamegraph.writer = sys.argv.pop(1)
    unittest.main()

"""A headless Chromium, used as a person would use it.

Speaks WebDriver (https://www.w3.org/TR/webdriver2/) to chromedriver on the
loopback interface; nothing but Python's own library is needed.
"""

import http.client
import json
import re
import shutil
import subprocess
import sys

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # WebDriver, section 12.1
ESCAPE, ENTER, CONTROL = "\ue00c", "\ue007", "\ue009"
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
    "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--window-size=1000,700",
]


def find_program(*names):
    for name in names:
        path = shutil.which(name)
        if path:
            return path
    sys.exit("needs one of: " + ", ".join(names))


class Browser:
    """One chromedriver and one page."""

    def __init__(self, profile_dir):
        self.driver = subprocess.Popen(
            [find_program("chromedriver"), "--port=0"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        port = None
        for line in self.driver.stdout:
            match = re.search(r"started successfully on port (\d+)", line)
            if match:
                port = int(match.group(1))
                break
        if port is None:
            sys.exit("chromedriver did not start")
        self.http = http.client.HTTPConnection("127.0.0.1", port)
        options = {
            "binary": find_program("chromium", "chromium-browser",
                                   "google-chrome"),
            "args": FLAGS + ["--user-data-dir=" + profile_dir],
        }
        session = self.call("POST", "/session", {"capabilities": {
            "alwaysMatch": {"goog:chromeOptions": options,
                            "goog:loggingPrefs": {"browser": "ALL"}}}})
        self.session = "/session/" + session["sessionId"]

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body)
        self.http.request(method, path, data,
                          {"Content-Type": "application/json"})
        value = json.loads(self.http.getresponse().read())["value"]
        if isinstance(value, dict) and "error" in value:
            raise RuntimeError(value["error"] + ": " + value["message"])
        return value

    def post(self, path, **body):
        return self.call("POST", self.session + path, body)

    def script(self, code, *arguments):
        return self.post("/execute/sync", script=code, args=list(arguments))

    def click(self, css):
        element = self.post("/element", using="css selector", value=css)
        self.post("/element/" + element[ELEMENT] + "/click")

    def press(self, *keys):
        """Presses keys together; then lets them go."""
        actions = [{"type": "keyDown", "value": k} for k in keys]
        actions += [{"type": "keyUp", "value": k} for k in reversed(keys)]
        self.post("/actions", actions=[
            {"type": "key", "id": "keyboard", "actions": actions}])

    def type(self, text):
        for key in text:
            self.press(key)

    def move_to(self, css):
        element = self.post("/element", using="css selector", value=css)
        self.post("/actions", actions=[{
            "type": "pointer", "id": "mouse", "actions": [{
                "type": "pointerMove", "duration": 0, "x": 0, "y": 0,
                "origin": element}]}])

    def close(self):
        self.call("DELETE", self.session)
        self.driver.terminate()
        self.driver.wait()
        self.driver.stdout.close()

"""Chromium, driven by the WebDriver protocol: what these tests and scripts/screenshots need of it, with the standard library."""

import base64
import json
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
MISSING = None if CHROMIUM and DRIVER else "needs chromium and chromedriver (packages chromium, chromium-driver)"

KEYS = {"Enter": "\ue007", "Escape": "\ue00c", "ArrowLeft": "\ue012", "ArrowUp": "\ue013", "ArrowRight": "\ue014", "ArrowDown": "\ue015",
        "End": "\ue010", "Home": "\ue011", "Tab": "\ue004", "Backspace": "\ue003"}  # fmt: skip
PATIENCE = 20  # seconds that anything may take on a busy machine
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class DriverError(Exception):
    pass


def _call(method, url, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method, headers={"Content-Type": "application/json"})
    try:
        with _opener.open(request, timeout=60) as answer:
            return json.load(answer)["value"]
    except urllib.error.HTTPError as e:
        value = json.load(e)["value"]
        raise DriverError(f"{value['error']}: {value['message'].splitlines()[0]}") from None


# It takes a free port on IPv4, then the same one on IPv6, and gives up where somebody has that: another time it is another port.
def _start_driver():
    for _ in range(5):
        driver = subprocess.Popen([DRIVER, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        said = []
        for line in driver.stdout:
            said.append(line)
            if "successfully on port" in line:
                return driver, line.rsplit(" ", 1)[1].rstrip(".\n")
        driver.wait()
    raise DriverError("chromedriver did not start: " + "".join(said))


class Browser:
    """One window. Closes everything at the end of a `with`."""

    def __init__(self, width=1360, height=900, scale=1, *flags):
        self._profile = tempfile.TemporaryDirectory(prefix="hearth-chromium-", ignore_cleanup_errors=True)
        self._session = None
        self._driver, self._port = _start_driver()
        try:
            self._start(width, height, scale, flags)
        except BaseException:
            self.close()
            raise

    def _start(self, width, height, scale, flags):
        options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--no-proxy-server",
                   f"--force-device-scale-factor={scale}", f"--window-size={width},{height}", f"--user-data-dir={self._profile.name}"]  # fmt: skip
        wanted = {"goog:chromeOptions": {"binary": CHROMIUM, "args": options + list(flags)}, "goog:loggingPrefs": {"browser": "ALL"},
                  "unhandledPromptBehavior": "ignore"}  # fmt: skip
        base = f"http://127.0.0.1:{self._port}/session"
        self._session = f"{base}/{_call('POST', base, {'capabilities': {'alwaysMatch': wanted}})['sessionId']}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self._session:
            try:
                _call("DELETE", self._session)
            except (OSError, DriverError):
                pass
            self._session = None
        self._driver.terminate()
        self._driver.wait()
        self._driver.stdout.close()
        self._profile.cleanup()

    def open(self, url):
        _call("POST", f"{self._session}/url", {"url": url})

    def run(self, script, *args):
        """Runs a function body in the page; gives what it returns."""
        return _call("POST", f"{self._session}/execute/sync", {"script": script, "args": list(args)})

    def wait(self, script, *args, what=None):
        """Until the function body returns something true; gives that."""
        until = time.monotonic() + PATIENCE
        while True:
            value = self.run(script, *args)
            if value:
                return value
            if time.monotonic() > until:
                raise AssertionError(f"not within {PATIENCE} s: {what or script} {args or ''}")

    def text(self, selector):
        return self.run("return document.querySelector(arguments[0])?.textContent", selector)

    def press(self, *keys):
        """Keys by name, or text to type, to what has the focus."""
        presses = [c for k in keys for c in ([KEYS[k]] if k in KEYS else k)]
        actions = [{"type": kind, "value": key} for key in presses for kind in ("keyDown", "keyUp")]
        _call("POST", f"{self._session}/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def devtools(self, command, **parameters):
        return _call("POST", f"{self._session}/goog/cdp/execute", {"cmd": command, "params": parameters})

    def resize(self, width, height, scale=1, mobile=False):
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=mobile)

    def prefer(self, **features):
        """prefer(color_scheme="dark", reduced_motion="reduce")"""
        media = [{"name": "prefers-" + name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.devtools("Emulation.setEmulatedMedia", features=media)

    def screenshot(self):
        """PNG, of what the window shows."""
        return base64.b64decode(_call("GET", f"{self._session}/screenshot"))

    def complaints(self):
        """What the console has got since last asked: errors and warnings, less the network's."""
        entries = _call("POST", f"{self._session}/se/log", {"type": "browser"})
        return [e["message"] for e in entries if e["level"] in ("SEVERE", "WARNING") and e["source"] != "network"]

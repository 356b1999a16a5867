"""The live page in a real Chromium, against a real pool: what it shows is what stats() says, whatever happens to either."""

import http.server
import json
import os
import subprocess
import threading
import time
import unittest
import urllib.request
from pathlib import Path

import browser

PROGRAM = os.environ["HEARTH_POOL_PROGRAM"]
PAGE = Path(os.environ["HEARTH_PAGE"])
LINES = ("left", "watched", "looked", "matched", "replayed", "silent")
GAUGES = ("pending", "in_use", "free", "connecting")
TOKEN = "a-token-of-some-length"

window = None


def setUpModule():
    global window
    if browser.MISSING:
        raise unittest.SkipTest(browser.MISSING)
    window = browser.Browser()


def tearDownModule():
    if window:
        window.close()


class Program:
    """pool_program, by its standard input and output."""

    def __init__(self, *arguments):
        self._process = subprocess.Popen([PROGRAM, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.url = self.do("url")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()

    def do(self, command):
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline().strip()
        assert answer, f"{command}: the program has ended"
        return answer

    def stats(self):
        return json.loads(self.do("stats"))


# What the page shows, as numbers, in the shape of Program.stats().
SHOWN = """
  const number = (e) => Number(e.textContent.replaceAll(",", ""));
  const of = (root, name) => number(root.querySelector(`[data-of="${name}"]`));
  const totals = document.getElementById("totals");
  const shown = {stale_seen: number(document.querySelector("#seen b")), caught: {total: number(document.getElementById("caught"))}, origins: {}};
  for (const name of ["pending", "in_use", "free", "connecting", "requests", "failed"]) shown[name] = of(totals, name);
  for (const name of arguments[0]) shown.caught[name] = of(document.getElementById("lines-key"), name);
  for (const o of document.querySelectorAll(".origin")) {
    const origin = shown.origins[o.querySelector(".site").textContent] = {};
    for (const name of ["pending", "in_use", "free", "connecting", "failed", "caught"]) origin[name] = of(o, name);
  }
  return shown;
"""


def expected(stats):
    origins = {
        name: {k: o[k] for k in ("pending", "in_use", "free", "connecting", "failed")} | {"caught": o["caught"]["total"]}
        for name, o in stats["origins"].items()
    }
    return stats | {"origins": origins}


class PageTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        window.resize(1360, 900)
        window.prefer(color_scheme="light")
        window.complaints()

    def tearDown(self):
        self.assertEqual(window.complaints(), [])

    def open(self, program):
        window.open(program.url)
        window.run("localStorage.clear(); sessionStorage.clear()")
        window.open(program.url)

    def live(self, program):
        self.open(program)
        window.wait("return document.body.dataset.link === 'live' && document.body.dataset.sequence")

    def settle(self, program):
        """Until the page shows what stats() says; complains about the difference."""
        until = time.monotonic() + browser.PATIENCE
        while (shown := window.run(SHOWN, LINES)) != (wanted := expected(program.stats())) and time.monotonic() < until:
            pass
        self.assertEqual(shown, wanted)

    def rows(self):
        return window.run("return [...document.querySelectorAll('.origin')].map(o => [o.ariaPosInSet * 1, o.querySelector('.site').textContent]).sort((a, b) => a[0] - b[0]).map(o => o[1])")


class NumbersTest(PageTest):
    def test_it_shows_what_stats_says_once_a_load_has_ended(self):
        with Program() as program:
            self.live(program)
            self.assertIn("No origin yet", window.text("#origins-empty"))
            program.do("load 300")
            program.do("fail 2")
            self.settle(program)
            self.assertEqual(program.stats()["requests"], 302)
            self.assertEqual(window.run("return document.querySelectorAll('.chart canvas').length"), 5)
            window.wait("return document.querySelector('.totals .rate dd').textContent === '0'", what="no requests a second")

    def test_under_load_it_shows_what_stats_says_before_and_after(self):
        with Program() as program:
            self.live(program)
            program.do("keep_loading")
            for _ in range(5):
                before = program.stats()
                window.wait(f"return Number(document.querySelector('#totals [data-of=requests]').textContent.replaceAll(',', '')) > {before['requests']}")
                shown = window.run(SHOWN, LINES)
                after = program.stats()
                self.assertGreater(shown["requests"], before["requests"])
                self.assertLessEqual(shown["requests"], after["requests"])
                self.assertEqual((shown["failed"], shown["stale_seen"]), (0, 0))
                (origin,) = shown["origins"].values()
                self.assertEqual({k: origin[k] for k in GAUGES}, {k: shown[k] for k in GAUGES})
                self.assertLessEqual(shown["in_use"] + shown["free"] + shown["connecting"], 3)
            program.do("rest")
            self.settle(program)

    def test_connections_in_use_are_tiles_and_waiting_requests_dots(self):
        with Program() as program:
            self.live(program)
            program.do("hold 5")
            self.settle(program)
            stats = program.stats()
            self.assertEqual((stats["in_use"], stats["pending"]), (3, 2))
            self.assertEqual(window.run("return document.querySelectorAll('.origin .tile.in_use').length"), 3)
            self.assertEqual(window.run("return document.querySelectorAll('.origin .dot').length"), 2)

    def test_after_a_restart_of_the_origin_it_says_what_was_caught(self):
        with Program() as program:
            self.live(program)
            program.do("load 50")
            free = program.stats()["free"]
            program.do("restart")
            program.do("load 50")
            self.settle(program)
            stats = program.stats()
            self.assertGreaterEqual(stats["caught"]["total"], free)
            self.assertEqual(stats["stale_seen"], 0)
            self.assertEqual(window.run("return document.querySelector('h1').textContent"), f"{stats['caught']['total']} stale sockets caught, 0 seen by callers")
            window.run("document.getElementById('level').value = 'debug'; document.getElementById('level').dispatchEvent(new Event('change'))")
            window.wait("return document.querySelectorAll('.event').length > 0", what="the events of the restart")

    def test_pausing_keeps_what_is_shown_until_it_goes_on(self):
        with Program() as program:
            self.live(program)
            program.do("load 10")
            self.settle(program)
            window.press("p")
            self.assertIn("Paused at", window.text("#link"))
            self.stays_as_it_is(program)
            window.press("p")
            self.settle(program)

    def test_out_of_sight_nothing_is_drawn_and_nothing_missed(self):
        hide = "Object.defineProperty(document, 'hidden', {value: arguments[0], configurable: true}); document.dispatchEvent(new Event('visibilitychange'))"
        with Program() as program:
            self.live(program)
            program.do("load 10")
            self.settle(program)
            window.run(hide, True)
            self.stays_as_it_is(program)
            window.run(hide, False)
            self.settle(program)

    def stays_as_it_is(self, program):
        before = window.run(SHOWN, LINES)
        program.do("load 10")
        # The time of two frames and more, as the page itself counts it.
        window.run("return new Promise((done) => { const from = performance.now(); const next = () => performance.now() - from > 250 ? done() : requestAnimationFrame(next); next(); })")
        self.assertEqual(window.run(SHOWN, LINES), before)


class LinkTest(PageTest):
    def test_when_the_monitor_goes_it_says_so_and_when_it_is_back_it_goes_on(self):
        with Program() as program:
            self.live(program)
            program.do("load 10")
            self.settle(program)
            program.do("stop")
            window.wait("return document.body.dataset.link === 'lost'")
            self.assertRegex(window.text("#link"), r"^Lost since \d\d:\d\d:\d\d: .*; trying again")
            self.assertLess(float(window.run("return getComputedStyle(document.querySelector('main')).opacity")), 0.7)
            program.do("load 10")
            program.do("start")
            window.wait("return document.body.dataset.link === 'live'")
            self.settle(program)
            window.complaints()  # of the connections that were refused

    def test_a_token_is_asked_for_and_stays_in_the_tab(self):
        with Program(TOKEN) as program:
            self.open(program)
            window.wait("return document.getElementById('token').open")
            for text, error in (("token-of-\u0141\u00f3d\u017a", "visible ASCII"), ("not-the-right-one", "does not accept"), (TOKEN, "")):
                window.run("document.getElementById('token-text').focus()")
                window.press(*text, "Enter")
                if error:
                    window.wait("return document.getElementById('token-error').textContent.includes(arguments[0])", error)
            window.wait("return document.body.dataset.link === 'live'")
            program.do("load 10")
            self.settle(program)
            self.assertFalse(window.run("return document.getElementById('token').open"))
            kept = window.run("return [JSON.stringify({...localStorage}) + location.href + document.cookie, JSON.stringify({...sessionStorage})]")
            self.assertNotIn(TOKEN, kept[0])
            self.assertIn(TOKEN, kept[1])
            window.complaints()  # of the answers 401

    def test_the_stream_is_cut_as_the_standard_says(self):
        with Program() as program:
            self.live(program)
            cut = """
              return import("/stream.js").then(({EventParser}) => {
                const all = ": hello\\r\\nid: 1\\r\\ndata: a\\r\\ndata:b\\r\\n\\r\\nevent: x\\n\\ndata: c\\n\\ndata: d\\r\\rdata: unfinished\\n";
                return Array.from({length: all.length}, (_, i) => {
                  const got = [];
                  const parser = new EventParser((data) => got.push(data));
                  parser.push(all.slice(0, i));
                  parser.push(all.slice(i));
                  return JSON.stringify(got);
                });
              });"""
            self.assertEqual(set(window.run(cut)), {'["a\\nb","c","d"]'})


class ManyTest(PageTest):
    def test_a_thousand_origins_are_sorted_filtered_and_walked_through(self):
        with Program() as program:
            self.live(program)
            program.do("origins 1000")
            window.wait("return document.getElementById('origins-count').textContent === '1,000'")
            self.assertLess(len(self.rows()), 40)
            window.run("document.getElementById('sort').value = 'name'; document.getElementById('sort').dispatchEvent(new Event('change'))")
            names = sorted(program.stats()["origins"])
            self.assertEqual(self.rows(), names[: len(self.rows())])

            window.press("j", "j", "ArrowDown", "k")
            self.assertIn(names[1], window.run("return document.activeElement.getAttribute('aria-label')"))
            window.press("Enter")
            window.wait("return document.activeElement.getAttribute('aria-expanded') === 'true' && document.querySelector('.details')")
            self.assertEqual(window.text('.details [data-of="counters"] dd'), "1")
            window.press("Enter", "End")
            self.assertIn(names[-1], window.run("return document.activeElement.getAttribute('aria-label')"))
            self.assertTrue(window.run("const r = document.activeElement.getBoundingClientRect(); return r.top >= 0 && r.bottom <= innerHeight"))
            self.assertLess(len(self.rows()), 40)

            window.press("/", *"127.1.3.24", "Enter")
            wanted = [n for n in names if "127.1.3.24" in n]
            self.assertEqual(self.rows(), wanted)
            self.assertEqual(window.text("#origins-count"), f"{len(wanted)} of 1,000")
            window.press("/", "Escape")
            self.assertEqual(window.text("#origins-count"), "1,000")
            took = window.run("return performance.getEntriesByName('draw').map(e => e.duration)")
            print(f"a frame of 1,000 origins is drawn in {took[0]:.1f} ms", flush=True)


# Every text's contrast against what is behind it.
CONTRAST = """
  const channel = (v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const parse = (c) => c.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const behind = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c.length === 3 || c[3] === 1) return c; } return [255, 255, 255]; };
  const poor = [];
  for (const e of document.querySelectorAll("body *")) {
    if (!e.checkVisibility() || ![...e.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.data.trim())) continue;
    const [a, b] = [light(parse(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) poor.push(`${e.tagName}.${e.className} ${e.textContent.trim().slice(0, 20)}: ${((a + 0.05) / (b + 0.05)).toFixed(2)}`);
  }
  return poor;
"""


class LookTest(PageTest):
    def test_every_text_can_be_read_in_light_and_in_dark(self):
        with Program() as program:
            self.live(program)
            program.do("load 30")
            program.do("fail 1")
            self.settle(program)
            window.press("j", "Enter")
            grounds = []
            for scheme in ("light", "dark"):
                window.prefer(color_scheme=scheme)
                self.assertEqual(window.run(CONTRAST), [], scheme)
                grounds.append(window.run("return getComputedStyle(document.body).backgroundColor"))
            self.assertNotEqual(*grounds)
            window.press("t")  # light, though the system is dark
            self.assertEqual(window.run("return getComputedStyle(document.body).backgroundColor"), grounds[0])
            self.assertEqual(window.run("return localStorage.getItem('hearth-theme')"), "light")

    def test_it_fits_a_phone_and_calms_down_when_asked_to(self):
        with Program() as program:
            window.resize(375, 812, mobile=True)
            window.prefer(reduced_motion="reduce")
            self.live(program)
            program.do("load 30")
            self.settle(program)
            self.assertEqual(window.run("return document.documentElement.scrollWidth"), 375)
            self.assertEqual(window.run("return getComputedStyle(document.querySelector('.tile.connecting')).animationName"), "none")
            window.run("document.querySelector('.row').click()")
            self.assertEqual(window.run("return document.documentElement.scrollWidth"), 375)
            outside = "return [...document.querySelectorAll('button, input, select')].filter(e => e.checkVisibility() && (e.getBoundingClientRect().right > 375 || e.getBoundingClientRect().left < 0)).map(e => e.id)"
            self.assertEqual(window.run(outside), [])


class FalseMonitor(http.server.ThreadingHTTPServer):
    """Serves the page, and one frame for ever."""

    daemon_threads = True

    def __init__(self, frame):
        self.frame = frame
        self.ended = threading.Event()
        super().__init__(("127.0.0.1", 0), FalseMonitor.Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.shutdown()
        self.server_close()

    class Handler(http.server.BaseHTTPRequestHandler):
        TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

        def do_GET(self):
            events = self.path == "/events"
            file = PAGE / ("index.html" if self.path == "/" else self.path[1:])
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream" if events else self.TYPES[file.suffix])
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(f"data: {json.dumps(self.server.frame)}\n\n".encode() if events else file.read_bytes())
            if events:
                self.server.ended.wait()

        def log_message(self, *_):
            pass


class HostileTest(PageTest):
    def test_what_origins_and_events_are_called_stays_text(self):
        evil = "<img src=x onerror=\"document.title='caught'\"><script>document.title='caught'</script>\u202e&amp;'\""
        with Program() as program:
            program.do("load 3")
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(program.url + "stats.json") as answer:
                frame = json.load(answer)
        frame["origins"][0]["name"] = evil
        frame["origins"][0]["count"]["closed"] = {evil: 3}
        frame["origins"][0]["connections"] = [[1, evil, 1, 2, 3, 4]]
        frame["agents"][0]["name"] = frame["version"] = evil
        frame["events"] = [{"agent": evil, "sequence": 1, "time_ms": frame["time_ms"], "level": evil, "event": evil, "origin": evil, "detail": evil},
                           {"agent": evil, "sequence": 2, "time_ms": frame["time_ms"], "level": "info", "event": "failed", "origin": evil, "code": evil}]  # fmt: skip
        with FalseMonitor(frame) as false:
            self.live(false)
            window.press("j", "Enter")
            window.wait("return document.querySelector('.details')")
            self.assertEqual(window.text(".site"), evil)
            self.assertIn(evil, window.text(".event .origin-name"))
            self.assertEqual(window.run("return [document.title, document.querySelectorAll('main img, main script').length]"), ["Hearth", 0])


if __name__ == "__main__":
    unittest.main()

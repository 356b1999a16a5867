"""The clients that are compared: which are here, how they are run, what they say."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import server

BENCH = Path(__file__).resolve().parent.parent
BUILD = BENCH.parent / "build" / "bench"
RUN_PATIENCE_S = 120


class Failed(Exception):
    """A client ended otherwise than with an answer; says how."""


@dataclass
class Peer:
    name: str
    command: list = field(default_factory=list)  # empty: it is not here
    folder: Path | None = None
    version: str = ""
    why_not: str = ""
    most_connections: int = 1_000_000
    least_body: int = 0

    @property
    def here(self):
        return bool(self.command)

    def takes_part(self, case):
        return self.here and case.connections <= self.most_connections and case.body >= self.least_body

    def run(self, url, connections, requests, ca_file):
        """Measures of one run: user_us and system_us a request, rate a second, peak_kib. Raises Failed."""
        arguments = [*self.command, url, str(connections), str(requests), *([str(ca_file)] if ca_file else [])]
        text = run(arguments, self.folder)
        try:
            return json.loads(text)
        except ValueError:
            raise Failed(f"said {text[:200]!r}") from None


class Wrk(Peer):
    """wrk speaks of seconds, not of requests, and warms nothing: its handshakes are counted."""

    def run(self, url, connections, requests, ca_file):
        seconds = 1 if connections < 1000 else 5 if ca_file else 2
        arguments = [*self.command, "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "60s", url]
        process = start(arguments, self.folder)
        # Not ru_maxrss, which counts what the process was before exec(2), too.
        time.sleep(seconds * 0.8)
        try:
            peak = re.search(r"VmHWM:\s*(\d+)", Path(f"/proc/{process.pid}/status").read_text())
        except OSError:
            peak = None
        text, usage = finish(process)
        done = re.search(r"(\d+) requests in ([\d.]+)(m?s)", text)
        if not done or not int(done[1]):
            raise Failed("made no request")
        if "Non-2xx" in text or "Socket errors" in text:
            raise Failed(" ".join(line.strip() for line in text.splitlines() if "errors" in line or "Non-2xx" in line))
        n = int(done[1])
        took = float(done[2]) / (1000 if done[3] == "ms" else 1)
        return {
            "user_us": usage.ru_utime * 1e6 / n,
            "system_us": usage.ru_stime * 1e6 / n,
            "rate": n / took,
            "peak_kib": int(peak[1]) if peak else None,
        }


def start(command, folder):
    return subprocess.Popen(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=server.pin_to(-1 if len(os.sched_getaffinity(0)) < 2 else 1), start_new_session=True,
    )  # fmt: skip


def finish(process):
    """Its output, and what it used. Its output is small, so that no pipe fills."""
    with deadline(process, RUN_PATIENCE_S):
        text, errors = process.stdout.read(), process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode == -signal.SIGKILL:
        raise Failed(f"it was killed, as it had not ended within {RUN_PATIENCE_S} s")
    if process.returncode != 0:
        raise Failed(complaint(errors) or f"exit status {process.returncode}")
    return text, usage


def complaint(errors):
    """The line that says what went wrong: Node.js and Go say more than that."""
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    return next((line for line in lines if re.search(r"error", line, re.IGNORECASE)), lines[-1] if lines else "")


def run(command, folder=None):
    return finish(start(command, folder))[0]


@contextlib.contextmanager
def deadline(process, seconds):
    """Kills the process when the block takes longer, or is left by an exception."""
    timer = threading.Timer(seconds, process.kill)
    timer.start()
    try:
        yield
    except BaseException:
        process.kill()
        raise
    finally:
        timer.cancel()


def end_as_interrupted():
    """SIGTERM ends a run as Ctrl-C does: with what it has, and without leaving anybody behind."""

    def interrupt(*_):
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)


def progress(text):
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


@dataclass
class Node:
    program: str
    folder: Path  # where node_modules is, if npm could fill it
    modules: bool
    why_not: str


def node(build=BUILD):
    """Node.js, with the packages that peers/package.json pins, installed on first use; None without Node.js."""
    program = shutil.which("node") or shutil.which("nodejs")
    if not program:
        return None
    folder = build / "node"
    folder.mkdir(parents=True, exist_ok=True)
    lock = (BENCH / "peers" / "package-lock.json").read_bytes()
    stamp = folder / "installed"
    why_not = ""
    if not stamp.exists() or stamp.read_bytes() != lock:
        why_not = install_modules(folder)
        if not why_not:
            stamp.write_bytes(lock)
    if not why_not:
        loads = subprocess.run([program, "-e", "require('undici'), require('agentkeepalive')"], cwd=folder, capture_output=True)
        why_not = "" if loads.returncode == 0 else "this Node.js cannot load it"
    return Node(program, folder, not why_not, why_not)


def install_modules(folder):
    """What went wrong, or nothing."""
    npm = shutil.which("npm")
    if not npm:
        return "npm is not here"
    for name in ("package.json", "package-lock.json"):
        shutil.copy(BENCH / "peers" / name, folder)
    progress("npm ci")
    try:
        subprocess.run(
            [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, check=True, timeout=300,
            stdin=subprocess.DEVNULL, capture_output=True,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return "npm did not end within five minutes"
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip().splitlines()
        return f"npm could not install it: {said[0] if said else error}"
    return ""


def first_line(text):
    return text.strip().splitlines()[0] if text.strip() else ""


def all_peers(build=BUILD):
    """Every peer, in the order of the tables, here or not."""
    own, others, blocking = compiled(build)
    return [*own, wrk(), *others, *node_peers(build), *blocking]


def built_peers(build):
    return [peer for group in compiled(build) for peer in group]


def compiled(build):
    yield [
        built(build, "limit", "limit"),
        built(build, "Hearth", "hearth"),
        built(build, "Hearth discard", "hearth_discard", least_body=1024 * 1024),
    ]
    yield [
        built(build, "Boost.Beast", "beast"),
        built(build, "libcurl multi", "curl"),
        built(build, "cpp-httplib", "httplib", most_connections=50),
        built(build, "Go net/http", "go_client"),
    ]
    yield [
        built(build, "blocking limit", "blocking_limit", most_connections=1),
        built(build, "Hearth client", "hearth_client", most_connections=1),
    ]


def built(build, name, program, **bounds):
    path = build / "peers" / program
    if not path.exists():
        return Peer(name, why_not="its library was not found when the benchmarks were built", **bounds)
    return Peer(name, [str(path)], version=first_line(run([str(path), "--version"])), **bounds)


def wrk():
    program = shutil.which("wrk")
    if not program:
        return Wrk("wrk", why_not="not installed")
    said = subprocess.run([program, "--version"], capture_output=True, text=True).stdout
    version = re.search(r"wrk (?:debian/)?(\S+)", said)
    return Wrk("wrk", [program], version=f"wrk {version[1]}" if version else "wrk")


def node_peers(build):
    found = node(build)
    script = str(BENCH / "peers" / "node_client.mjs")
    versions = {}
    if found and found.modules:
        said = run([found.program, script, "--version"], found.folder).strip().splitlines()
        versions = dict(zip(("http.Agent", "undici", "agentkeepalive"), said))
    for kind in ("undici", "http.Agent", "agentkeepalive"):
        name = "Node http.Agent" if kind == "http.Agent" else kind
        if not found:
            yield Peer(name, why_not="Node.js is not here")
        elif not found.modules and kind != "http.Agent":
            yield Peer(name, why_not=found.why_not)
        else:
            yield Peer(name, [found.program, script, kind], found.folder, versions.get(kind, "Node.js"))

"""Runs the peers, interleaved, and takes medians."""

import datetime
import os
import platform
import re
import statistics
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import peers as peers_module
import server

TRANSPORTS = ("plain", "TLS")
BODIES = (40, 10 * 1024, 1024 * 1024)
CONNECTIONS = (50, 1, 1000)  # what the bars speak of comes first
# How many requests a first look at a peer makes; how many a round makes follows from it.
FIRST_LOOK = {40: 3000, 10 * 1024: 2000, 1024 * 1024: 60}
MOST_REQUESTS = 1_000_000
# A case's rounds may take so many times as long as its runs should.
PATIENCE = 3
SHORT_RUN_S = 0.3


@dataclass(frozen=True)
class Case:
    transport: str
    body: int
    connections: int

    def __str__(self):
        return f"{self.transport}, {body_name(self.body)}, {self.connections} connection{'s' if self.connections > 1 else ''}"


def body_name(size):
    return f"{size} B" if size < 1024 else f"{size // 1024} KiB" if size < 1024 * 1024 else f"{size // 1024 // 1024} MiB"


def all_cases():
    return [Case(t, b, c) for c in CONNECTIONS for b in BODIES for t in TRANSPORTS]


def requests_for(rate, seconds, connections):
    return max(connections, min(MOST_REQUESTS, round(rate * seconds)))


def measure_case(case, peers, nginx, rounds, seconds, tell):
    """{"results": {name: medians}, "failed": {name: why}}. Without `seconds`, each run is as long as a first look.

    A case that takes long, as many connections with large bodies do, gets fewer rounds, at least one.
    """
    url = nginx.url(case.transport, case.body)
    ca_file = nginx.certificate.certificate if case.transport == "TLS" else None
    first = max(FIRST_LOOK[case.body], case.connections)
    taking_part = [p for p in peers if p.takes_part(case)]
    samples = {p.name: [] for p in taking_part}
    failed = {}
    requests = dict.fromkeys(samples, first)

    def run(peer, what):
        tell(f"{case}: {what}, {peer.name}")
        for chance in ("first", "last"):  # what others do to this machine must not cost a row
            try:
                return peer.run(url, case.connections, requests[peer.name], ca_file)
            except peers_module.Failed as error:
                if chance == "last":
                    failed[peer.name] = str(error)
        return None

    end = time.monotonic() + rounds * len(taking_part) * max(seconds or 0, SHORT_RUN_S) * PATIENCE
    if seconds:
        for peer in taking_part:
            seen = run(peer, "first look")
            if seen:
                requests[peer.name] = requests_for(seen["rate"], seconds, case.connections)
                if requests[peer.name] <= first:
                    samples[peer.name].append(seen)  # as long as a round is
    for n in range(rounds):
        if n > 0 and time.monotonic() > end:
            break
        for peer in taking_part:
            if peer.name not in failed and len(samples[peer.name]) <= n:
                seen = run(peer, f"round {n + 1} of {rounds}")
                if seen:
                    samples[peer.name].append(seen)
    return {
        "transport": case.transport,
        "body": case.body,
        "connections": case.connections,
        "results": {name: medians(s) for name, s in samples.items() if s and name not in failed},
        "failed": failed,
    }


def medians(samples):
    """The split into user space and kernel is the whole's, for kernels that take it from clock ticks: each run has few."""

    def median(of):
        values = [of(s) for s in samples if of(s) is not None]
        return round(statistics.median(values), 3) if values else None

    cpu_us = median(cpu)
    user_share = sum(s["user_us"] for s in samples) / (sum(map(cpu, samples)) or 1)
    return {
        "cpu_us": cpu_us,
        "user_us": round(cpu_us * user_share, 3),
        "system_us": round(cpu_us * (1 - user_share), 3),
        "rate": median(lambda s: s["rate"]),
        "peak_kib": median(lambda s: s["peak_kib"]),
        "rounds": len(samples),
        "rates": [round(s["rate"], 1) for s in samples],
        "cpus_us": [round(cpu(s), 3) for s in samples],
    }


def cpu(sample):
    return sample["user_us"] + sample["system_us"]


def surroundings(peers):
    """When, where and of what."""

    def said(command, pattern):
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except OSError:
            return ""
        found = re.search(pattern, done.stdout + done.stderr)
        return found[1] if found else ""

    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    repository = peers_module.BENCH.parent
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"),
        "commit": said(["git", "-C", str(repository), "describe", "--always", "--dirty"], r"(\S+)"),
        "kernel": f"{platform.system()} {platform.release()}",
        "cpu": cpu[1] if cpu else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "server": said([server.find_nginx() or "nginx", "-v"], r"(nginx/\S+)"),
        "openssl": said(["openssl", "version"], r"(OpenSSL \S+)"),
        "versions": {p.name: p.version for p in peers if p.here},
        "missing": {p.name: p.why_not for p in peers if not p.here},
    }

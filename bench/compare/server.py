"""The server that everyone is measured against: nginx, one worker, pinned to the first core."""

import os
import random
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

SMALL = "a small response, forty bytes in length\n"
PATIENCE_S = 20
ATTEMPTS = 3

CONFIG = """
daemon off;
worker_processes 1;
worker_rlimit_nofile {descriptors};
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections {connections}; }}
http {{
    access_log off;
    default_type application/octet-stream;
    sendfile on;
    open_file_cache max=10;
    keepalive_requests 1000000000;
    keepalive_timeout 1h;
    client_body_temp_path {folder}/client_body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{plain} backlog=4096;
        listen 127.0.0.1:{tls} ssl backlog=4096;
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        root {folder}/bodies;
        location = /{small_size} {{ return 200 "{small}"; }}
    }}
}}
"""


@dataclass
class Certificate:
    """For 127.0.0.1 and localhost, signed by itself: its own authority."""

    certificate: Path
    key: Path


def make_certificate(folder):
    made = Certificate(folder / "certificate.pem", folder / "key.pem")
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", "/CN=Hearth bench", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost",
            "-keyout", str(made.key), "-out", str(made.certificate),
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    return made


def pin_to(core):
    """For subprocess's preexec_fn: keeps the process on the n-th core there is, where there are two."""
    cores = sorted(os.sched_getaffinity(0))

    def pin():
        if len(cores) > 1:
            os.sched_setaffinity(0, {cores[core]})

    return pin


def find_nginx():
    return shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


class Nginx:
    """Listens when it is made; stop() or `with` ends it. Raises RuntimeError, with nginx's own words, when it cannot."""

    def __init__(self, folder, body_sizes):
        program = find_nginx()
        if not program:
            raise RuntimeError("nginx is needed (scripts/setup bench installs it)")
        self.folder = folder
        self.certificate = make_certificate(folder)
        (folder / "bodies").mkdir()
        for size in body_sizes:
            if size != len(SMALL):
                (folder / "bodies" / str(size)).write_bytes(os.urandom(1024) * (size // 1024))
        # Workers run as another user when nginx is started by root.
        for path in (folder, folder / "bodies"):
            path.chmod(0o755)
        self.errors = folder / "start.log"
        for attempt in range(ATTEMPTS):
            try:
                self.start(program)
                return
            except RuntimeError:
                # Somebody else may have taken a port between our look and nginx's.
                if attempt + 1 == ATTEMPTS:
                    raise

    def start(self, program):
        self.ports = dict(zip(("plain", "TLS"), free_ports(2)))
        config = self.folder / "nginx.conf"
        config.write_text(
            CONFIG.format(
                folder=self.folder, descriptors=8192, connections=4096, plain=self.ports["plain"], tls=self.ports["TLS"],
                certificate=self.certificate.certificate, key=self.certificate.key,
                small_size=len(SMALL), small=SMALL.replace("\n", "\\n"),
            )
        )  # fmt: skip
        with self.errors.open("w") as errors:
            self.process = subprocess.Popen(
                [program, "-p", str(self.folder), "-e", str(self.folder / "error.log"), "-c", str(config)],
                stderr=errors, preexec_fn=pin_to(0), start_new_session=True,
            )  # fmt: skip
        try:
            self.wait()
        except BaseException:
            self.stop()
            raise

    def wait(self):
        end = time.monotonic() + PATIENCE_S
        while True:
            # Written when it listens.
            if (self.folder / "pid").exists():
                return
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("nginx does not start: " + self.errors.read_text().strip())
            time.sleep(0.02)

    def url(self, transport, body_size):
        scheme = "https" if transport == "TLS" else "http"
        return f"{scheme}://127.0.0.1:{self.ports[transport]}/{body_size}"

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def free_ports(n):
    """Below those that Linux gives to clients."""
    sockets = []
    for port in random.sample(range(20_000, 32_000), 1000):
        try:
            sockets.append(socket.create_server(("127.0.0.1", port)))
        except OSError:
            continue
        if len(sockets) == n:
            break
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports

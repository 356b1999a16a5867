"""Every client that was built makes a few requests to a real nginx, and refuses what it did not ask for."""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

BENCH = Path(os.environ["HEARTH_BENCH"])
BUILD = Path(os.environ["HEARTH_BENCH_BUILD"])
sys.path.insert(0, str(BENCH / "compare"))

import peers  # noqa: E402
import server  # noqa: E402

# What needs nothing that the library does not need.
ALWAYS = ["limit", "Hearth", "Boost.Beast", "blocking limit", "Hearth client"]
BODY = 10 * 1024


class PeersTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.nginx = cls.enterClassContext(server.Nginx(Path(folder.name), [40, BODY]))
        cls.peers = {p.name: p for p in peers.built_peers(BUILD) if p.here}

    def run_peer(self, peer, transport, path, connections, requests=40):
        ca_file = self.nginx.certificate.certificate if transport == "TLS" else None
        return peer.run(self.nginx.url(transport, path), connections, requests, ca_file)

    def test_what_needs_nothing_more_is_here(self):
        self.assertLessEqual(set(ALWAYS), set(self.peers))
        for peer in self.peers.values():
            self.assertRegex(peer.version, r"\d", peer.name)

    def test_each_measures_itself(self):
        for peer in self.peers.values():
            for transport in ("plain", "TLS"):
                for body in (40, BODY):
                    with self.subTest(peer=peer.name, transport=transport, body=body):
                        said = self.run_peer(peer, transport, body, min(8, peer.most_connections))
                        self.assertEqual({"user_us", "system_us", "rate", "peak_kib"}, set(said))
                        self.assertGreater(said["rate"], 0)
                        self.assertGreater(said["peak_kib"], 100)

    def test_each_checks_status_and_length(self):
        (self.nginx.folder / "bodies" / "77").write_bytes(b"not seventy-seven bytes")
        for peer in self.peers.values():
            for path in (41, 77):
                with self.subTest(peer=peer.name, path=path), self.assertRaises(peers.Failed):
                    self.run_peer(peer, "plain", path, 1)

    def test_each_verifies_certificates(self):
        for peer in self.peers.values():
            with self.subTest(peer=peer.name), self.assertRaises(peers.Failed):
                peer.run(self.nginx.url("TLS", 40), 1, 1, None)

    def test_wrong_usage_is_told(self):
        for peer in self.peers.values():
            for arguments in ([], ["http://127.0.0.1:1/40", "none", "1"], ["http://127.0.0.1:1/40", "1", "0"]):
                with self.subTest(peer=peer.name, arguments=arguments):
                    done = subprocess.run([*peer.command, *arguments], capture_output=True, check=False)
                    self.assertEqual(2, done.returncode)
                    self.assertNotEqual(b"", done.stderr)

    def test_memory_of_idle_connections(self):
        command = [BENCH / "memory" / "run", "--build", BUILD, "--only", "hearth", "--connections", "20"]
        with tempfile.TemporaryDirectory() as results:
            done = subprocess.run([*command, "--results", results], capture_output=True, text=True, check=False)
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        self.assertRegex(done.stdout, r"\| Hearth \| -?[\d.]+ \| -?[\d.]+ \|")


if __name__ == "__main__":
    unittest.main()

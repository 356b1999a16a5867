"""Tables, chart, README's figures and bars of a run whose figures are known."""

import os
import sys
import unittest
import xml.etree.ElementTree as ElementTree
from pathlib import Path

sys.path.insert(0, str(Path(os.environ["HEARTH_BENCH"]) / "compare"))

import bars  # noqa: E402
import chart  # noqa: E402
import measure  # noqa: E402
import report  # noqa: E402

MIB = 1024 * 1024


def client(user_us, system_us, rate, peak_kib=2048):
    return measure.medians([{"user_us": user_us, "system_us": system_us, "rate": rate, "peak_kib": peak_kib}])


def case(transport, body, connections, failed=None, **results):
    named = {name.replace("_", " "): r for name, r in results.items()}
    return {"transport": transport, "body": body, "connections": connections, "results": named, "failed": failed or {}}


def run(*cases, complete=True):
    return {
        "date": "2026-01-02", "commit": "abc1234", "kernel": "Linux 6.1", "cpu": "A <CPU> & more", "cores": 2,
        "server": "nginx/1.22", "openssl": "OpenSSL 3.0", "complete": complete, "cases": list(cases),
        "versions": {"limit": "epoll", "Hearth": "Hearth 0.1.0", "Boost.Beast": "Boost.Beast 345"},
        "missing": {"undici": "Node.js is not here"},
    }  # fmt: skip


def small(hearth_cpu=10.0, hearth_user=1.5, beast=None):
    results = {"limit": client(0.5, 9.5, 100_000), "Hearth": client(hearth_user, hearth_cpu - hearth_user, 90_000)}
    if beast:
        results["Boost.Beast"] = client(1, beast - 1, 80_000)
    return case("plain", 40, 50, **results)


class MediansTest(unittest.TestCase):
    def test_cpu_and_rate_are_medians_and_the_split_is_the_wholes(self):
        samples = [{"user_us": u, "system_us": s, "rate": r, "peak_kib": 10} for u, s, r in [(0, 8, 5), (2, 8, 7), (4, 26, 6)]]
        m = measure.medians(samples)
        self.assertEqual((10, 6, 10, 3), (m["cpu_us"], m["rate"], m["peak_kib"], m["rounds"]))
        self.assertAlmostEqual(10 * 6 / 48, m["user_us"], 3)
        self.assertAlmostEqual(10 * 42 / 48, m["system_us"], 3)

    def test_a_peak_that_nobody_saw_is_left_out(self):
        self.assertIsNone(client(1, 1, 1, None)["peak_kib"])

    def test_runs_are_as_long_as_asked_within_bounds(self):
        self.assertEqual(4_000, measure.requests_for(10_000, 0.4, 50))
        self.assertEqual(1_000, measure.requests_for(10, 0.4, 1_000))
        self.assertEqual(measure.MOST_REQUESTS, measure.requests_for(1e9, 1, 1))


class TableTest(unittest.TestCase):
    def test_rows_and_ratios(self):
        text = report.table(run(small(hearth_cpu=12.0, beast=15.0)))
        self.assertIn("| limit | 10.00 | 0.50 | 9.50 | 1.00 | 100,000 | 1.00 | 2.0 |", text)
        self.assertIn("| Hearth | 12.00 | 1.50 | 10.50 | 1.20 | 90,000 | 0.90 | 2.0 |", text)
        self.assertIn("| undici | not here |", text)
        self.assertIn("- undici: not here (Node.js is not here)", text)
        self.assertIn("## plain, 40 B, 50 connections", text)
        self.assertNotIn("interrupted", text)

    def test_failures_and_interruption_are_told(self):
        text = report.table(run(case("TLS", MIB, 1, failed={"wrk": "a | b"}, limit=client(1, 1, 1)), complete=False))
        self.assertIn("| wrk | failed: a / b |", text)
        self.assertIn("## TLS, 1 MiB, 1 connection\n", text)
        self.assertIn("The run was interrupted.", text)

    def test_no_limit_no_ratio(self):
        self.assertIn("| Hearth | 2.00 | 1.00 | 1.00 |  | 1 |  | 2.0 |", report.table(run(case("plain", 40, 1, Hearth=client(1, 1, 1)))))

    def test_nothing_measured(self):
        self.assertIn("What a request costs", report.table(run(complete=False)))


class ReadmeTest(unittest.TestCase):
    def test_figures_with_date_and_versions(self):
        memory = {"connections": 10_000, "bytes_a_connection": {"Hearth": {"plain": {"collected": 1536}}, "undici": {}}}
        big = case("plain", MIB, 50, limit=client(100, 300, 2_000), Hearth=client(100, 300, 1_900))
        text = report.readme(run(small(hearth_cpu=12.0), big), memory)
        self.assertIn("| Hearth | 12.0 | 1.20 | 1.5 |  |  | 400 | 0.95 | 1.5 |  |", text)
        self.assertIn("2026-01-02, Hearth at abc1234", text)
        self.assertIn("Versions: Hearth 0.1.0; Boost.Beast 345; OpenSSL 3.0.", text)

    def test_every_row_has_the_headings_columns(self):
        for memory in (None, {"connections": 2, "bytes_a_connection": {"Hearth": {"TLS": {"collected": 20480}}}}):
            rows = [line for line in report.readme(run(small(beast=15.0)), memory).splitlines() if line.startswith("|")]
            self.assertEqual(1, len({row.count("|") for row in rows}), rows)
            self.assertEqual(6, len(rows))  # heading, rule, three clients, one that is not here


class BarsTest(unittest.TestCase):
    def test_held(self):
        self.assertEqual([True] * 3, [held for _, held in bars.judge(run(small(hearth_cpu=12.5, beast=15.0)))])

    def test_not_held(self):
        judged = list(bars.judge(run(small(hearth_cpu=15.5, hearth_user=2.5, beast=15.0))))
        self.assertEqual([False] * 3, [held for _, held in judged])
        self.assertEqual(
            "plain, 40 B, 50 connections: CPU a request of Hearth is 1.55x that of limit; the bar is at most 1.25", judged[0][0])

    def test_who_was_not_measured_is_not_judged(self):
        self.assertEqual([True, True, None], [held for _, held in bars.judge(run(small()))])

    def test_rates_are_to_be_at_least(self):
        def judge(hearth, client_):
            big = {t: case(t, MIB, 50, limit=client(1, 1, 1_000), Hearth_discard=client(1, 1, hearth)) for t in measure.TRANSPORTS}
            one = case("plain", 40, 1, blocking_limit=client(1, 1, 1_000), Hearth_client=client(1, 1, client_))
            return [held for _, held in bars.judge(run(*big.values(), one))]

        self.assertEqual([True] * 3, judge(900, 500))
        self.assertEqual([False] * 3, judge(890, 490))


class ChartTest(unittest.TestCase):
    def test_is_xml_with_a_bar_for_each_client(self):
        svg = ElementTree.fromstring(chart.chart(run(small(hearth_cpu=12.0, beast=15.0), case("TLS", 40, 50, limit=client(1, 2, 3)))))
        texts = [t.text for t in svg.iter("{http://www.w3.org/2000/svg}text")]
        for expected in ("limit", "Hearth", "Boost.Beast", "12.0 µs · 1.20×", "plain, 40 B", "TLS, 40 B"):
            self.assertIn(expected, texts)
        self.assertTrue(any("A <CPU> & more" in t for t in texts))

    def test_long_bars_are_broken_and_stay_within_the_width(self):
        self.assertNotIn("<path", chart.chart(run(small(hearth_cpu=59.0))))
        text = chart.chart(run(small(hearth_cpu=1000.0)))
        self.assertEqual(1, text.count("<path"))
        svg = ElementTree.fromstring(text)
        for rect in svg.iter("{http://www.w3.org/2000/svg}rect"):
            self.assertLessEqual(float(rect.get("x", 0)) + float(rect.get("width")), chart.WIDTH)

    def test_nothing_measured(self):
        ElementTree.fromstring(chart.chart(run(complete=False)))


if __name__ == "__main__":
    unittest.main()

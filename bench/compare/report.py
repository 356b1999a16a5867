"""Tables in Markdown of what was measured."""

import bars
from measure import body_name


def number(value, digits):
    return "" if value is None else f"{value:,.{digits}f}"


def ratio(results, name, what, digits=2):
    """Beside the limit; empty where either was not measured."""
    if name not in results or not results.get("limit", {}).get(what):
        return ""
    return f"{results[name][what] / results['limit'][what]:.{digits}f}"


def row(*cells):
    return f"| {' | '.join(cells)} |"


def names(results):
    """Every client, in the order in which they were measured, those that are not here last."""
    return [*results["versions"], *results["missing"]]


def table(results):
    """All of it: a table a case, and what Hearth is to reach."""
    all_rounds = most_rounds(results["cases"])
    parts = ["# What a request costs", "", surroundings(results), ""]
    for case in results["cases"]:
        title = f"{case['transport']}, {body_name(case['body'])}, {plural(case['connections'], 'connection')}"
        rounds = most_rounds([case])
        parts += [f"## {title}{'' if rounds == all_rounds else ', ' + plural(rounds, 'round')}", ""]
        parts += case_table(case, results["missing"])
    verdicts = {True: "held", False: "NOT HELD", None: "unknown"}
    parts += ["## Bars", "", *[f"- {verdicts[holds]}: {line}" for line, holds in bars.judge(results)]]
    parts += ["", "## Versions", "", *[f"- {name}: {version}" for name, version in results["versions"].items()]]
    parts += [f"- {name}: not here ({why})" for name, why in results["missing"].items()]
    return "\n".join([*parts, "", *notes(), ""])


def case_table(case, missing):
    measured = case["results"]
    yield row("client", "CPU us/request", "user", "system", "CPU / limit", "requests/s", "rate / limit", "peak MiB")
    yield row("---", *["---:"] * 7)
    for name, r in measured.items():
        cpu = [number(r[what], 2) for what in ("cpu_us", "user_us", "system_us")]
        peak = number(r["peak_kib"] and r["peak_kib"] / 1024, 1)
        yield row(
            name, *cpu, ratio(measured, name, "cpu_us"), number(r["rate"], 0), ratio(measured, name, "rate"), peak)
    for name, why in case["failed"].items():
        yield row(name, f"failed: {why}".replace("|", "/"), *[""] * 6)
    for name in missing:
        yield row(name, "not here", *[""] * 6)
    yield ""


def plural(n, word):
    return f"{n} {word}{'' if n == 1 else 's'}"


def most_rounds(cases):
    return max((r["rounds"] for c in cases for r in c["results"].values()), default=0)


def surroundings(results):
    rounds = most_rounds(results["cases"])
    whole = "" if results["complete"] else " The run was interrupted."
    pinned = ", pinned to one core, the clients to another" if results["cores"] > 1 else ", on one core with the clients"
    return (
        f"{results['date']}, Hearth at {results['commit'] or 'an unknown commit'}; {results['cpu']}, {results['kernel']}; "
        f"{results['server']}{pinned}, over loopback; medians of {plural(rounds, 'interleaved round')}.{whole}"
    )


def notes():
    return [
        "The limit is a bare epoll loop which neither parses nor pools nor checks. wrk opens all its connections at the start",
        "and keeps no pool; it never looks at a connection's age or health, and its handshakes are in its figures. Both let",
        "bodies go, as Hearth discard does; all others collect them.",
    ]


README_COLUMNS = [
    # heading, transport, body, what, digits; of what is measured at 50 connections
    ("CPU us", "plain", 40, "cpu_us", 1),
    ("/ limit", "plain", 40, "ratio cpu_us", 2),
    ("user us", "plain", 40, "user_us", 1),
    ("TLS: CPU us", "TLS", 40, "cpu_us", 1),
    ("/ limit", "TLS", 40, "ratio cpu_us", 2),
    ("1 MiB: CPU us", "plain", 1024 * 1024, "cpu_us", 0),
    ("rate / limit", "plain", 1024 * 1024, "ratio rate", 2),
]


def readme(results, memory):
    """The few figures that README shows: at 50 connections, and memory where it was measured."""
    measured = {(c["transport"], c["body"]): c["results"] for c in results["cases"] if c["connections"] == 50}
    kept = memory["bytes_a_connection"] if memory else {}
    headings = [c[0] for c in README_COLUMNS] + (["idle: KiB", "TLS"] if kept else [])
    lines = [row("client", *headings), row("---", *["---:"] * len(headings))]
    for name in names(results):
        cells = [readme_cell(measured.get((transport, body), {}), name, what, digits)
                 for _, transport, body, what, digits in README_COLUMNS]  # fmt: skip
        if kept:
            cells += [number(kept.get(name, {}).get(kind, {}).get("collected", 0) / 1024 or None, 1) for kind in ("plain", "TLS")]
        if name in results["missing"]:
            cells[0] = "not here"
        if any(cells):
            lines.append(row(name, *cells))
    versions = dict.fromkeys(v for name, v in results["versions"].items() if v and "limit" not in name)
    return "\n".join(
        [
            "What one request costs: GET of 40 bytes over 50 keep-alive connections; `bench/compare/run` on " + surroundings(results),
            "",
            *lines,
            "",
            f"Versions: {'; '.join(versions)}; {results['openssl']}.",
        ]
    ) + "\n"


def readme_cell(measured, name, what, digits):
    if what.startswith("ratio "):
        return ratio(measured, name, what.removeprefix("ratio "), digits)
    return number(measured.get(name, {}).get(what), digits)

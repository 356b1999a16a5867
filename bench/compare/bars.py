"""What Hearth is to reach beside the limit, and where it does not."""

from measure import Case

CPU, RATE, USER = "cpu_us", "rate", "user_us"

# Large bodies are let go, as the limit lets them go: what it costs to keep them is the allocator's.
# (case, what, of whom, beside whom or nobody, at most this or, where it is a rate, at least)
BARS = [
    (Case("plain", 40, 50), CPU, "Hearth", "limit", 1.25),
    (Case("plain", 40, 50), USER, "Hearth", None, 2.0),
    (Case("plain", 40, 50), CPU, "Hearth", "Boost.Beast", 1.0),
    (Case("TLS", 40, 50), CPU, "Hearth", "limit", 1.2),
    (Case("plain", 1024 * 1024, 50), RATE, "Hearth discard", "limit", 0.9),
    (Case("TLS", 1024 * 1024, 50), RATE, "Hearth discard", "limit", 0.9),
    (Case("plain", 40, 1), RATE, "Hearth client", "blocking limit", 0.5),
]
NAMES = {CPU: "CPU a request", USER: "user-space CPU a request", RATE: "requests a second"}


def judge(results):
    """(line, holds) for each bar whose case was measured; holds is None where a client of it was not."""
    measured = {Case(c["transport"], c["body"], c["connections"]): c["results"] for c in results["cases"]}
    for case, what, who, beside, bar in BARS:
        if case not in measured:
            continue
        of = measured[case]
        if who not in of or (beside and beside not in of):
            yield f"{case}: {NAMES[what]}: {who if who not in of else beside} was not measured", None
            continue
        value = of[who][what] / (of[beside][what] if beside else 1)
        unit = f"x that of {beside}" if beside else " us"
        side = "at least" if what == RATE else "at most"
        holds = value >= bar if what == RATE else value <= bar
        yield f"{case}: {NAMES[what]} of {who} is {value:.2f}{unit}; the bar is {side} {bar:g}", holds

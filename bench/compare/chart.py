"""A chart of CPU per request, as an SVG that follows the reader's light or dark theme."""

from html import escape

from measure import BODIES, TRANSPORTS, body_name

WIDTH, PANEL, SPACE, LABELS, VALUES = 960, 440, 32, 112, 118
ROW, BAR, HEAD, GAP = 24, 14, 40, 26
TOP = 92
LONGEST = 6  # times the limit: longer bars are broken

STYLE = """
  svg { --paper: #ffffff; --ink: #1f2328; --quiet: #656d76; --line: #d0d7de;
        --hearth: #d9480f; --hearth-2: #ffa06b; --limit: #57606a; --limit-2: #afb8c1; --peer: #3565b3; --peer-2: #9dbbe8; }
  @media (prefers-color-scheme: dark) {
    svg { --paper: #0d1117; --ink: #e6edf3; --quiet: #8d96a0; --line: #30363d;
          --hearth: #ff7a3d; --hearth-2: #a84a1c; --limit: #9aa4af; --limit-2: #545d68; --peer: #6ba0f0; --peer-2: #34568c; }
  }
  text { font: 12px system-ui, -apple-system, "Segoe UI", sans-serif; fill: var(--ink); }
  .title { font-size: 20px; font-weight: 600; } .panel { font-size: 13px; font-weight: 600; }
  .quiet { fill: var(--quiet); } .own { font-weight: 600; } .name { text-anchor: end; }
  .line { stroke: var(--line); stroke-width: 1; } .mark { stroke: var(--quiet); stroke-dasharray: 2 3; }
"""


def colour(name):
    return "hearth" if name.startswith("Hearth") else "limit" if name == "limit" else "peer"


def chart(results):
    """One panel for each transport and body, at 50 connections."""
    panels = {(c["body"], c["transport"]): c["results"] for c in results["cases"] if c["connections"] == 50}
    y = TOP
    drawn = []
    for body in BODIES:
        row = [(x, panels.get((body, t)), t) for x, t in zip((24, 24 + PANEL + SPACE), TRANSPORTS)]
        row = [(x, measured, t) for x, measured, t in row if measured]
        for x, measured, transport in row:
            drawn += panel(x, y, f"{transport}, {body_name(body)}", measured)
        if row:
            y += HEAD + ROW * max(len(measured) for _, measured, _ in row) + GAP
    subtitle = f"50 keep-alive connections, one core; shorter is better; the dotted line is the limit. {results['date']}, {results['cpu']}, {results['kernel']}."
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" role="img" aria-label="CPU per request">',
            f"<style>{STYLE}</style>",
            f'<rect width="{WIDTH}" height="{y}" rx="8" fill="var(--paper)"/>',
            '<text class="title" x="24" y="38">What a request costs: CPU microseconds</text>',
            f'<text class="quiet" x="24" y="60">{escape(subtitle)}</text>',
            *legend(),
            *drawn,
            "</svg>",
            "",
        ]
    )


def legend():
    x = WIDTH - 24 - 210
    for text, name in (("user space", "peer"), ("kernel", "peer-2")):
        yield f'<rect x="{x}" y="28" width="12" height="12" rx="2" fill="var(--{name})"/>'
        yield f'<text class="quiet" x="{x + 18}" y="38">{text}</text>'
        x += 110


def panel(x, y, title, measured):
    yield f'<text class="panel" x="{x}" y="{y + 16}">{escape(title)}</text>'
    yield f'<line class="line" x1="{x}" x2="{x + PANEL}" y1="{y + 26}" y2="{y + 26}"/>'
    left = x + LABELS
    limit = measured.get("limit", {}).get("cpu_us")
    longest = max(r["cpu_us"] for r in measured.values())
    longest = min(longest, limit * LONGEST) if limit else longest
    scale = (PANEL - LABELS - VALUES) / longest if longest else 0
    for i, (name, r) in enumerate(measured.items()):
        top = y + HEAD + i * ROW
        base = top + BAR - 3
        own = " own" if name.startswith("Hearth") else ""
        total = min(r["cpu_us"], longest) * scale
        yield f'<text class="name{own}" x="{left - 8}" y="{base}">{escape(name)}</text>'
        yield bar(left, top, total, f"{colour(name)}-2")
        yield bar(left, top, min(r["user_us"] * scale, total), colour(name))
        if r["cpu_us"] > longest:
            yield f'<path d="M{left + total - 16:.1f} {top + BAR + 1}l6 -{BAR + 2}h5l-6 {BAR + 2}z" fill="var(--paper)"/>'
        beside = f" · {r['cpu_us'] / limit:.2f}×" if limit and name != "limit" else ""
        digits = 1 if r["cpu_us"] < 1000 else 0
        yield f'<text class="quiet{own}" x="{left + total + 8:.1f}" y="{base}">{r["cpu_us"]:.{digits}f} µs{beside}</text>'
    if limit:
        at = left + limit * scale
        bottom = y + HEAD + len(measured) * ROW - ROW + BAR
        yield f'<line class="mark" x1="{at:.1f}" x2="{at:.1f}" y1="{y + 32}" y2="{bottom + 4}"/>'


def bar(x, y, width, fill):
    return f'<rect x="{x}" y="{y}" width="{max(width, 1):.1f}" height="{BAR}" rx="2" fill="var(--{fill})"/>'

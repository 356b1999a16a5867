#!/usr/bin/env python3
"""Draws the sequence diagrams of docs/staleness.md: `docs/img/sequences.py` writes the SVG files beside it.

Time runs down, and arrows lean because packets take time: two that cross are what this is all about.
"""
import html
import pathlib

WIDTH, CLIENT, SERVER, TOP = 800, 250, 550, 64

STYLE = """
svg { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; --paper: #ffffff; --ink: #1f2430; --faint: #6b7280;
      --line: #c6cbd4; --data: #1d5fc4; --ack: #4b7f52; --fin: #9a5b00; --rst: #c0262d; --good: #e3f3e4; --bad: #fbe4e4; }
@media (prefers-color-scheme: dark) {
  svg { --paper: #161b22; --ink: #e6e9ef; --faint: #9aa4b2; --line: #454d59; --data: #79b0ff; --ack: #86c78f; --fin: #e5a94e;
        --rst: #ff8a87; --good: #1d3a24; --bad: #4a1f22; } }
.paper { fill: var(--paper); stroke: var(--line); } .life { stroke: var(--line); stroke-width: 2; }
.open { stroke: var(--ack); stroke-width: 5; opacity: .55; } text { fill: var(--ink); } .head { font-weight: 600; }
.faint { fill: var(--faint); } .good { fill: var(--good); } .bad { fill: var(--bad); }
.data { stroke: var(--data); fill: var(--data); } .ack { stroke: var(--ack); fill: var(--ack); }
.fin { stroke: var(--fin); fill: var(--fin); } .rst { stroke: var(--rst); fill: var(--rst); }
.arrow { stroke-width: 1.8; } .label { stroke: none; font-weight: 600; } .halo { stroke: var(--paper); stroke-width: 5; paint-order: stroke; }
"""


class Picture:
    def __init__(self, title, description, height, middle=None):
        self.height = height
        self.parts = [
            f"<title>{html.escape(title)}</title><desc>{html.escape(description)}</desc><style>{STYLE}</style>",
            f'<rect class="paper" x=".5" y=".5" width="{WIDTH - 1}" height="{height - 1}" rx="8"/>',
            f'<text class="head" x="20" y="26">{html.escape(title)}</text>',
        ]
        for x, name in ((CLIENT, "client"), (SERVER, "server")):
            self.parts.append(f'<text class="faint" x="{x}" y="50" text-anchor="middle">{name}</text>')
            self.parts.append(f'<line class="life" x1="{x}" y1="{TOP - 8}" x2="{x}" y2="{height - 14}"/>')
        if middle:
            x = (CLIENT + SERVER) // 2
            self.parts.append(f'<text class="faint" x="{x}" y="50" text-anchor="middle">{middle}</text>')
            self.parts.append(f'<line class="life" stroke-dasharray="3 5" x1="{x}" y1="{TOP - 8}" x2="{x}" y2="{height - 14}"/>')

    def open(self, side, start, end):
        """The connection exists for this side."""
        x = CLIENT if side == "client" else SERVER
        self.parts.append(f'<line class="open" x1="{x}" y1="{TOP + start}" x2="{x}" y2="{TOP + end}"/>')
        return self

    def send(self, kind, side, start, end, label, lost=None, at=0.25):
        """An arrow from `side`; `lost`: it gets so far, as a share of the way."""
        x1, x2 = (CLIENT, SERVER) if side == "client" else (SERVER, CLIENT)
        y1, y2 = TOP + start, TOP + end
        share = lost or 1
        x2, y2 = x1 + (x2 - x1) * share, y1 + (y2 - y1) * share
        length = ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5
        ux, uy = (x2 - x1) / length, (y2 - y1) / length
        self.parts.append(f'<line class="arrow {kind}" x1="{x1}" y1="{y1}" x2="{x2:.1f}" y2="{y2:.1f}"/>')
        if lost:
            for dx in (-6, 6):
                self.parts.append(f'<line class="arrow {kind}" x1="{x2 - 6:.1f}" y1="{y2 - dx:.1f}" x2="{x2 + 6:.1f}" y2="{y2 + dx:.1f}"/>')
        else:
            back = [(x2 - 10 * ux - 5 * uy * s, y2 - 10 * uy + 5 * ux * s) for s in (1, -1)]
            points = " ".join(f"{x:.1f},{y:.1f}" for x, y in [(x2, y2)] + back)
            self.parts.append(f'<polygon class="{kind}" points="{points}"/>')
        x, y = x1 + (x2 - x1) * at, y1 + (y2 - y1) * at - 6
        for halo in ("label halo", f"label {kind}"):
            style = "" if halo.endswith("halo") else ' stroke="none" style="stroke: none"'
            self.parts.append(f'<text class="{halo}" x="{x:.1f}" y="{y:.1f}" text-anchor="middle"{style}>{html.escape(label)}</text>')
        return self

    def say(self, side, at, *lines, mood=None):
        """What happens there, beside the line."""
        y = TOP + at
        if mood:
            x = 14 if side == "client" else SERVER + 12
            width = CLIENT - 26 if side == "client" else WIDTH - SERVER - 26
            self.parts.append(f'<rect class="{mood}" x="{x}" y="{y - 16}" width="{width}" height="{18 * len(lines) + 6}" rx="5"/>')
        for i, line in enumerate(lines):
            x, anchor = (CLIENT - 16, "end") if side == "client" else (SERVER + 18, "start")
            self.parts.append(f'<text x="{x}" y="{y + 18 * i}" text-anchor="{anchor}">{html.escape(line)}</text>')
        return self

    def write(self, name):
        body = "\n".join(self.parts)
        svg = f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {WIDTH} {self.height}" width="{WIDTH}" height="{self.height}">\n{body}\n</svg>\n'
        (pathlib.Path(__file__).parent / name).write_text(svg)


(Picture("A close that arrives while the connection idles",
         "The server's idle time ends, its FIN arrives before the client has another request: the client closes too, "
         "and the next request goes to a new connection.", 330)
    .open("client", 0, 112).open("server", 0, 70)
    .say("client", 10, "idle in the pool").say("server", 10, "idle")
    .say("server", 62, "idle time over: close()")
    .send("fin", "server", 70, 108, "FIN")
    .say("client", 108, "the watch sees the end:", "out of the pool, silently", mood="good")
    .say("client", 176, "a request comes")
    .open("client", 192, 252).open("server", 192, 252)
    .send("data", "client", 180, 204, "new connection, request", at=0.5)
    .send("data", "server", 216, 240, "response", at=0.5)
    .write("close-while-idle.svg"))

(Picture("A close that crosses with a request",
         "The server's FIN and the client's request pass each other. The request meets a closed socket and is answered by RST; "
         "nothing of it was acknowledged. The request is sent again on a new connection.", 400)
    .open("client", 0, 190).open("server", 0, 36)
    .say("server", 28, "idle time over: close()")
    .send("fin", "server", 36, 116, "FIN", at=0.2)
    .say("client", 52, "looked alive: request written").send("data", "client", 56, 136, "request", at=0.22)
    .say("client", 118, "FIN, nothing acknowledged:", "dead, but not yet proven")
    .say("server", 138, "no such connection:", "nobody ever reads it")
    .send("rst", "server", 136, 186, "RST", at=0.3)
    .say("client", 184, "FIN, then RST, no ACK:", "the request met no socket", mood="good")
    .say("client", 250, "sent again: GET and POST")
    .open("client", 258, 322).open("server", 258, 322)
    .send("data", "client", 254, 278, "new connection, request", at=0.5)
    .say("server", 286, "executed, once")
    .send("data", "server", 290, 314, "response", at=0.5)
    .write("close-crosses.svg"))

(Picture("A reset that crosses with a request",
         "The server aborts the connection; its RST arrives sooner after the write than a round trip takes, so it was under way "
         "before the request could have arrived.", 320)
    .open("client", 0, 116).open("server", 0, 36)
    .say("server", 28, "abort: close() by RST")
    .send("rst", "server", 36, 116, "RST", at=0.2)
    .say("client", 56, "request written").send("data", "client", 60, 140, "request", at=0.22)
    .say("client", 116, "sooner than a round trip:", "no answer to this request", mood="good")
    .say("server", 142, "no such connection")
    .say("client", 184, "sent again: GET and POST")
    .open("client", 194, 240).open("server", 194, 240)
    .send("data", "client", 188, 212, "new connection, request", at=0.5)
    .write("reset-crosses.svg"))

(Picture("Executed, then reset: why a POST is not sent again",
         "The server reads and executes the request, then aborts before its kernel has acknowledged anything. All the client "
         "sees is a late RST and no acknowledgement, as if the request had never arrived.", 300)
    .open("client", 0, 186).open("server", 0, 150)
    .say("client", 20, "POST written").send("data", "client", 24, 64, "request", at=0.3)
    .say("server", 66, "read and executed;", "the ACK waits to be sent", "together with an answer")
    .say("server", 146, "crash, or close() by RST:", "no ACK, no answer", mood="bad")
    .send("rst", "server", 146, 186, "RST", at=0.3)
    .say("client", 182, "RST, no ACK: it may have", "been executed. GET: again.", "POST: fails, and says so", mood="bad")
    .write("executed-then-reset.svg"))

(Picture("A half-close that crosses with a request",
         "The server shuts down only its sending side. Its kernel still takes and acknowledges the request, which some servers "
         "execute although they can no longer answer.", 310)
    .open("client", 0, 196).open("server", 0, 216)
    .say("server", 20, "end(): will send no more,", "but still reads")
    .send("fin", "server", 28, 108, "FIN", at=0.2)
    .say("client", 50, "request written").send("data", "client", 54, 134, "request", at=0.22)
    .send("ack", "server", 140, 190, "ACK", at=0.3)
    .say("server", 142, "acknowledged. Most servers", "drop it; some execute it", mood="bad")
    .say("client", 186, "FIN, then ACK: arrived.", "GET: again. POST: fails", mood="bad")
    .write("half-close.svg"))

(Picture("Silence: a box on the way has forgotten the connection",
         "A NAT or firewall drops what it has no entry for, without a word. The client's kernel sends the request again and again; "
         "nothing is acknowledged.", 390, middle="NAT")
    .open("client", 0, 200).open("server", 0, 310)
    .say("server", 20, "idle; knows of nothing")
    .say("client", 40, "request written").send("data", "client", 44, 84, "request", lost=0.5, at=0.45)
    .say("client", 104, "kernel: once more").send("data", "client", 108, 148, "again", lost=0.5, at=0.45)
    .say("client", 164, "sent again, still no ACK:", "suspected", mood="good")
    .say("client", 218, "GET: old connection aborted,").say("client", 236, "request sent anew")
    .open("client", 246, 300)
    .send("data", "client", 240, 266, "new connection, request", at=0.5)
    .send("data", "server", 274, 298, "response", at=0.5)
    .say("server", 216, "the old connection is", "still open here")
    .write("silence.svg"))

(Picture("A restart",
         "All idle connections die at once. The first that is found dead makes the client look at all others of that server; while "
         "the server is away, one request at a time asks whether it is back.", 400)
    .open("client", 0, 88).open("server", 0, 40)
    .say("server", 36, "stops: everything is closed", mood="bad")
    .send("fin", "server", 44, 84, "FIN, FIN, FIN ...", at=0.3)
    .say("client", 84, "one found dead: all others", "are looked at, at once", mood="good")
    .send("data", "client", 132, 156, "connect", at=0.3).send("rst", "server", 156, 180, "refused", at=0.3)
    .say("client", 182, "refused: those who want it", "wait together; one tries,", "ever less often")
    .send("data", "client", 240, 260, "connect", at=0.3)
    .say("server", 252, "is back", mood="good")
    .send("ack", "server", 262, 282, "connected", at=0.5)
    .open("client", 282, 322).open("server", 260, 322)
    .say("client", 284, "all go on at once, on no more", "connections than they need", mood="good")
    .write("restart.svg"))

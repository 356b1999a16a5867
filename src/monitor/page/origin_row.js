// One origin: its name, its connections as tiles, its queue, its figures; opened, everything else that is known of it.
import { lines } from "./model.js";
import { count, el, plural, rate, setText, short, span, words } from "./text.js";

const figures = [
  ["in_use", "in use"], ["free", "idle"], ["connecting", "connecting"], ["pending", "waiting"],
  ["rate", "a second"], ["caught", "caught"], ["failed", "failed"],
];
const dotsShown = 12;
const tileNames = { in_use: "in use", idle: "idle", connecting: "connecting", canary: "canary" };

/** "closes after 65.0 s idle; leaving at 61.6 s" */
export const learntInWords = (l) =>
  l ? `closes after ${span(l.timeout_s)} idle, learnt from ${plural(l.closes, "close")}; leaving at ${span(l.limit_s)}` : "no idle timeout learnt";

export class OriginRow {
  constructor(name, onToggle, onFocus) {
    this.name = name;
    const parts = /^([a-z]+:\/\/)(.*?)(:\d+)?$/s.exec(name) ?? [name, "", name, ""];
    this.learnt = el("small", { class: "learnt" });
    this.tiles = el("span", { class: "tiles" });
    this.queue = el("span", { class: "queue" });
    this.values = {};
    const cells = figures.map(([of, label]) => {
      this.values[of] = el("b", { "data-of": of });
      return el("span", { class: `figure ${of}` }, this.values[of], el("small", {}, label));
    });
    this.button = el("button", { type: "button", class: "row", "aria-expanded": "false" },
      el("span", { class: "name", title: name }, el("span", { class: "site" }, el("i", {}, parts[1]), el("b", {}, parts[2]), el("i", {}, parts[3] ?? "")), this.learnt),
      el("span", { class: "figures" }, ...cells),
      el("span", { class: "pool" }, this.tiles, this.queue));
    this.button.addEventListener("click", onToggle);
    this.button.addEventListener("focus", onFocus);
    this.element = el("li", { class: "origin" }, this.button);
    this.details = null;
  }

  show(origin, requestRate, open, tilesMax) {
    setText(this.learnt, learntInWords(origin.learnt));
    const shown = { ...origin, rate: requestRate, caught: origin.caught.total, failed: origin.count.failed };
    for (const [of] of figures) {
      setText(this.values[of], of === "rate" ? (shown.rate < 1e5 ? rate(shown.rate) : short(shown.rate)) : shown[of] < 1e5 ? count(shown[of]) : short(shown[of]));
      this.values[of].parentNode.classList.toggle("none", !shown[of]);
    }
    this.button.setAttribute("aria-label", `${this.name}: ${count(origin.in_use)} in use, ${count(origin.free)} idle, ` +
      `${count(origin.connecting)} connecting, ${count(origin.pending)} waiting, ${count(shown.caught)} stale caught, ${count(shown.failed)} failed`);
    this.#showTiles(origin, open ? Infinity : tilesMax);
    this.#showQueue(origin.pending);
    this.#open(open);
    if (open) this.details.show(origin);
  }

  #showTiles(origin, most) {
    // By number, so that a tile stays where it is while its connection lives.
    const all = [...origin.connections].sort((a, b) => a[0] - b[0]);
    const left = origin.connections_left_out;
    const fits = all.length + (left ? 1 : 0) <= most ? all.length : Math.max(0, most - 2);
    while (this.tiles.childElementCount > fits) this.tiles.lastElementChild.remove();
    while (this.tiles.childElementCount < fits) this.tiles.append(el("i"));
    let tile = this.tiles.firstElementChild;
    for (let i = 0; i < fits; ++i, tile = tile.nextElementSibling) showTile(tile, all[i]);
    const more = all.length - fits + left;
    if (more) this.tiles.dataset.more = `+${count(more)}`;
    else delete this.tiles.dataset.more;
  }

  #showQueue(pending) {
    const dots = Math.min(pending, dotsShown);
    while (this.queue.childElementCount > dots) this.queue.lastElementChild.remove();
    while (this.queue.childElementCount < dots) this.queue.append(el("i", { class: "dot" }));
    if (pending > dots) this.queue.dataset.more = `+${count(pending - dots)}`;
    else delete this.queue.dataset.more;
  }

  #open(open) {
    if (open === Boolean(this.details)) return;
    this.button.setAttribute("aria-expanded", String(open));
    if (open) {
      this.details = new Details();
      this.element.append(this.details.element);
    } else {
      this.details.element.remove();
      this.details = null;
    }
  }
}

function showTile(tile, [number, state, inState, limit, age, requests]) {
  const kind = `tile ${state in tileNames ? state : "idle"}`;
  if (tile.className !== kind) tile.className = kind;
  const filled = state === "in_use" ? 100 : limit > 0 ? Math.min(100, Math.round((100 * inState) / limit)) : 0;
  tile.style.setProperty("--fill", `${filled}%`);
  tile.classList.toggle("late", limit > 0 && inState > 0.85 * limit && state === "idle");
  const against = limit > 0 ? ` of ${span(limit)}` : "";
  const life = age > 0 ? `, open ${span(age)}, ${plural(requests, "request")}` : "";
  tile.title = `#${number} ${tileNames[state] ?? state} ${span(inState)}${against}${life}`;
}

const latencyNames = [
  ["total", "in all, to the head"], ["first_byte", "to the first byte"], ["queue_wait", "waiting for a connection"],
  ["lookup", "looking the name up"], ["connect", "connecting"], ["tls", "TLS handshake"],
];
const counterNames = [
  ["requests", "requests"], ["responses", "responses"], ["failed", "failed"], ["canceled", "cancelled"], ["opened", "connections opened"],
  ["reused", "exchanges on reused ones"], ["retries", "retries"], ["budget_refusals", "retries refused by the budget"], ["stale_seen", "stale, seen by callers"],
];

class Details {
  constructor() {
    this.groups = {};
    const group = (name, title) => {
      this.groups[name] = el("dl", { class: "bars", "data-of": name });
      return el("section", { class: "group" }, el("h3", {}, title), this.groups[name]);
    };
    this.latency = el("tbody");
    const table = el("table", {}, el("thead", {}, el("tr", {}, ...["", "count", "mean", "p50", "p90", "p99"].map((h) => el("th", { scope: "col" }, h)))), this.latency);
    this.element = el("div", { class: "details" },
      group("counters", "Counts"), group("caught", "Stale sockets caught"), group("closed", "Connections closed"),
      group("failures_by_phase", "Failures by phase"), group("replays_by_evidence", "Replays by evidence"),
      el("section", { class: "group wide" }, el("h3", {}, "Latency since the start"), table));
  }

  show(origin) {
    bars(this.groups.counters, counterNames.map(([of, label]) => [label, origin.count[of]]), false);
    bars(this.groups.caught, lines.map(({ name, label }) => [label, origin.caught[name], name]));
    for (const of of ["closed", "failures_by_phase", "replays_by_evidence"]) {
      const found = Object.entries(origin.count[of]).sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
      bars(this.groups[of], found.map(([name, n]) => [words(name), n]));
    }
    const rows = latencyNames.filter(([of]) => origin.latency[of]?.count);
    fit(this.latency, rows.length, () => el("tr", {}, el("th", { scope: "row" }), ...Array.from({ length: 5 }, () => el("td"))));
    rows.forEach(([of, label], i) => {
      const l = origin.latency[of];
      const texts = [label, count(l.count), span(l.sum_s / l.count), span(l.p50_s), span(l.p90_s), span(l.p99_s)];
      [...this.latency.children[i].children].forEach((cell, j) => setText(cell, texts[j]));
    });
  }
}

function fit(parent, wanted, make) {
  while (parent.childElementCount > wanted) parent.lastElementChild.remove();
  while (parent.childElementCount < wanted) parent.append(make());
}

// Names and numbers, with bars against the greatest.
function bars(list, entries, drawn = true) {
  const most = Math.max(1, ...entries.map(([, n]) => n));
  const shown = entries.length ? entries : [["none", null]];
  fit(list, shown.length, () => el("div", {}, el("dt"), el("dd")));
  shown.forEach(([label, n, line], i) => {
    const item = list.children[i];
    setText(item.firstElementChild, label);
    setText(item.lastElementChild, n === null ? "" : count(n));
    item.className = n === null || n === 0 ? "none" : "";
    item.classList.toggle("drawn", drawn && Boolean(n));
    if (line) item.classList.add(`of-${line}`);
    item.style.setProperty("--share", `${drawn && n ? (100 * n) / most : 0}%`);
  });
}

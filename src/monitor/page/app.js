// The page: what comes from the monitor goes to the model, and from there to those who draw it.
import { Charts } from "./charts.js";
import { Events } from "./events.js";
import { lines, Model } from "./model.js";
import { Origins } from "./origins.js";
import { Stream } from "./stream.js";
import { clock, count, el, plural, rate, setText, span } from "./text.js";

const $ = (id) => document.getElementById(id);
const hiddenForAWhile = 5 * 60e3;

const model = new Model();
const charts = new Charts($("charts"));
const origins = new Origins(model, $("origins"));
const events = new Events($("events"));

// What is at the top.

const totals = [
  ["rate", "requests a second"], ["pending", "waiting"], ["in_use", "in use"], ["free", "idle"], ["connecting", "connecting"],
  ["requests", "requests"], ["failed", "failed"], ["budget", "retry budget"],
].map(([of, label]) => {
  const value = el("dd", { "data-of": of }, "–");
  $("totals").append(el("div", { class: of }, el("dt", {}, label), value));
  return [of, value];
});
const lineParts = lines.map(({ name, label, meaning }) => {
  const bar = el("i", { class: `of-${name}` });
  const value = el("b", { "data-of": name }, "–");
  $("lines").append(bar);
  $("lines-key").append(el("li", { title: meaning }, el("i", { class: `of-${name}` }), label + " ", value));
  $("help-lines").append(el("dt", {}, el("i", { class: `swatch of-${name}` }), label), el("dd", {}, meaning));
  return { name, bar, value };
});

function showTop({ totals: t, agents, started_ms, time_ms, version }) {
  setText($("caught"), count(t.caught.total));
  setText($("seen").firstElementChild, count(t.count.stale_seen));
  $("seen").classList.toggle("bad", t.count.stale_seen > 0);
  for (const { name, bar, value } of lineParts) {
    bar.style.flexGrow = t.caught[name];
    bar.classList.toggle("none", t.caught[name] === 0);
    setText(value, count(t.caught[name]));
  }
  $("lines").classList.toggle("none", t.caught.total === 0);
  const last = model.history.at(-1);
  const values = {
    rate: last ? rate(last.requests) : "–", requests: count(t.count.requests), failed: count(t.count.failed),
    budget: `${count(t.budget_taken)} of ${count(t.budget_size)}`,
  };
  for (const [of, value] of totals) {
    setText(value, values[of] ?? count(t[of]));
    value.parentNode.classList.toggle("bad", (of === "failed" && t.count.failed > 0) || (of === "budget" && t.budget_size > 0 && t.budget_taken >= t.budget_size));
  }
  const living = agents.filter((a) => a.alive);
  const who = living.length === 1 ? living[0].name : living.length || agents.length === 0 ? plural(living.length, "agent") : "all agents have ended";
  setText($("about"), `${who}, watched for ${span((time_ms - started_ms) / 1e3)} · Hearth ${version}`);
}

// Drawing: once an animation frame at most, and never while nobody sees it.

let asked = false;
let paused = false;

function draw() {
  asked = false;
  if (paused || document.hidden || !model.frame) return;
  const start = performance.now();
  showTop(model.frame);
  charts.show(model.history);
  origins.show();
  events.show();
  performance.clearMeasures("draw");
  performance.measure("draw", { start, end: performance.now() });
  document.body.dataset.sequence = model.frame.sequence;
}
function ask() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(draw);
}

// The monitor.

let link = "connecting";

function showLink(name, detail = {}) {
  if (name === "connecting" && link === "live") return;
  link = name;
  document.body.dataset.link = paused && name === "live" ? "paused" : name;
  const says = {
    connecting: "Connecting to the monitor",
    live: paused ? `Paused at ${clock(model.frame?.time_ms ?? Date.now())}` : "Live",
    lost: `Lost since ${clock(detail.since)}: ${detail.why}; trying again ${detail.wait >= 1 ? `in ${detail.wait} s` : "now"}`,
    token: "A token is needed",
  };
  setText($("link"), says[name]);
}

const stream = new Stream({
  frame(frame) {
    model.take(frame);
    events.take(frame);
    ask();
  },
  state(name, detail) {
    if (name === "lost" || name === "token") model.lose();
    if (name === "token") askForToken(detail.wrong);
    if (name !== link || name === "lost") showLink(name, detail);
  },
}, sessionStorage.getItem("hearth-token"));

function askForToken(wrong) {
  sessionStorage.removeItem("hearth-token");
  setText($("token-error"), wrong ? "The monitor does not accept that token." : "");
  if (!$("token").open) $("token").showModal();
}
$("token").addEventListener("cancel", (e) => e.preventDefault());
$("token-form").addEventListener("submit", (e) => {
  const token = $("token-text").value;
  $("token-text").value = "";
  if (!/^[\x21-\x7e]+$/.test(token)) { // fetch() refuses some others, as if the monitor were not there
    e.preventDefault();
    setText($("token-error"), "A token has visible ASCII characters only.");
    return;
  }
  sessionStorage.setItem("hearth-token", token);
  stream.use(token);
});

// Out of sight the page goes on listening, so that its charts have no gap, but not for ever.
let resting = 0;
let atRest = false;
document.addEventListener("visibilitychange", () => {
  clearTimeout(resting);
  if (document.hidden) {
    resting = setTimeout(() => { atRest = true; stream.rest(); }, hiddenForAWhile);
    return;
  }
  if (atRest) {
    atRest = false;
    model.lose();
    stream.start();
  } else {
    stream.retryNow();
  }
  ask();
});

// What one can press.

function pause() {
  paused = !paused;
  $("pause").setAttribute("aria-pressed", String(paused));
  setText($("pause"), paused ? "Go on" : "Pause");
  showLink(link);
  ask();
}
const themes = ["", "light", "dark"];
function setTheme(name) {
  if (name) document.documentElement.dataset.theme = name;
  else delete document.documentElement.dataset.theme;
  setText($("theme"), { "": "System", light: "Light", dark: "Dark" }[name]);
  $("theme").setAttribute("aria-label", `Theme: ${name || "as the system"}`);
  localStorage.setItem("hearth-theme", name);
  charts.recolor();
}
const storedTheme = () => (themes.includes(localStorage.getItem("hearth-theme")) ? localStorage.getItem("hearth-theme") : "");
const nextTheme = () => setTheme(themes[(themes.indexOf(storedTheme()) + 1) % themes.length]);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => charts.recolor());

function setSort(name) {
  $("sort").value = name;
  origins.sort = name;
  origins.arrange();
}
function nextSort() {
  const names = [...$("sort").options].map((o) => o.value);
  setSort(names[(names.indexOf($("sort").value) + 1) % names.length]);
}
function setFilter(text) {
  $("filter").value = text;
  origins.text = text;
  origins.arrange();
}

$("pause").addEventListener("click", pause);
$("theme").addEventListener("click", nextTheme);
$("help-button").addEventListener("click", () => $("help").showModal());
$("sort").addEventListener("change", () => setSort($("sort").value));
$("filter").addEventListener("input", () => setFilter($("filter").value));
$("level").addEventListener("change", () => { events.level = $("level").value; });
$("events-pause").addEventListener("click", () => {
  const on = $("events-pause").getAttribute("aria-pressed") !== "true";
  $("events-pause").setAttribute("aria-pressed", String(on));
  events.held = on;
});

const keys = {
  j: () => origins.move(1), ArrowDown: () => origins.move(1),
  k: () => origins.move(-1), ArrowUp: () => origins.move(-1),
  Home: () => origins.move(-Infinity), End: () => origins.move(Infinity),
  PageDown: () => origins.move(8), PageUp: () => origins.move(-8),
  "/": () => $("filter").focus(), s: nextSort, p: pause, t: nextTheme, "?": () => $("help").showModal(),
};
const inList = new Set(["Home", "End", "PageDown", "PageUp"]); // elsewhere they scroll

document.addEventListener("keydown", (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey || document.querySelector("dialog[open]")) return;
  const at = document.activeElement;
  if (at === $("filter")) {
    if (e.key === "Escape") setFilter("");
    if (e.key === "Enter" || e.key === "ArrowDown") { e.preventDefault(); origins.move(1); }
    return;
  }
  if (at instanceof HTMLSelectElement || at instanceof HTMLInputElement || at === $("events")) return;
  if (!keys[e.key] || (inList.has(e.key) && !$("origins").contains(at))) return;
  e.preventDefault();
  keys[e.key]();
});

setTheme(storedTheme());
stream.start();

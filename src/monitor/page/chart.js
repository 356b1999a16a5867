// A chart over time on a canvas: axes, gridlines, lines, areas, stacks, and a readout for pointer and keyboard.
import { el, setText, span } from "./text.js";

const shortest = 60; // seconds that the x axis shows at least
const longest = 300;

// The moment that is read, by pointer or keyboard, in all charts at once; null: the newest.
const cursor = { t: null };
const charts = new Set();
let rightEdge = 0;

const stacked = (s) => s.kind === "stack" || s.kind === "columns";

function niceTop(max) {
  const power = 10 ** Math.floor(Math.log10(max / 2));
  const step = [1, 2, 5, 10].map((s) => s * power).find((s) => max / s <= 3.0001);
  return { step, top: Math.ceil(max / step - 1e-9) * step };
}

/**
 * spec: {title, unit: number -> text, tick: the same for the axis, least: of the y axis's top, whole, series: [{name, label, kind}]}.
 * A kind is line, area, stack (areas) or columns (stacked too, for what is rare: nothing is drawn for 0).
 */
export class Chart {
  #history = [];
  #colors = {};
  #left = 40; // where the plot begins, after the y axis's labels
  #size = { width: 0, height: 0 };

  constructor(spec) {
    this.spec = spec;
    this.canvas = el("canvas", { tabindex: "0", role: "img", "aria-label": spec.title });
    this.values = spec.series.map(() => el("b", {}, "–"));
    this.when = el("span", { class: "when" });
    this.swatches = spec.series.map((s) => el("i", { class: `of-${s.name}` }));
    const key = el("ul", { class: "key" }, ...spec.series.map((s, i) => el("li", {}, this.swatches[i], s.label + " ", this.values[i])));
    this.element = el("figure", { class: "chart" }, el("figcaption", {}, el("h2", {}, spec.title), this.when, key), this.canvas);
    this.#listen();
    new ResizeObserver(() => this.#resize()).observe(this.canvas);
    charts.add(this);
  }

  show(history) {
    this.#history = history;
    rightEdge = history.at(-1)?.t ?? 0;
    this.#draw();
  }
  /** After a change of theme. */
  recolor() {
    this.#colors = {};
    this.#draw();
  }

  #listen() {
    const read = (t) => {
      cursor.t = t;
      for (const c of charts) c.#draw();
    };
    this.canvas.addEventListener("pointermove", (e) => read(this.#timeAt(e.offsetX)));
    this.canvas.addEventListener("pointerleave", () => read(null));
    this.canvas.addEventListener("blur", () => read(null));
    this.canvas.addEventListener("keydown", (e) => {
      const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 }[e.key];
      if (step === undefined || this.#history.length === 0) return;
      e.preventDefault();
      e.stopPropagation();
      const last = this.#history.length - 1;
      const at = this.#indexAt(cursor.t ?? rightEdge);
      read(this.#history[Math.min(last, Math.max(0, at + step))].t);
      this.canvas.setAttribute("aria-label", `${this.spec.title}, ${this.when.textContent}: ${this.#inWords()}`);
    });
  }
  #inWords() {
    return this.spec.series.map((s, i) => `${s.label} ${this.values[i].textContent}`).join(", ");
  }

  #resize() {
    const ratio = Math.min(devicePixelRatio || 1, 3);
    const { clientWidth: width, clientHeight: height } = this.canvas;
    this.#size = { width, height };
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.canvas.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0);
    this.#draw();
  }

  // As style.css has them, resolved for the theme: a series' colour is its swatch's.
  #color(name) {
    const resolve = () => {
      if (name === "grid") return getComputedStyle(this.canvas).color;
      if (name === "dim") return getComputedStyle(this.when).color;
      return getComputedStyle(this.swatches[this.spec.series.findIndex((s) => s.name === name)]).backgroundColor;
    };
    return (this.#colors[name] ??= resolve());
  }
  get #box() { return { left: this.#left, right: this.#size.width - 6, top: 8, bottom: this.#size.height - 20 }; }
  get #seconds() {
    const first = this.#history[0]?.t ?? rightEdge;
    return Math.min(longest, Math.max(shortest, (rightEdge - first) / 1e3));
  }
  #x(t) {
    const { left, right } = this.#box;
    return right - ((rightEdge - t) / 1e3 / this.#seconds) * (right - left);
  }
  #timeAt(x) {
    const { left, right } = this.#box;
    return rightEdge - ((right - x) / (right - left)) * this.#seconds * 1e3;
  }
  #indexAt(t) {
    let best = this.#history.length - 1;
    while (best > 0 && Math.abs(this.#history[best - 1].t - t) <= Math.abs(this.#history[best].t - t)) --best;
    return best;
  }

  // The series' values, each on top of those that it is stacked on.
  #stacked() {
    let base = this.#history.map(() => 0);
    return this.spec.series.map((s) => {
      const values = this.#history.map((p) => p[s.name]);
      if (!stacked(s)) return { s, low: null, high: values };
      const low = base;
      base = values.map((v, i) => low[i] + (v ?? 0));
      return { s, low, high: base };
    });
  }

  #draw() {
    const { width, height } = this.#size;
    if (!width) return;
    const c = this.canvas.getContext("2d");
    c.clearRect(0, 0, width, height);
    const drawn = this.#stacked();
    const max = Math.max(this.spec.least, ...drawn.flatMap((d) => d.high.map((v) => v ?? 0)));
    const { step, top } = niceTop(max);
    const { bottom, top: above } = this.#box;
    const y = (v) => bottom - (v / top) * (bottom - above);
    c.font = `11px ${getComputedStyle(this.element).fontFamily}`;
    this.#left = 10 + Math.ceil(Math.max(22, ...[step, top].map((v) => c.measureText(this.spec.tick(v)).width)));
    this.#drawAxes(c, step, top, y);
    for (const d of drawn.reverse()) this.#drawSeries(c, d, y);
    this.#drawCursor(c, drawn, y);
  }

  #drawAxes(c, step, top, y) {
    const { left, right, bottom } = this.#box;
    c.fillStyle = this.#color("dim");
    c.strokeStyle = this.#color("grid");
    c.lineWidth = 1;
    c.textAlign = "right";
    c.textBaseline = "middle";
    for (let v = 0; v <= top + step / 2; v += step) {
      const at = Math.round(y(v)) + 0.5;
      c.beginPath();
      c.moveTo(left, at);
      c.lineTo(right, at);
      c.stroke();
      if (!this.spec.whole || Number.isInteger(v)) c.fillText(this.spec.tick(v), left - 6, at);
    }
    c.textBaseline = "alphabetic";
    const every = [15, 30, 60, 120, 300].find((s) => (s / this.#seconds) * (right - left) > 58);
    for (let s = 0; s <= this.#seconds; s += every) {
      const x = this.#x(rightEdge - s * 1e3);
      c.textAlign = s === 0 ? "right" : "center";
      const text = s === 0 ? "now" : `−${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
      c.fillText(text, Math.max(x, left + 8), bottom + 15);
    }
  }

  #drawSeries(c, { s, low, high }, y) {
    if (s.kind === "columns") return this.#drawColumns(c, { s, low, high }, y);
    for (const [from, to] of this.#pieces(high)) {
      const x = (i) => this.#x(this.#history[i].t);
      const upper = new Path2D();
      for (let i = from; i < to; ++i) upper.lineTo(x(i), y(high[i]));
      if (s.kind !== "line") {
        const area = new Path2D(upper);
        for (let i = to - 1; i >= from; --i) area.lineTo(x(i), y(low ? low[i] : 0));
        c.globalAlpha = s.kind === "stack" ? 0.78 : 0.16;
        c.fillStyle = this.#color(s.name);
        c.fill(area);
        c.globalAlpha = 1;
      }
      c.strokeStyle = this.#color(s.name);
      c.lineWidth = s.kind === "stack" ? 1 : 1.75;
      c.lineJoin = "round";
      if (to - from > 1) c.stroke(upper);
    }
  }
  #drawColumns(c, { s, low, high }, y) {
    const { left, right } = this.#box;
    const all = this.#history;
    const each = all.length > 1 ? (right - this.#x(all[0].t)) / (all.length - 1) : 4;
    const wide = Math.min(14, Math.max(1.5, each * 0.72));
    c.fillStyle = this.#color(s.name);
    high.forEach((v, i) => {
      const x = Math.min(right - wide, Math.max(left, this.#x(all[i].t) - wide / 2));
      if (v > low[i]) c.fillRect(x, y(v), wide, Math.max(1.5, y(low[i]) - y(v)));
    });
  }
  // Runs of points without a gap or a missing value.
  #pieces(values) {
    const found = [];
    let from = 0;
    for (let i = 0; i <= values.length; ++i) {
      const missing = i === values.length || values[i] === null;
      if (!missing && !(this.#history[i].gap && i > from)) continue;
      if (i > from) found.push([from, i]);
      from = missing ? i + 1 : i;
    }
    return found;
  }

  #drawCursor(c, drawn, y) {
    const at = this.#history.length ? this.#indexAt(cursor.t ?? rightEdge) : -1;
    const point = this.#history[at];
    this.spec.series.forEach((s, i) => setText(this.values[i], point && point[s.name] !== null ? this.spec.unit(point[s.name]) : "–"));
    setText(this.when, cursor.t === null || !point ? "" : `${span((rightEdge - point.t) / 1e3)} ago`);
    if (cursor.t === null || !point) return;
    const { top, bottom } = this.#box;
    const x = this.#x(point.t);
    c.strokeStyle = this.#color("dim");
    c.setLineDash([2, 3]);
    c.beginPath();
    c.moveTo(x, top);
    c.lineTo(x, bottom);
    c.stroke();
    c.setLineDash([]);
    for (const { s, high } of drawn) {
      if (high[at] === null || (stacked(s) && !point[s.name])) continue;
      c.fillStyle = this.#color(s.name);
      c.beginPath();
      c.arc(x, y(high[at]), 3, 0, 2 * Math.PI);
      c.fill();
    }
  }
}

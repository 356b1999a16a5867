// Which charts there are.
import { Chart } from "./chart.js";
import { lines } from "./model.js";
import { rate, short, span } from "./text.js";

const perSecond = (v) => (v >= 1000 ? short(v) : rate(v));

const specs = [
  {
    title: "Requests a second", unit: perSecond, tick: short, least: 1,
    series: [{ name: "requests", label: "all", kind: "area" }, { name: "failed", label: "failed", kind: "columns" }],
  },
  {
    title: "Connections", unit: short, tick: short, least: 3, whole: true,
    series: [
      { name: "in_use", label: "in use", kind: "stack" },
      { name: "connecting", label: "connecting", kind: "stack" },
      { name: "idle", label: "idle", kind: "stack" },
    ],
  },
  {
    title: "Latency", unit: span, tick: span, least: 1e-4,
    series: [{ name: "p99", label: "p99", kind: "area" }, { name: "p50", label: "p50", kind: "line" }],
  },
  {
    title: "Stale sockets caught a second", unit: perSecond, tick: short, least: 1,
    series: lines.map(({ name, label }) => ({ name, label, kind: "columns" })),
  },
  {
    title: "Waiting for a connection", unit: short, tick: short, least: 3, whole: true,
    series: [{ name: "pending", label: "requests", kind: "area" }],
  },
];

export class Charts {
  #all = specs.map((s) => new Chart(s));
  constructor(holder) { holder.append(...this.#all.map((c) => c.element)); }
  show(history) { for (const c of this.#all) c.show(history); }
  recolor() { for (const c of this.#all) c.recolor(); }
}

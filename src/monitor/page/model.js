// What the frames say, and what follows from two of them: rates, and their history.

/** The lines of defence, in the order in which they stand; colours are in style.css. */
export const lines = [
  ["left", "left early", "retired before the server would have closed it"],
  ["watched", "watched", "its close was seen while it idled"],
  ["looked", "looked", "found closed by the look before use"],
  ["matched", "not risked", "passed by, as too old for a request that must not be sent twice"],
  ["replayed", "replayed", "the close crossed with the request, which was sent again at once"],
  ["silent", "silence", "forgotten on the way; the request went to another connection"],
].map(([name, label, meaning]) => ({ name, label, meaning }));

const historySeconds = 300;
const historyPoints = 600;

export class Model {
  frame = null;
  /** Oldest first; `gap` marks the first point after something was missed. */
  history = [];
  /** By origin: {rate, load}, where load is smoothed so that a sort by it is not restless. */
  byOrigin = new Map();
  #lost = false;
  #gap = true;

  /** The next frame will not be compared with the last one: time has passed unseen. */
  lose() { this.#lost = this.#gap = true; }

  take(frame) {
    const before = this.frame;
    const seconds = before ? (frame.time_ms - before.time_ms) / 1e3 : 0;
    const restarted = !before || before.started_ms !== frame.started_ms;
    const known = !restarted && !this.#lost && seconds > 0;
    this.#lost = false;
    this.frame = frame;
    if (restarted) {
      this.byOrigin.clear();
      this.#gap = true;
    }
    this.#takeOrigins(frame, known ? seconds : 0);
    if (known) this.#point(before, frame, seconds);
  }

  #takeOrigins(frame, seconds) {
    const seen = new Map();
    for (const o of frame.origins) {
      const old = this.byOrigin.get(o.name);
      const busy = o.in_use + o.pending + o.connecting;
      const made = seconds && old ? Math.max(0, o.count.requests - old.requests) / seconds : 0;
      const now = busy + made / 10;
      seen.set(o.name, { requests: o.count.requests, rate: made, load: old ? old.load * 0.8 + now * 0.2 : now });
    }
    this.byOrigin = seen;
  }

  #point(before, frame, seconds) {
    const a = before.totals;
    const b = frame.totals;
    const per = (name) => Math.max(0, b.count[name] - a.count[name]) / seconds;
    const point = {
      t: frame.time_ms, gap: this.#gap,
      requests: per("requests"), failed: per("failed"),
      in_use: b.in_use, idle: b.free, connecting: b.connecting, pending: b.pending,
      ...quantiles(a.latency_histogram, b.latency_histogram),
    };
    for (const { name } of lines) point[name] = Math.max(0, b.caught[name] - a.caught[name]) / seconds;
    this.#gap = false;
    this.history.push(point);
    const oldest = frame.time_ms - historySeconds * 1e3;
    while (this.history.length > historyPoints || this.history[0].t < oldest) this.history.shift();
  }
}

// Of what was recorded between two frames: their histograms' difference. Null where nothing was.
function quantiles(a, b) {
  const bounds = b.bounds_s;
  const buckets = b.total.map((n, i) => Math.max(0, n - a.total[i]));
  const all = buckets.reduce((x, y) => x + y, 0);
  const at = (q) => {
    if (all === 0) return null;
    let wanted = q * all;
    for (let i = 0; i < buckets.length; ++i) {
      if (wanted > buckets[i]) { wanted -= buckets[i]; continue; }
      if (i >= bounds.length) return bounds.at(-1);
      const low = i ? bounds[i - 1] : 0;
      return low + ((bounds[i] - low) * wanted) / buckets[i];
    }
    return bounds.at(-1);
  };
  return { p50: at(0.5), p99: at(0.99) };
}

const orders = {
  busiest: (m) => (a, b) => m.load(b) - m.load(a),
  name: () => () => 0,
  caught: () => (a, b) => b.caught.total - a.caught.total,
  failed: () => (a, b) => b.count.failed - a.count.failed,
  pending: () => (a, b) => b.pending - a.pending,
};

/** The origins whose name has `text` in it, in order; names decide between equals. */
export function arranged(model, sort, text) {
  const wanted = text.trim().toLowerCase();
  const found = model.frame.origins.filter((o) => !wanted || o.name.toLowerCase().includes(wanted));
  const order = orders[sort]({ load: (o) => model.byOrigin.get(o.name)?.load ?? 0 });
  return found.sort((a, b) => order(a, b) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

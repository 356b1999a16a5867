// The report: what hearth load --json told, as tiles, charts and tables.

const run = JSON.parse(document.getElementById("data").textContent);
const color = { a: "var(--a)", b: "var(--b)", c: "var(--c)", ok: "var(--ok)", warn: "var(--warn)", bad: "var(--bad)" };
const answered = run.requests - run.failed;
const corrected = run.service_time_ms !== null;

// The histogram's buckets as [lower, upper, count, how many up to here], in ms.
function cumulative(histogram) {
  let seen = 0;
  const per_power = 2 ** histogram.precision_bits;
  return histogram.buckets.map(([lower, count]) => {
    const width = Math.max(1, 2 ** Math.floor(Math.log2(Math.max(lower, 1) / per_power)));
    seen += count;
    return [lower / 1e6, (lower + width) / 1e6, count, seen];
  });
}

// Slots over time, each with its middle and its length in seconds; the rest after the end is too short to count.
function slots() {
  const length = run.series.slot_ms / 1000;
  return run.series.slots
    .map((s, i) => ({ ...s, from: i * length, to: Math.min((i + 1) * length, Math.max(run.duration_s, i * length)) }))
    .map((s) => ({ ...s, at: (s.from + s.to) / 2, length: s.to - s.from }))
    .filter((s) => s.length >= length * 0.2);
}

function tiles() {
  const bad = Object.entries(run.statuses).reduce((n, [code, count]) => n + (Number(code) >= 400 ? count : 0), 0);
  const all = [
    [perSecond(run.rate), run.target_rate ? `answers a second (asked: ${perSecond(run.target_rate)})` : "answers a second"],
    [answered ? duration(run.latency_ms.p50) : "-", "median latency"],
    [answered ? duration(run.latency_ms.p99) : "-", "99th percentile"],
    [answered ? duration(run.latency_ms.max) : "-", "maximum"],
    [number(run.requests), "requests"],
    [number(run.failed), "failed", run.failed ? "bad" : "good"],
    [number(bad), "statuses 400 and over", bad ? "bad" : "good"],
  ];
  for (const [value, name, look] of all) {
    document.getElementById("tiles").append(element("div", { class: "tile " + (look || "") }, element("b", {}, value), element("span", {}, name)));
  }
}

function notices() {
  const say = (text) => document.getElementById("notices").append(element("p", { class: "notice" }, text));
  if (run.interrupted) say("The run was interrupted; this is what there was so far.");
  if (run.generator.bottleneck)
    say(`The generator was busy all the time (${Math.round(run.generator.cpu_share * 100)} % of a core): the rate may be its limit rather than the server's.`);
  if (run.unsent) say(`${number(run.unsent)} requests were due before the end and found no free place among ${number(run.concurrency)}: their waits are in no figure.`);
  if (run.unfinished) say(`${number(run.unfinished)} requests were under way when the run gave them up; they are in no figure.`);
}

function latencyOverTime(all, x) {
  const seen = all.filter((s) => s.answered > 0);
  const y = logarithmic(Math.min(...seen.map((s) => s.p50_ms)) * 0.7, Math.max(...seen.map((s) => s.max_ms)) * 1.1);
  const series = (name) => all.map((s) => [s.at, s.answered > 0 ? s[name] : null]);
  const band = (low, high) => all.map((s) => (s.answered > 0 ? [s.at, s[low], s[high]] : [s.at, null, null]));
  return chart({
    title: "Latency over time", wide: true, height: 280, x, y, xText: clock, yText: duration,
    what: (corrected ? "From when each request was due. " : "") + "Each point is of the requests answered in " + duration(run.series.slot_ms) + "; the scale is logarithmic.",
    bands: [{ points: band("p90_ms", "p99_ms"), color: "var(--band-2)" }, { points: band("p50_ms", "p90_ms"), color: "var(--band-1)" }],
    lines: [{ points: series("max_ms"), color: color.c, thin: true }, { points: series("p50_ms"), color: color.a }],
    key: [{ name: "median", color: color.a }, { name: "to 90 %", color: "var(--band-1)" }, { name: "to 99 %", color: "var(--band-2)" }, { name: "maximum", color: color.c }],
    tips: seen.map((s) => ({ x: s.at, text: `${clock(Number(s.from.toFixed(1)))}\nmedian ${duration(s.p50_ms)}\n90 %   ${duration(s.p90_ms)}\n99 %   ${duration(s.p99_ms)}\nmax    ${duration(s.max_ms)}` })),
  });
}

function rateOverTime(all, x) {
  const rates = all.map((s) => ({ ...s, good: (s.answered - s.bad_statuses) / s.length, wrong: s.bad_statuses / s.length, lost: s.failed / s.length }));
  const bars = [];
  for (const r of rates) {
    let bottom = 0;
    for (const [value, c] of [[r.good, color.b], [r.wrong, color.warn], [r.lost, color.bad]]) {
      if (value > 0) bars.push({ from: r.from, to: r.to, bottom, top: bottom + value, color: c });
      bottom += value;
    }
  }
  const top = Math.max(...rates.map((r) => r.good + r.wrong + r.lost), run.target_rate || 0);
  const lines = run.target_rate ? [{ points: [[0, run.target_rate], [run.duration_s, run.target_rate]], color: color.c, dashed: true }] : [];
  return chart({
    title: "Requests a second", what: "Answered and failed, over time.", x, y: linear(top), xText: clock, yText: short, bars, lines,
    key: [{ name: "status under 400", color: color.b }, { name: "400 and over", color: color.warn }, { name: "failed", color: color.bad }]
      .concat(run.target_rate ? [{ name: "asked for", color: color.c }] : []),
    tips: rates.map((r) => ({ x: r.at, text: `${clock(Number(r.from.toFixed(1)))}\n${perSecond(r.good)}/s answered\n${perSecond(r.wrong)}/s with status 400 or over\n${perSecond(r.lost)}/s failed` })),
  });
}

function connectionsOverTime(all, x) {
  const opened = all.map((s) => [s.at, s.connections]);
  const rest = Math.max(...all.map((s) => Math.max(s.opened, s.sent_again)));
  const y = linear(Math.max(...all.map((s) => s.connections), rest));
  const bars = all.filter((s) => s.opened > 0).map((s) => ({ from: s.from, to: s.to, top: s.opened, color: color.ok }));
  return chart({
    title: "Connections", what: "Open at a time; and, in each " + duration(run.series.slot_ms) + ", newly opened, and requests sent again.",
    x, y, xText: clock, yText: short, bars,
    lines: [{ points: opened, color: color.b }, { points: all.map((s) => [s.at, s.sent_again]), color: color.bad, thin: true }],
    key: [{ name: "open", color: color.b }, { name: "newly opened", color: color.ok }, { name: "sent again", color: color.bad }],
    tips: all.map((s) => ({ x: s.at, text: `${clock(Number(s.from.toFixed(1)))}\n${number(s.connections)} open, ${number(s.opened)} new\n${number(s.in_flight)} requests in flight\n${number(s.sent_again)} sent again` })),
  });
}

// The share of requests on a scale on which each further nine takes as much room as the one before it.
function percentilePlot() {
  const nines = (share) => -Math.log10(Math.max(1 - share, 0.5 / answered));
  const most = Math.max(nines(1), 1);
  const curve = (histogram) => {
    const points = [];
    for (const [lower, upper, , seen] of cumulative(histogram)) {
      const last = seen === histogram.count;
      points.push([seen / histogram.count, last ? histogram.max / 1e6 : Math.min(upper, histogram.max / 1e6), lower]);
    }
    return [[0, histogram.min / 1e6]].concat(points);
  };
  const latency = curve(run.histogram);
  const service = corrected ? curve(run.service_time_histogram) : [];
  const low = Math.min(...latency.concat(service).map((p) => p[1])), high = Math.max(...latency.concat(service).map((p) => p[1]));
  const marks = [0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999, 0.999999].filter((s) => nines(s) <= most);
  const lines = [{ points: latency, color: color.a }];
  if (corrected) lines.push({ points: service, color: color.b, dashed: true });
  return chart({
    title: "Latency by percentile", x: { at: (s) => nines(s) / most, ticks: marks }, y: logarithmic(low * 0.9, high * 1.1),
    what: "So many requests were answered within so long. Each further nine takes the same room.",
    xText: (s) => Number((s * 100).toFixed(6)) + " %", yText: duration, lines,
    key: corrected ? [{ name: "from when due (coordinated omission corrected)", color: color.a }, { name: "service time", color: color.b }] : [{ name: "latency", color: color.a }],
    tips: latency.map(([share, ms]) => ({ x: share, text: `${Number((share * 100).toFixed(4))} % within ${duration(ms)}` })),
  });
}

function distribution() {
  const all = cumulative(run.histogram);
  let low = Math.max(run.histogram.min / 1e6, 1e-6), high = Math.max(run.histogram.max / 1e6, low);
  if (high < low * 1.3) [low, high] = [low / 1.15, high * 1.15];
  const steps = 48, ratio = Math.log(high / low) / steps;
  const counts = new Array(steps).fill(0);
  for (const [lower, upper, count] of all)
    counts[Math.min(steps - 1, Math.max(0, Math.floor(Math.log((lower + upper) / 2 / low) / ratio)))] += count;
  const limit = (i) => low * Math.exp(i * ratio);
  const bars = counts.map((n, i) => ({ from: limit(i), to: limit(i + 1), top: (100 * n) / answered, color: color.a, n })).filter((b) => b.n > 0);
  return chart({
    title: "Distribution of latency", what: "The share of requests by latency, on a logarithmic scale.", x: logarithmic(low, high),
    y: linear(Math.max(...bars.map((b) => b.top))), xText: duration, yText: (v) => Number(v.toPrecision(3)) + " %", bars,
    tips: bars.map((b) => ({ x: Math.sqrt(b.from * b.to), text: `${duration(b.from)} to ${duration(b.to)}\n${number(b.n)} requests, ${percent(b.n, answered)}` })),
  });
}

function table(title, rows, heads) {
  if (rows.length === 0) return;
  const cell = (name, c, i) => element(name, { class: i > 0 ? "number" : "" }, ...(Array.isArray(c) ? c : [c]));
  const body = element("table", {});
  if (heads) body.append(element("tr", {}, ...heads.map((h, i) => cell("th", h, i))));
  for (const row of rows) body.append(element("tr", {}, ...row.map((c, i) => cell("td", c, i))));
  document.getElementById("tables").append(element("section", { class: "card" }, element("h2", {}, title), body));
}

function tables() {
  if (answered > 0) {
    const names = { p50: "50 %", p75: "75 %", p90: "90 %", p95: "95 %", p99: "99 %", p99_9: "99.9 %", max: "maximum", min: "minimum", mean: "mean", sd: "standard deviation" };
    table("Latency", Object.entries(names).map(([key, name]) => [name, duration(run.latency_ms[key])].concat(corrected ? [duration(run.service_time_ms[key])] : [])),
      corrected ? ["", "from when due", "service time"] : null);
    table("Statuses", Object.entries(run.statuses).map(([code, n]) => [
      Number(code) >= 400 ? [element("span", { class: "bad-text" }, code)] : code, number(n), percent(n, answered)]));
  }
  table("Failures", run.errors.map((e) => [
    [element("span", { class: "bad-text" }, e.code), ` while in phase ${e.phase}` + (e.evidence === "none" ? "" : `, evidence: ${e.evidence}`), element("small", {}, e.message)],
    number(e.count)]));
  const c = run.connections;
  const rows = [["opened", number(c.opened)], ["requests on a reused one", number(c.reused)], ["retired before the server closes them", number(c.left_in_time)],
    ["seen to end while idle", number(c.stale_while_idle)], ["found dead by the look before use", number(c.stale_at_use)],
    ["whose end crossed with a request", number(c.stale_in_use)], ["requests replayed", number(c.replays)], ["requests retried", number(c.retries)]];
  for (const [why, n] of Object.entries(c.closed)) rows.push([`closed: ${why}`, number(n)]);
  table("Connections", rows);
  const g = run.generator;
  table("Run", [["requests at a time", number(run.concurrency)], ["lasted", duration(run.duration_s * 1000)], ["bodies received", bytes(run.bytes_received)],
    ["bodies sent", bytes(run.bytes_sent)], ["generator's CPU a request", duration(g.cpu_us_per_request / 1000)], ["generator's share of a core", Math.round(g.cpu_share * 100) + " %"]]);
}

function report() {
  document.getElementById("how").textContent = `${number(run.concurrency)} requests at a time` + (run.machines > 1 ? ` on ${run.machines} machines` : "") +
    (run.target_rate ? `, ${perSecond(run.target_rate)} a second` : "") + `, for ${duration(run.duration_s * 1000)}, ` + new Date(run.started_ms).toLocaleString();
  document.getElementById("made").textContent = `Made by hearth ${run.version}.`;
  notices();
  tiles();
  const charts = document.getElementById("charts");
  const all = slots();
  const x = seconds(run.duration_s);
  if (all.length > 1 && answered > 0) charts.append(latencyOverTime(all, x));
  if (all.length > 1) charts.append(rateOverTime(all, x), connectionsOverTime(all, x));
  if (answered > 0) charts.append(percentilePlot(), distribution());
  tables();
  if (run.urls.length > 1) table("URLs, in turn", run.urls.map((u) => [u]));
}

report();

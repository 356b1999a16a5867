"use strict";
// Drawing: elements, numbers in words, axes and lines. Text from outside goes in as text nodes only.

function element(name, attributes, ...children) {
  const svg = ["svg", "path", "line", "text", "rect", "g", "circle"].includes(name);
  const e = svg ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) e.setAttribute(key, value);
  e.append(...children.filter((c) => c !== null));
  return e;
}

const number = (n) => Math.round(n).toLocaleString("en-US");
const perSecond = (n) => (n >= 100 || n === 0 ? number(n) : n.toPrecision(3));
function short(n) {
  for (const [size, unit] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]]) {
    if (n >= size) return Number((n / size).toPrecision(3)) + unit;
  }
  return String(Number(n.toPrecision(3)));
}
function duration(ms) {
  const [value, unit] = ms >= 1000 ? [ms / 1000, "s"] : ms >= 1 ? [ms, "ms"] : [ms * 1000, "µs"];
  return Number(value.toPrecision(3)) + " " + unit;
}
function bytes(n) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  for (; n >= 1000 && unit + 1 < units.length; ++unit) n /= 1024;
  return Number(n.toPrecision(3)) + " " + units[unit];
}
const percent = (part, whole) => (whole > 0 ? Number(((100 * part) / whole).toPrecision(3)) + " %" : "0 %");

// Scales map a value to 0..1 and offer round ticks.
function roundStep(rough) {
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 2.5, 5, 10].map((s) => s * power).find((s) => s >= rough * 0.999);
}
function linear(max) {
  const step = roundStep((max || 1) / 4);
  const top = Math.ceil((max || 1) / step - 1e-9) * step;
  const ticks = [];
  for (let t = 0; t <= top + step / 2; t += step) ticks.push(t);
  return { at: (v) => v / top, ticks };
}
function logarithmic(min, max) {
  const low = Math.log10(min);
  const span = Math.max(Math.log10(max) - low, 0.05);
  const all = [];
  for (let power = Math.floor(low); power <= low + span; ++power) {
    for (const m of [1, 2, 5]) all.push(m * 10 ** power);
  }
  let ticks = all.filter((t) => t >= min * 0.999 && t <= max * 1.001);
  if (ticks.length > 8) ticks = ticks.filter((t) => /^1(e|0|$)|^0\.0*1$/.test(String(Number(t.toPrecision(1)))));
  if (ticks.length < 2) {
    // A range too narrow for them.
    const step = roundStep((max - min) / 4 || 1);
    ticks = [];
    for (let t = Math.ceil(min / step) * step; t <= max; t += step) ticks.push(t);
  }
  return { at: (v) => (Math.log10(Math.max(v, min)) - low) / span, ticks };
}
function seconds(max) {
  const step = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400].find((s) => max / s <= 8) || 28800;
  const ticks = [];
  for (let t = 0; t <= max * 1.001; t += step) ticks.push(Number(t.toFixed(3)));
  return { at: (v) => v / max, ticks };
}
const clock = (s) => (s >= 120 ? Math.floor(s / 60) + " min" + (s % 60 ? " " + Math.round(s % 60) + " s" : "") : s + " s");

// A chart: {title, what, wide, height, x, y, xText, yText, bands, bars, lines, marks, key, tips}. It is drawn for the width it
// has, and again when that changes, so that its text is always of a size to read.
function chart(spec) {
  const holder = element("div");
  const key = element("div", { class: "key" });
  for (const k of spec.key || []) key.append(element("span", {}, element("i", { style: "background:" + k.color }), k.name));
  const card = element("section", { class: "card" + (spec.wide ? " wide" : "") }, element("h2", {}, spec.title),
    element("p", { class: "what" }, spec.what), holder, key);
  let drawn = 0;
  const redraw = () => {
    const width = Math.floor(holder.clientWidth);
    if (width > 0 && width !== drawn) holder.replaceChildren(draw(spec, (drawn = width)));
  };
  new ResizeObserver(redraw).observe(holder);
  return card;
}

function draw(spec, width) {
  const labels = spec.y.ticks.map(spec.yText);
  const left = 14 + 6.6 * Math.max(0, ...labels.map((l) => l.length));
  const box = { left, right: width - 12, top: 8, bottom: (spec.height || 240) - 24 };
  const x = (v) => box.left + spec.x.at(v) * (box.right - box.left);
  const y = (v) => box.bottom - spec.y.at(v) * (box.bottom - box.top);
  const svg = element("svg", { height: spec.height || 240, viewBox: `0 0 ${width} ${spec.height || 240}`, role: "img" });
  svg.setAttribute("aria-label", spec.title);
  spec.y.ticks.forEach((t, i) => {
    svg.append(element("line", { class: "grid", x1: box.left, x2: box.right, y1: y(t), y2: y(t) }),
      element("text", { x: box.left - 6, y: y(t) + 4, "text-anchor": "end" }, labels[i]));
  });
  let free = -Infinity;
  for (const t of spec.x.ticks) {
    const text = spec.xText(t);
    const half = 3.4 * text.length;
    const at = Math.min(Math.max(x(t), half), width - half - 1);
    svg.append(element("line", { class: "axis", x1: x(t), x2: x(t), y1: box.bottom, y2: box.bottom + 4 }));
    if (at - half < free) continue;
    free = at + half + 8;
    svg.append(element("text", { x: at, y: box.bottom + 18, "text-anchor": "middle" }, text));
  }
  const points = (list) => list.map(([a, b]) => `${x(a).toFixed(1)},${y(b).toFixed(1)}`);
  for (const bar of spec.bars || []) {
    const x1 = x(bar.from), x2 = x(bar.to);
    svg.append(element("rect", { x: x1, width: Math.max(x2 - x1 - (x2 - x1 > 4 ? 1 : 0), 0.7), y: y(bar.top),
      height: Math.max(y(bar.bottom || 0) - y(bar.top), 0), fill: bar.color }));
  }
  for (const band of spec.bands || []) {
    for (const part of pieces(band.points, (p) => p[2] !== null)) {
      const up = part.map((p) => [p[0], p[2]]), down = part.map((p) => [p[0], p[1]]).reverse();
      svg.append(element("path", { d: "M" + points(up).concat(points(down)).join("L") + "Z", fill: band.color }));
    }
  }
  for (const line of spec.lines || []) {
    for (const part of pieces(line.points, (p) => p[1] !== null)) {
      if (part.length === 1) svg.append(element("circle", { cx: x(part[0][0]), cy: y(part[0][1]), r: 2, fill: line.color }));
      svg.append(element("path", { d: "M" + points(part).join("L"), fill: "none", stroke: line.color,
        "stroke-width": line.thin ? 1 : 2, "stroke-linejoin": "round", "stroke-dasharray": line.dashed ? "5 4" : "none" }));
    }
  }
  svg.append(element("line", { class: "axis", x1: box.left, x2: box.right, y1: box.bottom, y2: box.bottom }));
  if (spec.tips && spec.tips.length > 0) addTips(svg, spec.tips, x, box, width);
  return svg;
}

// Runs of points that have a value; a gap in the data stays a gap.
function pieces(list, good) {
  const all = [];
  let current = [];
  for (const p of list) {
    if (good(p)) current.push(p);
    else if (current.length > 0) { all.push(current); current = []; }
  }
  if (current.length > 0) all.push(current);
  return all;
}

// Under the pointer or finger: the nearest point's figures.
function addTips(svg, tips, x, box, width) {
  const tip = document.getElementById("tip");
  const cursor = element("line", { class: "cursor", y1: box.top, y2: box.bottom, visibility: "hidden" });
  svg.append(cursor);
  const show = (event) => {
    const bounds = svg.getBoundingClientRect();
    const at = ((event.clientX - bounds.left) * width) / bounds.width;
    let best = tips[0];
    for (const t of tips) if (Math.abs(x(t.x) - at) < Math.abs(x(best.x) - at)) best = t;
    cursor.setAttribute("x1", x(best.x));
    cursor.setAttribute("x2", x(best.x));
    cursor.setAttribute("visibility", "visible");
    tip.textContent = best.text;
    tip.hidden = false;
    tip.style.left = Math.max(4, Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 4)) + "px";
    tip.style.top = Math.max(4, event.clientY - tip.offsetHeight - 12) + "px";
  };
  const hide = () => {
    tip.hidden = true;
    cursor.setAttribute("visibility", "hidden");
  };
  svg.addEventListener("pointermove", show);
  svg.addEventListener("pointerdown", show);
  svg.addEventListener("pointerleave", hide);
}

// Numbers and moments in words, and elements. Text from outside only ever becomes text nodes: nothing here parses HTML.

export function el(name, attributes = {}, ...children) {
  const e = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "class") e.className = value;
    else if (value !== false && value !== null) e.setAttribute(key, value === true ? "" : value);
  }
  e.append(...children.filter((c) => c !== null && c !== undefined));
  return e;
}

/** Sets an element's text, touching the page only when it differs. */
export function setText(e, text) {
  if (e.firstChild?.nodeType === Node.TEXT_NODE && !e.firstChild.nextSibling) {
    if (e.firstChild.data !== text) e.firstChild.data = text;
  } else {
    e.textContent = text;
  }
}

const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
export const count = (n) => grouped.format(n);
export const plural = (n, one, many = one + "s") => `${count(n)} ${n === 1 ? one : many}`;

/** 0.4, 7.2, 143, 12,400: as many digits as mean something. */
export const rate = (n) => (n === 0 || n >= 99.95 ? count(n) : n.toFixed(n < 9.995 ? (n < 0.0995 ? 2 : 1) : 0));

/** A figure for an axis: 1.2k, 3M. */
export function short(n) {
  for (const [size, unit] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]]) {
    if (n >= size) return Number((n / size).toPrecision(3)) + unit;
  }
  return String(Number(n.toPrecision(3)));
}

/** A duration in seconds: 80 µs, 1.4 ms, 3.2 s, 5 min 10 s, 2 h 5 min, 3 d 4 h. */
export function span(s) {
  if (s < 1e-3) return s === 0 ? "0" : `${Number((s * 1e6).toPrecision(2))} µs`;
  if (s < 0.9995) return `${Number((s * 1e3).toPrecision(s < 0.01 ? 2 : 3))} ms`;
  if (s < 59.95) return `${s < 9.95 ? s.toFixed(1) : Math.round(s)} s`;
  const whole = Math.round(s);
  const parts = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
  const first = parts.findIndex(([size]) => whole >= size);
  const rest = Math.floor((whole % parts[first][0]) / parts[first + 1][0]);
  return `${Math.floor(whole / parts[first][0])} ${parts[first][1]}` + (rest ? ` ${rest} ${parts[first + 1][1]}` : "");
}

const clockFormat = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
export const clock = (ms) => clockFormat.format(ms);

/** snake_case as words. */
export const words = (name) => String(name).replaceAll("_", " ");

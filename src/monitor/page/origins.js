// The list of origins. Only those in sight are in the page, however many there are.
import { arranged } from "./model.js";
import { OriginRow } from "./origin_row.js";
import { count, plural, setText } from "./text.js";

const spare = 6; // rows kept above and below what is in sight

export class Origins {
  sort = "busiest";
  text = "";
  #model;
  #list;
  #order = []; // origins, as they are laid out
  #tops = []; // of each, in pixels; one more for the end
  #rows = new Map(); // by name: those in the page
  #open = new Map(); // by name: the height of those that are open
  #current = null; // the name that the keyboard is at
  #held = false;
  #rowHeight = 80;
  #tilesMax = 40;

  constructor(model, list) {
    this.#model = model;
    this.#list = list;
    const later = () => requestAnimationFrame(() => this.#draw());
    addEventListener("scroll", later, { passive: true });
    new ResizeObserver(() => this.#measure()).observe(list);
    // What somebody points at should not run away.
    list.addEventListener("pointerenter", (e) => { this.#held = e.pointerType === "mouse"; });
    list.addEventListener("pointerleave", () => { this.#held = false; });
  }

  /** After a frame. */
  show() {
    if (!this.#model.frame) return;
    const wanted = arranged(this.#model, this.sort, this.text);
    this.#order = this.#held || this.#list.contains(document.activeElement) ? this.#keepOrder(wanted) : wanted;
    this.#layOut();
    this.#draw();
    this.#explain();
  }
  /** After a change of sort or filter: what was held is let go. */
  arrange() {
    this.#order = [];
    this.show();
  }

  /** Moves the keyboard's place by so many rows; Infinity for the ends. */
  move(by) {
    if (this.#order.length === 0) return;
    const at = this.#order.findIndex((o) => o.name === this.#current);
    const from = at < 0 ? (by > 0 ? -1 : 0) : at;
    const to = Math.min(this.#order.length - 1, Math.max(0, from + by));
    this.#current = this.#order[to].name;
    this.#reveal(to);
    this.#draw();
    this.#rows.get(this.#current).button.focus({ preventScroll: true });
  }

  #toggle(name) {
    if (!this.#open.delete(name)) this.#open.set(name, 0);
    this.#layOut();
    this.#draw();
  }

  #keepOrder(wanted) {
    const now = new Map(wanted.map((o) => [o.name, o]));
    const kept = this.#order.filter((o) => now.has(o.name)).map((o) => now.get(o.name));
    const known = new Set(kept.map((o) => o.name));
    return kept.concat(wanted.filter((o) => !known.has(o.name)));
  }

  #measure() {
    const style = getComputedStyle(this.#list);
    this.#rowHeight = parseFloat(style.getPropertyValue("--row-height")) || 80;
    const tile = parseFloat(style.getPropertyValue("--tile-step")) || 16;
    const width = this.#list.clientWidth;
    this.#tilesMax = Math.max(4, Math.floor((width - 32 - Math.min(150, width / 4)) / tile)); // the queue needs some room too
    for (const name of this.#open.keys()) this.#open.set(name, 0);
    if (this.#model.frame) {
      this.#layOut();
      this.#draw();
    }
  }

  #layOut() {
    let top = 0;
    this.#tops = this.#order.map((o) => {
      const at = top;
      top += Math.max(this.#rowHeight, this.#open.get(o.name) ?? 0);
      return at;
    });
    this.#tops.push(top);
    this.#list.style.height = `${top}px`;
  }

  #draw() {
    const above = -this.#list.getBoundingClientRect().top;
    const from = Math.max(0, this.#indexAt(above) - spare);
    const to = Math.min(this.#order.length, this.#indexAt(above + innerHeight) + 1 + spare);
    const wanted = new Map();
    for (let i = from; i < to; ++i) wanted.set(this.#order[i].name, i);
    // The one with the focus stays, or the focus would be lost by scrolling.
    const focused = this.#order.findIndex((o) => o.name === this.#current);
    if (focused >= 0) wanted.set(this.#current, focused);
    for (const [name, row] of this.#rows) {
      if (wanted.has(name)) continue;
      row.element.remove();
      this.#rows.delete(name);
    }
    let moved = false;
    for (const [name, i] of wanted) moved = this.#drawRow(name, i) || moved;
    if (moved) this.#draw(); // What was opened has a height now; the second time nothing moves.
  }

  // True when it turned out to be of another height.
  #drawRow(name, i) {
    let row = this.#rows.get(name);
    if (!row) {
      row = new OriginRow(name, () => this.#toggle(name), () => { this.#current = name; });
      this.#rows.set(name, row);
      this.#list.append(row.element);
    }
    const open = this.#open.has(name);
    row.show(this.#order[i], this.#model.byOrigin.get(name)?.rate ?? 0, open, this.#tilesMax);
    row.element.style.transform = `translateY(${this.#tops[i]}px)`;
    row.element.setAttribute("aria-posinset", i + 1);
    row.element.setAttribute("aria-setsize", this.#order.length);
    if (!open || row.element.offsetHeight === this.#open.get(name)) return false;
    this.#open.set(name, row.element.offsetHeight);
    this.#layOut();
    return true;
  }

  // The row at so many pixels from the list's top.
  #indexAt(y) {
    let low = 0;
    let high = this.#order.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#tops[middle + 1] <= y) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #reveal(i) {
    const start = this.#list.getBoundingClientRect().top + scrollY;
    const margin = 72; // the bar at the top
    if (start + this.#tops[i] < scrollY + margin) scrollTo({ top: start + this.#tops[i] - margin, behavior: "instant" });
    else if (start + this.#tops[i + 1] > scrollY + innerHeight - 12) scrollTo({ top: start + this.#tops[i + 1] - innerHeight + 12, behavior: "instant" });
  }

  #explain() {
    const { origins, origins_left_out: left } = this.#model.frame;
    const all = origins.length + left.origins;
    const shown = this.#order.length;
    setText(document.getElementById("origins-count"), this.text.trim() ? `${count(shown)} of ${count(all)}` : count(all));
    const empty = document.getElementById("origins-empty");
    const says = all === 0 ? "No origin yet. Those that the watched agents talk to will be here." :
      shown === 0 ? `No origin has “${this.text.trim()}” in its name.` :
      left.origins > 0 ? `And ${plural(left.origins, "origin")} that ${left.origins === 1 ? "is" : "are"} less busy: ${count(left.in_use)} in use, ` +
        `${count(left.free)} idle, ${count(left.pending)} waiting, ${count(left.caught_total)} stale caught.` : "";
    empty.hidden = says === "";
    setText(empty, says);
  }
}

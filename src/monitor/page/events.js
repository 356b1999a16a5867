// What happened, as it happens: newest first.
import { clock, count, el, span, words } from "./text.js";

const kept = 500;
const shown = 200;
const levels = ["error", "warning", "info", "debug"];

const idleFor = (e) => (e.idle_s > 0 ? `, ${span(e.idle_s)} idle` : "");
const tries = (e) => (e.attempt > 1 ? `, ${e.attempt} tries` : "");
const ways = {
  server_closed: "its close was seen while it idled", unsolicited: "it got bytes that nobody had asked for",
  stale_at_use: "found closed by the look before use",
};
const proofs = {
  not_sent: "nothing of it had been sent", closed_before: "the connection was closed before it came",
  reset_in_flight: "the reset was under way before it could arrive", silent: "the connection kept silent",
  half_closed: "the server had closed its side", refused: "the server said that it did not process it",
  unacknowledged: "reset, and safe to send twice", acknowledged: "no answer came, and it is safe to send twice",
  unsolicited: "what came was no answer to it",
};
const inWords = (known, name) => known[name] ?? words(name ?? "");
const sentences = {
  stale_caught: (e) => `${e.connection ? `#${e.connection}: ` : ""}${inWords(ways, e.how)}${idleFor(e)}`,
  replayed: (e) => `${e.method ?? "request"} sent again: ${inWords(proofs, e.evidence)}${idleFor(e)}`,
  retrying: (e) => `${e.method ?? "request"} again in ${span(e.delay_s ?? 0)}: ${words(e.code ?? "")}${tries(e)}`,
  failed: (e) => `${e.method ?? "request"}: ${words(e.code ?? "")}${e.phase ? `, in phase ${words(e.phase)}` : ""}${tries(e)}`,
  origin_down: (e) => `${words(e.code ?? "")}; its requests wait for it`,
  origin_back: (e) => (e.delay_s ? `after ${span(e.delay_s)}` : "it answers again"),
  learnt: (e) => (e.detail ? "" : "an idle timeout"),
  budget_spent: () => "a retry was refused: too many run already",
};

/** What an event says, in words. */
export function sentence(e) {
  const says = sentences[e.event]?.(e) ?? words(e.event);
  const more = e.left_out ? ` (and ${count(e.left_out)} more)` : "";
  return [says, e.detail].filter(Boolean).join(". ") + more;
}

export class Events {
  #list;
  #all = []; // oldest first
  #last = new Map(); // by agent: the highest number seen
  #started = 0;
  #lost = 0;
  #level = "info";
  #held = false;
  #drawn = null; // the newest that is in the page

  constructor(list) { this.#list = list; }

  take(frame) {
    if (frame.started_ms !== this.#started) {
      this.#last.clear();
      this.#started = frame.started_ms;
    }
    for (const e of frame.events) {
      // After a reconnection the monitor tells again what it told before.
      if (e.sequence <= (this.#last.get(e.agent) ?? 0)) continue;
      this.#last.set(e.agent, e.sequence);
      this.#all.push(e);
    }
    if (this.#all.length > kept) this.#all.splice(0, this.#all.length - kept);
    this.#lost += frame.events_lost;
  }

  set level(name) {
    this.#level = name;
    this.#drawn = null;
    this.show();
  }
  set held(on) {
    this.#held = on;
    this.show();
  }

  show() {
    if (this.#held) return;
    const most = levels.indexOf(this.#level);
    const from = this.#drawn ? this.#all.indexOf(this.#drawn) + 1 : 0;
    const fresh = this.#all.slice(from).filter((e) => levels.indexOf(e.level) <= most).slice(-shown);
    if (this.#drawn === null) this.#list.replaceChildren();
    this.#drawn = this.#all.at(-1) ?? null;
    this.#list.prepend(...fresh.reverse().map(item));
    while (this.#list.childElementCount > shown) this.#list.lastElementChild.remove();
    document.getElementById("events-empty").hidden = this.#list.childElementCount > 0;
    const note = document.getElementById("events-lost");
    note.hidden = this.#lost === 0;
    note.textContent = `${count(this.#lost)} came faster than they could be shown, and were left out.`;
  }
}

function item(e) {
  const known = levels.includes(e.level) ? e.level : "info";
  return el("li", { class: `event ${known}` },
    el("time", { datetime: new Date(e.time_ms).toISOString() }, clock(e.time_ms)),
    el("span", { class: "what" }, el("b", {}, words(e.event)), el("span", { class: "origin-name" }, e.origin ?? ""), el("span", { class: "says" }, sentence(e))));
}

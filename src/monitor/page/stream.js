// The monitor's event stream. EventSource cannot send a token, hence fetch() and a small parser.

/** Cuts a server-sent event stream into events; give it text as it comes. */
export class EventParser {
  #rest = "";
  #data = [];
  constructor(onData) { this.onData = onData; }

  push(text) {
    // A CR at the end may be half of a CRLF: it waits for what follows.
    const all = this.#rest + text;
    const end = all.endsWith("\r") ? all.length - 1 : all.length;
    let from = 0;
    for (let i = 0; i < end; ++i) {
      const c = all.charCodeAt(i);
      if (c !== 10 && c !== 13) {
        // Lines are long, and searching is quicker than looking at each character here.
        const next = nextBreak(all, i, end);
        if (next < 0) break;
        i = next;
      }
      this.#line(all.slice(from, i));
      if (all[i] === "\r" && all[i + 1] === "\n") ++i;
      from = i + 1;
    }
    this.#rest = all.slice(from);
    if (this.#rest.length > 64e6) throw new Error("an event without end");
  }

  #line(line) {
    if (line === "") {
      if (this.#data.length) this.onData(this.#data.join("\n"));
      this.#data = [];
    } else if (line.startsWith("data:")) {
      this.#data.push(line.slice(line[5] === " " ? 6 : 5));
    }
  }
}

function nextBreak(text, from, end) {
  const lf = text.indexOf("\n", from);
  const cr = text.indexOf("\r", from);
  const at = lf < 0 ? cr : cr < 0 ? lf : Math.min(lf, cr);
  return at < end ? at : -1;
}

const waits = [0.5, 1, 2, 4, 5]; // seconds, and then 5 again and again

/**
 * Keeps a stream of frames alive. Tells `on.frame(object)`, `on.state(name, detail)` with name one of connecting, live,
 * lost {since, wait, why}, token {wrong}, and stops in `rest()` until `start()`.
 */
export class Stream {
  #on;
  #token;
  #abort = null;
  #timer = 0;
  #watchdog = 0;
  #patience = 15e3;
  #failures = 0;
  #since = 0;

  constructor(on, token) {
    this.#on = on;
    this.#token = token;
  }

  start() {
    this.rest();
    if (!this.#since) this.#on.state("connecting");
    this.#run();
  }
  /** Lets go of the monitor. */
  rest() {
    clearTimeout(this.#timer);
    clearTimeout(this.#watchdog);
    this.#abort?.abort();
    this.#abort = null;
  }
  retryNow() {
    if (this.#since) this.start();
  }
  use(token) {
    this.#token = token;
    this.start();
  }

  async #run() {
    const abort = new AbortController();
    this.#abort = abort;
    try {
      await this.#read(abort);
      throw new Error("the monitor ended the stream");
    } catch (e) {
      if (this.#abort !== abort) return; // Stopped by us.
      clearTimeout(this.#watchdog);
      abort.abort();
      if (e.status === 401 || e.status === 403) this.#on.state("token", { wrong: Boolean(this.#token) });
      else this.#lost(e);
    }
  }

  async #read(abort) {
    const headers = { Accept: "text/event-stream" };
    if (this.#token) headers.Authorization = `Bearer ${this.#token}`;
    this.#watch(abort);
    const answer = await fetch("events", { headers, signal: abort.signal, cache: "no-store", credentials: "omit" });
    if (!answer.ok) {
      const busy = answer.status === 503 || answer.status === 429;
      const error = new Error(busy ? "it has as many viewers as it allows" : `it answered ${answer.status}`);
      error.status = answer.status;
      throw error;
    }
    const parser = new EventParser((data) => this.#frame(data));
    const reader = answer.body.getReader();
    const decoder = new TextDecoder();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      parser.push(decoder.decode(value, { stream: true }));
      // Afterwards: the frame may have told a longer interval, or have made someone stop this.
      if (this.#abort === abort) this.#watch(abort);
    }
  }

  #frame(data) {
    const frame = JSON.parse(data);
    this.#patience = Math.max(15e3, 5e3 * (frame.interval_s || 1));
    this.#failures = 0;
    this.#since = 0;
    this.#on.state("live");
    this.#on.frame(frame);
  }

  // A connection that died without a word would look alive for ever.
  #watch(abort) {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => abort.abort(new Error("nothing came for too long")), this.#patience);
  }

  #lost(e) {
    this.#since ||= Date.now();
    const wait = waits[Math.min(this.#failures++, waits.length - 1)];
    const why = e instanceof TypeError ? "it cannot be reached" : e.message;
    this.#on.state("lost", { since: this.#since, wait, why });
    this.#timer = setTimeout(() => this.#run(), wait * 1e3);
  }
}

// The REST interface and what is derived from two answers of it: rates.
// SPDX-License-Identifier: Apache-2.0
export const get = (path) => ask(path, { headers: { Accept: "application/json" }, cache: "no-store" });

export const post = (path, body) => ask(path, { method: "POST", headers: { Accept: "application/json", "Content-Type": "application/json" }, body: JSON.stringify(body) });

async function ask(path, options) {
  const response = await fetch(path, options);
  const body = await response.json().catch(() => ({}));
  if (!response.ok) {
    const problem = new Error(body.detail || body.title || `${response.status} ${response.statusText}`);
    problem.code = body.code;
    throw problem;
  }
  return body;
}

// Turns counters that only grow into rates per second; a counter that fell (a task came new) starts again.
export class Rates {
  #before = new Map();
  #rates = new Map();

  take(name, count, now = performance.now()) {
    const before = this.#before.get(name);
    if (before && now - before.now < 400) return this.#rates.get(name) ?? null;
    this.#before.set(name, { count, now });
    if (!before || count < before.count) return this.#rates.get(name) ?? null;
    const rate = ((count - before.count) * 1000) / (now - before.now);
    this.#rates.set(name, rate);
    return rate;
  }
}

// Calls step at once and then again and again, a pause between end and start; not while the page is hidden.
export function repeat(step, pause) {
  let timer = 0;
  let over = false;
  const run = async () => {
    if (over) return;
    if (!document.hidden) await step();
    if (!over) timer = setTimeout(run, pause);
  };
  run();
  return () => {
    over = true;
    clearTimeout(timer);
  };
}

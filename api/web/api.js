// The REST interface and what is derived from two answers of it: rates.
// SPDX-License-Identifier: Apache-2.0
import { askForKey, credentials } from "./login.js";

// A request with the key that was given. Without a good one the dashboard asks for it, and go() begins anew.
export async function ask(path, { headers = {}, ...options } = {}) {
  const response = await fetch(path, { cache: "no-store", ...options, headers: { ...headers, ...credentials() } });
  if (response.status === 401) askForKey(() => dispatchEvent(new Event("hashchange")));
  return response;
}

export const get = (path) => read(path, { headers: { Accept: "application/json" } });

export const post = (path, body) => read(path, { method: "POST", headers: { Accept: "application/json", "Content-Type": "application/json" }, body: JSON.stringify(body) });

async function read(path, options) {
  const response = await ask(path, options);
  const body = await response.json().catch(() => ({}));
  if (!response.ok) {
    const problem = new Error(body.detail || body.title || `${response.status} ${response.statusText}`);
    problem.code = body.code;
    throw problem;
  }
  return body;
}

export async function download(path, name) {
  const response = await ask(path, { headers: { Accept: "text/csv" } });
  if (!response.ok) return;
  const address = URL.createObjectURL(await response.blob());
  const link = document.createElement("a");
  Object.assign(link, { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
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

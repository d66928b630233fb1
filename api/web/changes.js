// Changes of a view as they are committed (/v1/views/{view}/changes), while the page is seen. By fetch, because an EventSource cannot show
// a key; and no longer than that, because a browser has six connections to a server, for all its tabs.
// SPDX-License-Identifier: Apache-2.0
import { ask } from "./api.js";

const pause = 1000; // before it asks again

// Calls take(event, data) for each event, and tell(whether) when it begins and ceases to be told. Returns what ends it.
export function followChanges(view, take, tell) {
  const path = `/v1/views/${encodeURIComponent(view)}/changes?snapshot=false`;
  let last = null;
  let control = null;
  let timer = 0;

  function takeEvent(text) {
    const fields = new Map(text.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]));
    if (!fields.has("data")) return;
    last = fields.get("id") ?? last;
    if (fields.get("event") === "ready") tell(true);
    else take(fields.get("event"), JSON.parse(fields.get("data")));
  }

  async function read(signal) {
    const headers = { Accept: "text/event-stream", ...(last ? { "Last-Event-ID": last } : {}) };
    const response = await ask(path, { headers, signal });
    if (!response.ok) return;
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      const events = (text + part.value).split("\n\n");
      text = events.pop();
      events.forEach(takeEvent);
    }
  }

  async function begin() {
    const own = new AbortController();
    control = own;
    await read(own.signal).catch(() => {}); // broken, or ended from here
    if (own.signal.aborted) return;
    tell(false);
    timer = setTimeout(begin, pause);
  }

  function end() {
    clearTimeout(timer);
    control?.abort();
    tell(false);
  }

  const look = () => (document.hidden ? end() : begin());
  document.addEventListener("visibilitychange", look);
  if (!document.hidden) begin();
  return () => {
    document.removeEventListener("visibilitychange", look);
    end();
  };
}

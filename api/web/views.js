// The views as tables: search, windows, paging, and cells that flash when they change.
// SPDX-License-Identifier: Apache-2.0
import { download, get, repeat } from "./api.js";
import { exact, full, make, moment, setText, short } from "./dom.js";

const pageSize = 50;
const spans = [["15 minutes", 15], ["1 hour", 60], ["6 hours", 360], ["everything", 0]];
const isTime = (value) => typeof value === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value);
const isRecord = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

export function viewsPage(main, name) {
  const side = make("div", { class: "card list" });
  const pick = make("select", { "aria-label": "View", onchange: () => (location.hash = `#/views/${encodeURIComponent(pick.value)}`) });
  const content = make("div", { class: "stack" }, make("label", { class: "field pick" }, "View", pick));
  main.replaceChildren(make("div", { class: "split" }, side, content));
  let stopTable = null;
  let shown = null;
  const stop = repeat(async () => {
    const views = (await get("/v1/views")).data;
    const chosen = views.find((view) => view.name === name) ?? views[0];
    drawList(side, pick, views, chosen);
    if (shown) shown.update(chosen);
    if (shown || !chosen) return;
    shown = new Table(chosen);
    content.append(shown.node);
    stopTable = shown.start();
  }, 3000);
  return () => { stop(); stopTable?.(); };
}

function drawList(side, pick, views, chosen) {
  const apps = [...new Set(views.map((view) => view.app))];
  const parts = apps.flatMap((app) => [make("h2", {}, app), ...views.filter((view) => view.app === app).map((view) =>
    make("a", { href: `#/views/${encodeURIComponent(view.name)}`, "aria-current": view === chosen ? "true" : null },
      make("b", {}, view.name), make("small", {}, `${listings[view.kind] ?? "key → value"} · ${short(view.rows_approximate)} rows`)))]);
  if (!side.contains(document.activeElement)) side.replaceChildren(...(parts.length ? parts : [make("p", { class: "empty" }, "No views")]));
  if (pick.options.length !== views.length) pick.replaceChildren(...views.map((view) => make("option", { value: view.name }, view.name)));
  if (chosen) pick.value = chosen.name;
}

const listings = { window: "windows", session: "sessions" }; // by kind: what the rows are, and what they are called in paths

class Table {
  constructor(view) {
    this.view = view;
    this.cursors = [null]; // of the pages up to this one
    this.next = null;
    this.descending = view.kind in listings; // the latest windows first
    this.live = true;
    this.cells = new Map();
    this.columns = [];
    this.loading = 0;
    this.build();
  }

  build() {
    const view = this.view;
    const listing = listings[view.kind], isWindow = Boolean(listing);
    this.facts = make("span", { class: "note" });
    this.search = make("input", { type: "search", placeholder: isWindow ? "exact key" : view.key === "string" ? "prefix of a key" : "from key", spellcheck: "false", autocomplete: "off", oninput: () => this.restart() });
    this.exact = make("select", { onchange: () => this.restart() }, make("option", { value: "prefix" }, view.key === "string" ? "begins with" : "from"), make("option", { value: "key" }, "is exactly"));
    this.span = make("select", { onchange: () => this.restart() }, spans.map(([label, minutes]) => make("option", { value: minutes }, label)));
    this.span.value = "60";
    this.sort = make("button", { class: "button", type: "button", onclick: () => this.flip() }, this.order());
    this.pause = make("button", { class: "button", type: "button", "aria-pressed": "true", onclick: () => this.toggle() }, "Live");
    this.back = make("button", { class: "button", type: "button", onclick: () => this.turn(-1) }, "← Previous");
    this.forward = make("button", { class: "button", type: "button", onclick: () => this.turn(1) }, "Next →");
    this.status = make("span", { class: "note", role: "status" });
    this.head = make("thead");
    this.body = make("tbody");
    this.csv = make("a", { class: "note", download: `${view.name}.csv`,
      onclick: (event) => { event.preventDefault(); download(event.currentTarget.href, `${view.name}.csv`); } }, "CSV");
    this.node = make("section", { class: "card" },
      make("header", {}, make("h1", {}, view.name), make("span", { class: "tag" }, listing ?? "key-value"), this.facts),
      make("div", { class: "tools" },
        make("label", { class: "field grow" }, "Search", this.search),
        isWindow ? make("label", { class: "field" }, `${listing[0].toUpperCase()}${listing.slice(1)} of the last`, this.span) : make("label", { class: "field" }, "Key", this.exact),
        this.sort, this.pause),
      make("div", { class: "scroll" }, make("table", {}, make("caption", {}, `Rows of ${view.name}`), this.head, this.body)),
      make("div", { class: "pager" }, this.status, this.csv, this.back, this.forward));
    this.update(view);
  }

  update(view) {
    if (!view || view.name !== this.view.name) return;
    const missing = view.partitions_here < view.partitions ? ` · ${view.partitions_here} of ${view.partitions} partitions here` : ` · ${view.partitions} partitions`;
    setText(this.facts, `${view.key} → ${view.value} · about ${full(view.rows_approximate)} rows${missing}`);
  }

  start() {
    return repeat(async () => { if (this.live || !this.loaded) await this.load(); }, 1000);
  }

  restart() {
    this.cursors = [null];
    this.load();
  }

  flip() {
    this.descending = !this.descending;
    setText(this.sort, this.order());
    this.restart();
  }

  order() {
    return this.descending ? "Descending ↓" : "Ascending ↑";
  }

  toggle() {
    this.live = !this.live;
    this.pause.setAttribute("aria-pressed", String(this.live));
    setText(this.pause, this.live ? "Live" : "Paused");
  }

  turn(step) {
    if (step > 0 && this.next) this.cursors.push(this.next);
    else if (step < 0 && this.cursors.length > 1) this.cursors.pop();
    this.load();
  }

  path() {
    const base = `/v1/views/${encodeURIComponent(this.view.name)}`;
    const text = this.search.value;
    const query = new URLSearchParams({ limit: pageSize, partial: "allow" });
    if (this.descending) query.set("order", "desc");
    const listing = listings[this.view.kind];
    if (listing) {
      const minutes = Number(this.span.value);
      // A bound that moved with the clock would make every cursor foreign; it moves once a minute.
      if (minutes) query.set("from", (Math.floor(Date.now() / 60000) - minutes) * 60000);
      return [text ? `${base}/keys/${encodeURIComponent(text)}/${listing}` : `${base}/${listing}`, query];
    }
    if (text && this.exact.value === "key") return [`${base}/keys/${encodeURIComponent(text)}`, null];
    if (text) query.set(this.view.key === "string" ? "prefix" : "from", text);
    return [`${base}/entries`, query];
  }

  async load() {
    const turn = ++this.loading;
    const [path, query] = this.path();
    const cursor = this.cursors.at(-1);
    if (query && cursor) query.set("cursor", cursor);
    try {
      const answer = await get(query ? `${path}?${query}` : path);
      if (turn !== this.loading) return;
      this.loaded = true;
      this.next = answer.page?.next ?? null;
      this.csv.href = query ? `${path}?${query}` : path;
      this.show(answer.data ?? [answer], answer.metadata);
    } catch (problem) {
      if (turn !== this.loading) return;
      if (problem.code === "bad-cursor") { this.cursors = [null]; return; }
      this.loaded = true;
      this.next = null;
      this.show([], null, problem.code === "key-not-found" ? "There is no such key." : problem.message);
    }
  }

  show(rows, metadata, message) {
    const columns = this.columnsOf(rows);
    const names = columns.map((column) => column.name).join("\n");
    if (names !== this.names && rows.length) {
      this.names = names;
      this.columns = columns;
      this.head.replaceChildren(make("tr", {}, columns.map((column) => make("th", { scope: "col", class: column.kind }, column.name))));
      this.cells.clear();
    }
    const place = this.cursors.length > 1 ? `page ${this.cursors.length} · ` : "";
    setText(this.status, message ? "" : `${place}${rows.length} rows${metadata?.complete === false ? " · partial: other partitions are elsewhere" : ""}`);
    this.back.disabled = this.cursors.length < 2;
    this.forward.disabled = !this.next;
    if (!rows.length) {
      this.cells.clear();
      this.body.replaceChildren(make("tr", {}, make("td", { class: "empty", colspan: Math.max(1, this.columns.length) }, message ?? "No rows")));
      return;
    }
    this.fill(rows);
  }

  columnsOf(rows) {
    const columns = [{ name: "key", kind: "key", read: (row) => row.key }];
    if (rows.some((row) => row.window)) {
      columns.push({ name: "window start", kind: "", read: (row) => row.window?.start }, { name: "end", kind: "", read: (row) => row.window?.end?.slice(11, 19) });
    }
    const fields = new Map();
    for (const row of rows) {
      if (!isRecord(row.value)) continue;
      for (const [field, value] of Object.entries(row.value)) if (fields.get(field) !== "number") fields.set(field, typeof value);
    }
    for (const [field, type] of fields) columns.push({ name: field, kind: type === "number" ? "number" : "", read: (row) => row.value?.[field] });
    if (!fields.size) columns.push({ name: "value", kind: rows.some((row) => typeof row.value === "number") ? "number" : "", read: (row) => row.value });
    columns.push({ name: "updated", kind: "", read: (row) => row.timestamp });
    return columns;
  }

  // Rows that stay keep their cells: only what changed is touched, and flashes.
  fill(rows) {
    const kept = new Map();
    const fractions = this.columns.map((column) => rows.some((row) => typeof column.read(row) === "number" && !Number.isInteger(column.read(row))));
    const trs = rows.map((row) => {
      const id = JSON.stringify([row.key, row.window?.start]);
      const known = this.cells.get(id) ?? this.newRow();
      kept.set(id, known);
      this.columns.forEach((column, i) => this.setCell(known, i, column.read(row), fractions[i]));
      known.seen = true;
      return known.tr;
    });
    this.cells = kept;
    const same = trs.length === this.body.children.length && trs.every((tr, i) => tr === this.body.children[i]);
    if (!same) this.body.replaceChildren(...trs);
  }

  newRow() {
    const tds = this.columns.map((column) => make("td", { class: column.kind }));
    return { tr: make("tr", {}, tds), tds, texts: [], seen: false };
  }

  setCell(known, i, value, isFraction) {
    const text = value === undefined || value === null ? "–" : isTime(value) ? moment(value) : typeof value === "number" ? exact(value, isFraction) : typeof value === "string" ? value : JSON.stringify(value);
    if (known.texts[i] === text) return;
    known.texts[i] = text;
    const td = known.tds[i];
    td.replaceChildren(text === "–" ? make("span", { class: "absent" }, text) : text.length > 36 ? make("span", { class: "clip", title: text }, text) : text);
    if (!known.seen) return;
    td.classList.remove("flash");
    void td.offsetWidth; // starts the animation again
    td.classList.add("flash");
  }
}

// The views as tables: search, windows, paging, and cells that flash when they change. A row on the page is changed as soon as its change is
// told; whatever else happened (rows that come, go or expire) makes the page be asked for anew.
// SPDX-License-Identifier: Apache-2.0
import { download, get, repeat } from "./api.js";
import { followChanges } from "./changes.js";
import { make, setText } from "./dom.js";
import { clock, counted, exact, full, isTime, moment, short, t } from "./language.js";
import { Lines } from "./lines.js";
import { refused } from "./refused.js";
import { fieldsOf, pointsOf } from "./windows.js";

const pageSize = 50;
const reload = 5000; // ms after which a page is asked for anew though no change was told: rows that expire are no changes
const chartRows = 1000; // windows that a chart looks at, the latest
const spans = () => [[t("15 minutes"), 15], [t("1 hour"), 60], [t("6 hours"), 360], [t("everything"), 0]];
const isRecord = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

export function viewsPage(main, name) {
  const side = make("div", { class: "card list" });
  const pick = make("select", { "aria-label": t("View"), onchange: () => (location.hash = `#/views/${encodeURIComponent(pick.value)}`) });
  const content = make("div", { class: "stack" }, make("label", { class: "field pick" }, t("View"), pick));
  main.replaceChildren(make("div", { class: "split" }, side, content));
  let stopTable = null;
  let shown = null;
  const stop = repeat(async () => {
    const views = await get("/v1/views").then((answer) => answer.data, (problem) => { if (!shown) main.replaceChildren(refused(problem)); return null; });
    if (!views) return;
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
      make("b", {}, view.name), make("small", {}, `${kindText(view)} · ${counted(view.rows_approximate, "{n} row", "{n} rows", { n: short(view.rows_approximate) })}`)))]);
  if (!side.contains(document.activeElement)) side.replaceChildren(...(parts.length ? parts : [make("p", { class: "empty" }, t("No views"))]));
  if (pick.options.length !== views.length) pick.replaceChildren(...views.map((view) => make("option", { value: view.name }, view.name)));
  if (chosen) pick.value = chosen.name;
}

const listings = { window: "windows", session: "sessions" }; // by kind: what the rows are called in paths
const rowId = (row) => JSON.stringify([row.key, row.window?.start]);
const kindText = (view) => ({ window: t("windows"), session: t("sessions") })[view.kind] ?? t("key → value");

class Table {
  constructor(view) {
    this.view = view;
    this.cursors = [null]; // of the pages up to this one
    this.next = null;
    this.descending = view.kind in listings; // the latest windows first
    this.live = true;
    this.isTold = false; // of changes, by the server
    this.isStale = false; // something happened that is not on the page
    this.loadedAt = 0;
    this.rows = [];
    this.cells = new Map();
    this.columns = [];
    this.loading = 0;
    this.build();
  }

  build() {
    const view = this.view;
    const listing = listings[view.kind], isWindow = Boolean(listing);
    this.facts = make("span", { class: "note" });
    this.search = make("input", { type: "search", placeholder: isWindow ? t("exact key") : view.key === "string" ? t("prefix of a key") : t("from key"), spellcheck: "false", autocomplete: "off", oninput: () => this.restart() });
    this.exact = make("select", { onchange: () => this.restart() }, make("option", { value: "prefix" }, view.key === "string" ? t("begins with") : t("from")), make("option", { value: "key" }, t("is exactly")));
    this.span = make("select", { onchange: () => this.restart() }, spans().map(([label, minutes]) => make("option", { value: minutes }, label)));
    this.span.value = "60";
    this.sort = make("button", { class: "button", type: "button", onclick: () => this.flip() }, this.order());
    this.pause = make("button", { class: "button", type: "button", "aria-pressed": "true", onclick: () => this.toggle() }, t("Live"));
    this.back = make("button", { class: "button", type: "button", onclick: () => this.turn(-1) }, t("← Previous"));
    this.forward = make("button", { class: "button", type: "button", onclick: () => this.turn(1) }, t("Next →"));
    this.status = make("span", { class: "note", role: "status" });
    this.lines = new Lines(view.name);
    this.chartBox = make("div", { hidden: true }, this.lines.node);
    this.head = make("thead");
    this.body = make("tbody");
    this.csv = make("a", { class: "note", download: `${view.name}.csv`,
      onclick: (event) => { event.preventDefault(); download(event.currentTarget.href, `${view.name}.csv`); } }, "CSV");
    this.node = make("section", { class: "card" },
      make("header", {}, make("h1", {}, view.name), make("span", { class: "tag" }, listing ? kindText(view) : t("key-value")), this.facts),
      make("div", { class: "tools" },
        make("label", { class: "field grow" }, t("Search"), this.search),
        isWindow ? make("label", { class: "field" }, view.kind === "window" ? t("Windows of the last") : t("Sessions of the last"), this.span) : make("label", { class: "field" }, t("Key"), this.exact),
        this.sort, this.pause),
      this.chartBox,
      make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": view.name }, make("table", {}, make("caption", {}, t("Rows of {view}", { view: view.name })), this.head, this.body)),
      make("div", { class: "pager" }, this.status, this.csv, this.back, this.forward));
    this.update(view);
  }

  update(view) {
    if (!view || view.name !== this.view.name) return;
    const partitions = view.partitions_here < view.partitions ? t("{here} of {n} partitions here", { here: view.partitions_here, n: view.partitions }) : counted(view.partitions, "{n} partition", "{n} partitions");
    setText(this.facts, `${view.key} → ${view.value} · ${counted(view.rows_approximate, "about {n} row", "about {n} rows")} · ${partitions}`);
  }

  start() {
    const stopAsking = repeat(async () => { if (!this.loaded || (this.live && this.isDue())) await this.load(); }, 1000);
    const stopFollowing = followChanges(this.view.name, (event, row) => this.take(event, row), (isTold) => (this.isTold = isTold));
    return () => { stopAsking(); stopFollowing(); };
  }

  isDue() {
    return !this.isTold || this.isStale || performance.now() - this.loadedAt > reload;
  }

  // Pages that are on their way may lack the change.
  take(event, row) {
    const at = event === "change" ? this.rows.findIndex((one) => rowId(one) === rowId(row)) : -1;
    if (at < 0 || this.isLoading || !this.live || this.view.kind in listings) this.isStale = true;
    if (at < 0 || !this.live) return;
    this.rows[at] = row;
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.show(this.rows, this.metadata);
    });
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
    return this.descending ? t("Descending ↓") : t("Ascending ↑");
  }

  toggle() {
    this.live = !this.live;
    this.pause.setAttribute("aria-pressed", String(this.live));
    setText(this.pause, this.live ? t("Live") : t("Paused"));
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
    this.isLoading = true;
    this.isStale = false;
    try {
      const answer = await get(query ? `${path}?${query}` : path);
      if (turn !== this.loading) return;
      this.loaded = true;
      this.next = answer.page?.next ?? null;
      this.csv.href = query ? `${path}?${query}` : path;
      this.rows = answer.data ?? [answer];
      this.metadata = answer.metadata;
      this.show(this.rows, this.metadata);
      if (this.view.kind === "window") await this.chart(path, query);
    } catch (problem) {
      if (turn !== this.loading) return;
      if (problem.code === "bad-cursor") { this.cursors = [null]; return; }
      this.loaded = true;
      this.next = null;
      this.rows = [];
      this.show(this.rows, null, problem.code === "key-not-found" ? t("There is no such key.") : problem.message);
    } finally {
      if (turn === this.loading) {
        this.isLoading = false;
        this.loadedAt = performance.now();
      }
    }
  }

  // The windows of the span as lines: of the key that is searched for, or of all keys together.
  async chart(path, query) {
    const wanted = new URLSearchParams(query);
    wanted.delete("cursor");
    wanted.set("limit", chartRows);
    wanted.set("order", "desc");
    const rows = (await get(`${path}?${wanted}`)).data;
    const fields = fieldsOf(rows).slice(0, 5);
    const points = pointsOf(rows, fields);
    this.chartBox.hidden = fields.length === 0 || points.length < 2;
    if (!this.chartBox.hidden) this.lines.set(fields, points);
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
    const place = this.cursors.length > 1 ? `${t("page {n}", { n: full(this.cursors.length) })} · ` : "";
    setText(this.status, message ? "" : `${place}${counted(rows.length, "{n} row", "{n} rows")}${metadata?.complete === false ? ` · ${t("Only a part: other partitions are elsewhere")}` : ""}`);
    this.back.disabled = this.cursors.length < 2;
    this.forward.disabled = !this.next;
    if (!rows.length) {
      this.cells.clear();
      this.body.replaceChildren(make("tr", {}, make("td", { class: "empty", colspan: Math.max(1, this.columns.length) }, message ?? t("No rows"))));
      return;
    }
    this.fill(rows);
  }

  columnsOf(rows) {
    const columns = [{ name: t("key"), kind: "key", read: (row) => row.key }];
    if (rows.some((row) => row.window)) {
      columns.push({ name: t("window start"), kind: "", read: (row) => row.window?.start }, { name: t("end"), kind: "", read: (row) => clock(row.window?.end) });
    }
    const fields = new Map();
    for (const row of rows) {
      if (!isRecord(row.value)) continue;
      for (const [field, value] of Object.entries(row.value)) if (fields.get(field) !== "number") fields.set(field, typeof value);
    }
    for (const [field, type] of fields) columns.push({ name: field, kind: type === "number" ? "number" : "", read: (row) => row.value?.[field] });
    if (!fields.size) columns.push({ name: t("value"), kind: rows.some((row) => typeof row.value === "number") ? "number" : "", read: (row) => row.value });
    columns.push({ name: t("updated"), kind: "", read: (row) => row.timestamp });
    return columns;
  }

  // Rows that stay keep their cells: only what changed is touched, and flashes.
  fill(rows) {
    const kept = new Map();
    const fractions = this.columns.map((column) => rows.some((row) => typeof column.read(row) === "number" && !Number.isInteger(column.read(row))));
    const trs = rows.map((row) => {
      const id = rowId(row);
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

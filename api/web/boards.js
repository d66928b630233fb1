// Boards: what a topology's reports show at a glance (their @board lines, docs/sql.md); of a topology without such
// reports, its views.
// SPDX-License-Identifier: Apache-2.0
import { get, repeat } from "./api.js";
import { make } from "./dom.js";
import { counted, full, isTime, moment, t } from "./language.js";
import { Lines } from "./lines.js";
import { refused } from "./refused.js";
import { Panel } from "./panels.js";
import { fieldsOf, pointsOf } from "./windows.js";

const step = 150; // ms between looks at which panels are due

export function boardsPage(main, name) {
  const tabs = make("nav", { class: "tabs", "aria-label": t("Boards") });
  const grid = make("div", { class: "panels" });
  const title = make("h1", { class: "unseen" });
  main.replaceChildren(make("div", { class: "stack" }, title, tabs, grid));
  let panels = [], over = false;
  load().catch((problem) => grid.replaceChildren(refused(problem)));

  async function load() {
    const [index, reports, views] = await Promise.all([get("/v1"), get("/v1/reports"), get("/v1/views")]);
    const boards = [...new Set([...index.apps.map((app) => app.name), ...reports.data.map((report) => report.board).filter(Boolean)])];
    const chosen = boards.includes(name) ? name : boards[0];
    if (over || !chosen) return;
    title.textContent = chosen;
    tabs.replaceChildren(...boards.map((board) => make("a", { href: `#/boards/${encodeURIComponent(board)}`, "aria-current": board === chosen ? "page" : null }, board)));
    const drawn = reports.data.filter((report) => report.board === chosen).map((report) => new Panel(report));
    panels = drawn.length ? drawn : views.data.filter((view) => view.app === chosen).map((view) => new ViewPanel(view));
    grid.replaceChildren(...(panels.length ? panels.map((panel) => panel.node) : [make("p", { class: "card empty" }, t("No views"))]));
  }

  // One question at a time: an instance answers two, and somebody else may ask as well.
  const stop = repeat(async () => { for (const panel of panels) if (!over) await panel.load(performance.now()); }, step);
  return () => { over = true; stop(); };
}

const pause = 800; // ms; views of a board that nobody described
const latest = 8; // rows
const span = 3600000; // ms of windows

// A view as a panel: the last hour of its windows as lines, or its first rows.
class ViewPanel {
  constructor(view) {
    this.view = view;
    this.due = 0;
    this.note = make("span", { class: "note" });
    this.body = make("div");
    this.lines = view.kind === "window" ? new Lines(view.name) : null;
    this.node = make("section", { class: "card panel" },
      make("header", {}, make("h2", {}, make("a", { href: `#/views/${encodeURIComponent(view.name)}` }, view.name)), this.note), this.body);
  }

  path() {
    const base = `/v1/views/${encodeURIComponent(this.view.name)}`;
    if (this.lines) return `${base}/windows?order=desc&limit=1000&partial=allow&from=${Math.floor((Date.now() - span) / 60000) * 60000}`;
    return `${base}/${this.view.kind === "session" ? "sessions?order=desc&" : "entries?"}limit=${latest}&partial=allow`;
  }

  async load(now) {
    if (now < this.due) return;
    try {
      const rows = (await get(this.path())).data;
      const fields = this.lines ? fieldsOf(rows).slice(0, 4) : [];
      if (fields.length) this.lines.set(fields, pointsOf(rows, fields));
      else this.table(rows.slice(0, latest));
      if (fields.length && this.body.firstChild !== this.lines.node) { this.body.replaceChildren(this.lines.node); this.lines.draw(); }
      this.note.textContent = counted(this.view.rows_approximate, "about {n} row", "about {n} rows");
    } catch (problem) {
      this.note.textContent = problem.message;
    }
    this.due = performance.now() + pause;
  }

  table(rows) {
    const text = (value) => (typeof value === "number" ? full(value) : isTime(value) ? moment(value) : typeof value === "string" ? value : JSON.stringify(value));
    this.body.replaceChildren(make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": this.view.name },
      make("table", {}, make("caption", {}, this.view.name),
        make("thead", {}, make("tr", {}, make("th", { scope: "col", class: "key" }, t("key")), make("th", { scope: "col" }, t("value")))),
        make("tbody", {}, rows.length ? rows.map((row) => make("tr", {}, make("td", { class: "key" }, text(row.key)), make("td", { class: "wrap" }, text(row.value))))
          : [make("tr", {}, make("td", { class: "empty", colspan: 2 }, t("No rows")))]))));
  }
}

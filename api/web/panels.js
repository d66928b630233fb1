// One panel of a board: a report as figures, lines, bars or a table. What changes flashes.
// SPDX-License-Identifier: Apache-2.0
import { get } from "./api.js";
import { make, setText } from "./dom.js";
import { brief, exact, isTime, language, moment, short, t } from "./language.js";
import { Lines } from "./lines.js";

const leastPause = 400; // ms from one answer to the next question
const share = 10; // a question that took long rests so many times as long: a board never loads an instance by more than a tenth

const isNumber = (value) => typeof value === "number";
const shown = (value, isFraction) => (value === null || value === undefined ? "–" : isNumber(value) ? exact(value, isFraction) : isTime(value) ? brief(value) : String(value));

// What a report says of itself in the page's language, or in the one it was written in.
export function inLanguage(report) {
  const said = report.translations?.[language] ?? {};
  return {
    title: said.title ?? report.title,
    about: said.title ? said.about ?? "" : report.about,
    parameter: (parameter) => said.parameters?.[parameter.name] ?? (parameter.about || parameter.name),
    column: (name) => said.columns?.[name] ?? name.replaceAll("_", " "),
  };
}

export class Panel {
  constructor(report) {
    this.report = report;
    this.words = inLanguage(report);
    this.due = 0;
    this.note = make("span", { class: "note" });
    this.body = make("div", { class: "panel-body" });
    this.chart = { figures: new Figures(this), line: new Line(this), bars: new Bars(this), table: new Rows(this) }[report.chart];
    this.body.append(this.chart.node);
    const link = make("a", { href: `#/reports/${encodeURIComponent(report.name)}` }, this.words.title);
    this.node = make("section", { class: `card panel ${report.chart}`, "data-report": report.name },
      make("header", {}, make("h2", {}, link), this.note), this.body);
    setText(this.note, this.words.about);
  }

  async load(now) {
    if (now < this.due) return;
    let rest = leastPause;
    try {
      const answer = await get(`/v1/reports/${encodeURIComponent(this.report.name)}?partial=allow`);
      rest = Math.max(leastPause, share * answer.metadata.elapsed_ms);
      this.chart.draw(answer.columns.map((column) => column.name), answer.rows);
      this.say(answer.complete ? this.words.about : t("Only a part: other partitions are elsewhere"));
    } catch (problem) {
      if (problem.code !== "too-many-queries") this.say(problem.message);
    }
    this.due = performance.now() + rest;
  }

  say(text) {
    setText(this.note, text);
  }
}

function flash(node, text) {
  if (node.textContent === text) return;
  const isNew = node.textContent === "";
  node.textContent = text;
  if (isNew) return;
  node.classList.remove("flash");
  void node.offsetWidth; // starts the animation again
  node.classList.add("flash");
}

// A large number has no room for its hundredths.
function figure(value) {
  if (!isNumber(value) || Math.abs(value) < 1e6) return shown(value, !Number.isInteger(value));
  return Math.abs(value) < 1e7 ? exact(Math.round(value)) : short(value);
}

class Figures {
  constructor(panel) {
    this.panel = panel;
    this.node = make("dl", { class: "figures" });
    this.values = new Map();
  }

  draw(columns, [row = []]) {
    columns.forEach((name, i) => {
      if (!this.values.has(name)) {
        const value = make("dd");
        this.values.set(name, value);
        this.node.append(make("div", {}, make("dt", {}, this.panel.words.column(name)), value));
      }
      flash(this.values.get(name), figure(row[i] ?? null));
    });
  }
}

class Line {
  constructor(panel) {
    this.panel = panel;
    this.lines = new Lines(panel.words.title);
    this.node = this.lines.node;
  }

  draw(columns, rows) {
    this.lines.set(columns.slice(1).map(this.panel.words.column), rows.map(([time, ...values]) => ({ time: Date.parse(time), values: values.map((value) => (isNumber(value) ? value : null)) })));
  }
}

// What a row is known by from one answer to the next: its first column, and which of those that share it.
function namesOf(rows) {
  const seen = new Map();
  return rows.map(([first]) => {
    const before = seen.get(first) ?? 0;
    seen.set(first, before + 1);
    return JSON.stringify([first, before]);
  });
}

// A table whose rows stay, so that only cells that changed are touched.
class Rows {
  constructor(panel) {
    this.panel = panel;
    this.head = make("thead");
    this.body = make("tbody");
    this.rows = new Map();
    this.node = make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": panel.words.title },
      make("table", {}, make("caption", {}, panel.words.title), this.head, this.body));
  }

  draw(columns, rows) {
    const numbers = columns.map((name, i) => rows.some((row) => isNumber(row[i])));
    const fractions = columns.map((name, i) => rows.some((row) => isNumber(row[i]) && !Number.isInteger(row[i])));
    const kinds = columns.map((name, i) => (numbers[i] ? "number" : i ? "" : "key"));
    const names = kinds.join() + columns.join();
    if (names !== this.names) {
      this.names = names;
      this.rows.clear();
      this.head.replaceChildren(make("tr", {}, columns.map((name, i) => make("th", { scope: "col", class: kinds[i] }, this.panel.words.column(name)))));
    }
    const known = namesOf(rows);
    const kept = new Map(known.map((name) => [name, this.rows.get(name) ?? columns.map((column, i) => make("td", { class: kinds[i] }))]));
    rows.forEach((row, at) => row.forEach((value, i) => this.cell(kept.get(known[at])[i], value, fractions[i], i)));
    const changed = kept.size !== this.body.children.length || [...kept.keys()].join("\n") !== [...this.rows.keys()].join("\n");
    this.rows = kept;
    if (changed || !rows.length) this.body.replaceChildren(...(rows.length ? [...kept.values()].map((cells) => make("tr", {}, cells)) : [make("tr", {}, make("td", { class: "empty", colspan: columns.length }, t("Nothing now")))]));
    this.after?.(columns, rows);
  }

  cell(node, value, isFraction) {
    const text = shown(value, isFraction);
    flash(node, text);
    node.title = isTime(value) ? moment(value) : "";
    node.classList.toggle("time", isTime(value));
    node.classList.toggle("wrap", text.length > 40);
  }
}

// A table with a bar beside the second column, of the greatest value's length.
class Bars extends Rows {
  after(columns, rows) {
    const most = Math.max(...rows.map((row) => row[1] ?? 0), 1e-9);
    const cells = [...this.rows.values()];
    rows.forEach((row, at) => {
      const cell = cells[at][1];
      cell.classList.add("bar-cell");
      cell.style.setProperty("--part", `${Math.max(0, Math.round((100 * (row[1] ?? 0)) / most))}%`);
    });
  }
}

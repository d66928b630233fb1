// An answer of SQL as a table, with what it cost and a file to take away.
// SPDX-License-Identifier: Apache-2.0
import { exact, full, make, moment, setText } from "./dom.js";

const isTime = (value) => typeof value === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value);

export class Answer {
  // ask(accept): fetches the answer anew, in that form.
  constructor(name) {
    this.name = name;
    this.status = make("span", { class: "note", role: "status" });
    this.csv = make("button", { class: "button", type: "button", hidden: true, onclick: () => this.download() }, "CSV");
    this.problem = make("p", { class: "notice", role: "alert", hidden: true });
    this.head = make("thead");
    this.body = make("tbody");
    this.table = make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Answer", hidden: true },
      make("table", {}, make("caption", {}, "Answer"), this.head, this.body));
    this.node = make("div", {}, this.problem, this.table, make("div", { class: "pager" }, this.status, this.csv));
    this.turn = 0;
  }

  async show(ask) {
    const turn = ++this.turn;
    this.ask = ask;
    setText(this.status, "asking …");
    try {
      const response = await ask("application/json");
      const answer = await response.json();
      if (turn !== this.turn) return;
      if (response.ok) this.draw(answer);
      else this.refuse(answer.detail ?? answer.title);
    } catch {
      if (turn === this.turn) this.refuse("The instance cannot be reached.");
    }
  }

  refuse(text) {
    setText(this.problem, text);
    this.problem.hidden = false;
    this.table.hidden = true;
    this.csv.hidden = true;
    setText(this.status, "no answer");
  }

  draw(answer) {
    const { columns, rows, metadata } = answer;
    const numbers = columns.map((column, i) => rows.some((row) => typeof row[i] === "number") && rows.every((row) => row[i] === null || typeof row[i] === "number"));
    const fractions = columns.map((column, i) => numbers[i] && rows.some((row) => row[i] !== null && !Number.isInteger(row[i])));
    this.problem.hidden = true;
    this.table.hidden = false;
    this.csv.hidden = false;
    this.head.replaceChildren(make("tr", {}, columns.map((column, i) => make("th", { scope: "col", class: numbers[i] ? "number" : i ? "" : "key" }, column.name))));
    this.body.replaceChildren(...(rows.length ? rows.map((row) => make("tr", {}, row.map((value, i) => cell(value, numbers[i], fractions[i], i)))) : [make("tr", {}, make("td", { class: "empty", colspan: columns.length || 1 }, "No rows"))]));
    const more = answer.complete ? "" : " · there is more than an answer holds";
    setText(this.status, `${full(rows.length)} ${rows.length === 1 ? "row" : "rows"} in ${metadata.elapsed_ms} ms · ${full(metadata.rows_scanned)} looked at${more}`);
  }

  async download() {
    const response = await this.ask("text/csv");
    if (!response.ok) {
      this.refuse((await response.json()).detail);
      return;
    }
    const address = URL.createObjectURL(await response.blob());
    make("a", { href: address, download: `${this.name}.csv` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  }
}

function cell(value, isNumber, isFraction, i) {
  if (value === null) return make("td", { class: isNumber ? "number" : "" }, make("span", { class: "absent" }, "null"));
  if (typeof value === "number") return make("td", { class: "number" }, exact(value, isFraction));
  const text = isTime(value) ? moment(value) : String(value);
  return make("td", { class: text.length > 40 ? "wrap" : i ? "" : "key" }, text);
}

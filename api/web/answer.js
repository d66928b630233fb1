// An answer of SQL as a table, with what it cost and a file to take away.
// SPDX-License-Identifier: Apache-2.0
import { make, setText } from "./dom.js";
import { counted, exact, full, isTime, moment, t } from "./language.js";

export class Answer {
  // The name is that of the file it can be taken away in; column(name): what a column is called on the page.
  constructor(name, column = (text) => text) {
    this.name = name;
    this.column = column;
    this.status = make("span", { class: "note", role: "status" });
    this.csv = make("button", { class: "button", type: "button", hidden: true, onclick: () => this.download() }, "CSV");
    this.problem = make("p", { class: "notice", role: "alert", hidden: true });
    this.head = make("thead");
    this.body = make("tbody");
    this.table = make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": t("Answer"), hidden: true },
      make("table", {}, make("caption", {}, t("Answer")), this.head, this.body));
    this.node = make("div", {}, this.problem, this.table, make("div", { class: "pager" }, this.status, this.csv));
    this.turn = 0;
  }

  // ask(accept): fetches the answer anew, in that form.
  async show(ask) {
    const turn = ++this.turn;
    this.ask = ask;
    setText(this.status, t("asking …"));
    try {
      const response = await ask("application/json");
      const answer = await response.json();
      if (turn !== this.turn) return;
      if (response.ok) this.draw(answer);
      else this.refuse(answer.detail ?? answer.title);
    } catch {
      if (turn === this.turn) this.refuse(t("The instance cannot be reached."));
    }
  }

  refuse(text) {
    setText(this.problem, text);
    this.problem.hidden = false;
    this.table.hidden = true;
    this.csv.hidden = true;
    setText(this.status, t("no answer"));
  }

  draw(answer) {
    const { columns, rows, metadata } = answer;
    const numbers = columns.map((column, i) => rows.some((row) => typeof row[i] === "number") && rows.every((row) => row[i] === null || typeof row[i] === "number"));
    const fractions = columns.map((column, i) => numbers[i] && rows.some((row) => row[i] !== null && !Number.isInteger(row[i])));
    this.problem.hidden = true;
    this.table.hidden = false;
    this.csv.hidden = false;
    this.head.replaceChildren(make("tr", {}, columns.map((column, i) => make("th", { scope: "col", class: numbers[i] ? "number" : i ? "" : "key" }, this.column(column.name)))));
    this.body.replaceChildren(...(rows.length ? rows.map((row) => make("tr", {}, row.map((value, i) => cell(value, numbers[i], fractions[i], i)))) : [make("tr", {}, make("td", { class: "empty", colspan: columns.length || 1 }, t("No rows")))]));
    const more = answer.complete ? "" : ` · ${t("there is more than an answer holds")}`;
    setText(this.status, counted(rows.length, "{n} row in {ms} ms · {scanned} looked at", "{n} rows in {ms} ms · {scanned} looked at", { ms: full(metadata.elapsed_ms), scanned: full(metadata.rows_scanned) }) + more);
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

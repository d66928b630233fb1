// The SQL console: a query, its answer or plan, and the tables there are.
// SPDX-License-Identifier: Apache-2.0
import { Answer } from "./answer.js";
import { ask } from "./api.js";
import { make, setText } from "./dom.js";
import { t } from "./language.js";
import { refused } from "./refused.js";

const post = (sql, accept) => ask("/v1/sql", {
  method: "POST", headers: { "Content-Type": "application/json", Accept: accept }, body: JSON.stringify({ sql }),
});
const remembered = () => { try { return sessionStorage.getItem("weir-sql"); } catch { return null; } };
const remember = (text) => { try { sessionStorage.setItem("weir-sql", text); } catch { /* it lasts as long as the page */ } };
const plain = (name) => (/^[A-Za-z_]\w*$/.test(name) ? name : /^[A-Za-z_][\w.-]*$/.test(name) ? name.replace(/[.-]/g, "_") : `"${name.replaceAll('"', '""')}"`);

export function sqlPage(main) {
  const answer = new Answer("answer");
  const text = make("textarea", { id: "sql", rows: 6, spellcheck: "false", autocomplete: "off", autocapitalize: "off", "aria-describedby": "sql-hint",
    onkeydown: (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); run(); } } });
  const side = make("div", { class: "card list shown" }, make("h2", {}, t("Tables")));
  const run = (prefix = "") => {
    remember(text.value);
    const sql = prefix + text.value;
    answer.show((accept) => post(sql, accept));
  };
  text.value = remembered() ?? "SELECT * FROM weir_views";
  main.replaceChildren(make("div", { class: "split" }, side, make("div", { class: "stack" },
    make("section", { class: "card" }, make("header", {}, make("h1", {}, t("SQL")), make("span", { class: "note", id: "sql-hint" }, t("one SELECT over the views; Ctrl+Enter runs it"))),
      make("div", { class: "tools" }, make("label", { class: "field grow whole", for: "sql" }, t("Query"), text),
        make("button", { class: "button primary", type: "button", onclick: () => run() }, t("Run")),
        make("button", { class: "button", type: "button", onclick: () => run("EXPLAIN ") }, t("Plan"))),
      answer.node))));
  listTables(main, side, text);
  return () => remember(text.value);
}

async function listTables(main, side, text) {
  const response = await post("SELECT view, name, type, hidden FROM weir_columns ORDER BY view, position", "application/json").catch(() => null);
  if (response?.status === 403) main.replaceChildren(refused({ code: "forbidden" }));
  if (!response?.ok) return;
  const tables = new Map();
  for (const [view, name, type, hidden] of (await response.json()).rows) {
    if (!tables.has(view)) tables.set(view, []);
    if (!hidden) tables.get(view).push([name, type]);
  }
  side.append(...[...tables].map(([view, columns]) => make("details", { class: "table" }, make("summary", {}, make("b", {}, view)),
    make("button", { class: "button small", type: "button", onclick: () => { text.value = `SELECT * FROM ${plain(view)} LIMIT 100`; text.focus(); } }, t("Select from it")),
    make("ul", {}, columns.map(([name, type]) => make("li", {}, make("code", {}, name), " ", make("small", {}, type.toLowerCase().replace(" text", ""))))))));
  if (tables.size === 0) setText(side, t("No views"));
}

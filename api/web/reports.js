// Reports: what there is, what each takes, and its answer.
// SPDX-License-Identifier: Apache-2.0
import { Answer } from "./answer.js";
import { ask, get } from "./api.js";
import { make } from "./dom.js";
import { t } from "./language.js";
import { inLanguage } from "./panels.js";
import { refused } from "./refused.js";

const kinds = { text: "text", integer: "number", number: "number", boolean: "text", timestamp: "text" };

export function reportsPage(main, name) {
  const side = make("div", { class: "card list" });
  const pick = make("select", { "aria-label": t("Report"), onchange: () => (location.hash = `#/reports/${encodeURIComponent(pick.value)}`) });
  const content = make("div", { class: "stack" }, make("label", { class: "field pick" }, t("Report"), pick));
  let over = false;
  main.replaceChildren(make("div", { class: "split" }, side, content));
  get("/v1/reports").then(({ data }) => {
    if (over) return;
    const chosen = data.find((report) => report.name === name) ?? data[0];
    side.replaceChildren(...(data.length ? data.map((report) => make("a", { href: `#/reports/${encodeURIComponent(report.name)}`, "aria-current": report === chosen ? "true" : null },
      make("b", {}, inLanguage(report).title), make("small", {}, report.name))) : [make("p", { class: "empty" }, t("No reports"))]));
    pick.replaceChildren(...data.map((report) => make("option", { value: report.name }, inLanguage(report).title)));
    if (!chosen) return;
    pick.value = chosen.name;
    content.append(reportCard(chosen));
  }).catch((problem) => content.append(refused(problem)));
  return () => { over = true; };
}

function reportCard(report) {
  const words = inLanguage(report);
  const answer = new Answer(report.name, words.column);
  const inputs = report.parameters.map((parameter) => make("input", { type: kinds[parameter.type], name: parameter.name, step: parameter.type === "number" ? "any" : null,
    value: parameter.default ?? "", placeholder: parameter.default === null ? t("required") : parameter.type, autocomplete: "off", spellcheck: "false" }));
  const run = () => {
    const query = new URLSearchParams(inputs.filter((input) => input.value !== "").map((input) => [input.name, input.value]));
    answer.show((accept) => ask(`/v1/reports/${encodeURIComponent(report.name)}?${query}`, { headers: { Accept: accept } }));
  };
  const form = make("form", { class: "tools", onsubmit: (event) => { event.preventDefault(); run(); } },
    report.parameters.map((parameter, i) => make("label", { class: "field" }, words.parameter(parameter), inputs[i])),
    make("button", { class: "button primary", type: "submit" }, t("Run")));
  if (report.parameters.every((parameter) => parameter.default !== null)) run();
  return make("section", { class: "card" }, make("header", {}, make("h1", {}, words.title), make("span", { class: "note" }, words.about)), form, answer.node,
    make("details", { class: "source" }, make("summary", {}, t("SQL")), make("pre", {}, report.sql)));
}

// Dead letters with their replay, and what was dropped.
// SPDX-License-Identifier: Apache-2.0
import { post } from "./api.js";
import { make, setText } from "./dom.js";
import { ago, counted, full, t } from "./language.js";
import { follow, latest } from "./live.js";
import { refused } from "./refused.js";

function table(title, note, columns, rows, empty) {
  const body = rows.length ? rows.map((row) => make("tr", {}, row.map((cell, i) => make("td", { class: columns[i][1] }, cell)))) : [make("tr", {}, make("td", { class: "empty", colspan: columns.length }, empty))];
  return make("section", { class: "card" }, make("header", {}, make("h2", {}, title), make("span", { class: "note" }, note)),
    make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": title }, make("table", {}, make("caption", {}, title),
      make("thead", {}, make("tr", {}, columns.map(([name, kind]) => make("th", { scope: "col", class: kind }, name)))), make("tbody", {}, body))));
}

// A topic of dead letters, and a button that sends those of them again that were not.
function replayRow(letters) {
  const said = make("span", { class: "note", role: "status" });
  const button = make("button", { type: "button", class: "button" }, t("Send {letters} again", { letters }));
  button.addEventListener("click", async () => {
    button.disabled = true;
    setText(said, "…");
    try {
      const { data } = await post("/v1/dead-letters:replay", { topic: letters });
      const sent = counted(data.sent, "{n} sent again", "{n} were sent again");
      setText(said, data.left ? `${sent}, ${counted(data.left, "{n} left as it cannot be", "{n} left as they cannot be")}` : sent);
    } catch (problem) {
      setText(said, problem.message);
    }
    button.disabled = false;
  });
  return make("div", { class: "tools" }, button, said);
}

function lettersTable() {
  if (!latest.mayOperate) return make("section", { class: "card" }, make("header", {}, make("h2", {}, t("Dead letters"))), refused({ code: "forbidden" }));
  return table(t("Dead letters"), latest.parked ? counted(latest.parked, "{n} key waits for a replay", "{n} keys wait for a replay") : t("the latest records of this instance that could not be handled"),
    [[t("failed"), "key"], [t("app"), ""], [t("topic"), "mono"], [t("partition"), "number"], [t("offset"), "number"], [t("reason"), ""], [t("message"), "wrap"], [t("trace"), "mono"]],
    latest.letters.map((one) => [ago(one.failed), one.app, one.topic, String(one.partition), String(one.offset), one.reason.replaceAll("_", " "), one.message, one.trace_id ?? "–"]), t("No record has failed"));
}

function dropsTable() {
  return table(t("Dropped records"), t("by reason, since this instance started"), [[t("reason"), "key"], [t("app"), ""], [t("records"), "number"]],
    latest.drops.map((one) => [one.reason.replaceAll("_", " "), one.app, full(one.records)]), t("No record was dropped"));
}

export function problemsPage(main) {
  const stack = make("div", { class: "stack" });
  const replays = make("section", { class: "card", "aria-label": t("Replay") });
  const rows = new Map(); // by topic; kept, so that an answer stays on the screen
  main.replaceChildren(make("div", { class: "stack" }, make("h1", { class: "unseen" }, t("Problems")), stack, replays));
  const drawReplays = () => {
    for (const { letters } of latest.letters) if (!rows.has(letters)) rows.set(letters, replayRow(letters));
    if (replays.childElementCount !== rows.size + 1) replays.replaceChildren(make("header", {}, make("h2", {}, t("Replay")), make("span", { class: "note" }, t("each letter once, to the topic and partition it came from"))), ...rows.values());
    replays.hidden = rows.size === 0;
  };
  let before = "";
  const draw = () => {
    const now = JSON.stringify([latest.drops, latest.letters, latest.parked, latest.mayOperate]);
    if (now === before) return;
    before = now;
    drawReplays();
    stack.replaceChildren(lettersTable(), dropsTable());
  };
  draw();
  return follow(draw);
}

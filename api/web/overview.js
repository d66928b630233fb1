// The overview: figures, alerts, throughput, tasks with what they restore, instances, hot keys.
// SPDX-License-Identifier: Apache-2.0
import { Chart } from "./chart.js";
import { make, setText } from "./dom.js";
import { ago, counted, full, percent, short, span, t } from "./language.js";
import { alerts, changed, follow, latest, newest, restored, taskName } from "./live.js";
import { refused } from "./refused.js";

export const throughput = new Chart(t("Records per second over the last two minutes"), t("records/s"));

function stat(label) {
  const value = make("dd", {}, "–");
  const note = make("dd", { class: "note" });
  return { node: make("dl", { class: "card stat" }, make("dt", {}, label), value, note), set(text, more = "") { setText(value, text); setText(note, more); } };
}

function card(title, note, ...content) {
  return make("section", { class: "card" }, make("header", {}, make("h2", {}, title), make("span", { class: "note" }, note)), content);
}

function scrolled(title, columns, body) {
  return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": title }, make("table", {}, make("caption", {}, title),
    make("thead", {}, make("tr", {}, columns.map(([name, kind]) => make("th", { scope: "col", class: kind }, name)))), body));
}

export function overviewPage(main) {
  const stats = { rate: stat(t("Records per second")), lag: stat(t("Lag")), fresh: stat(t("Freshness")), tasks: stat(t("Tasks")), drops: stat(t("Dropped")), letters: stat(t("Dead letters")) };
  const tasks = make("tbody"), instances = make("tbody"), hot = make("tbody"), notices = make("ul", { class: "alerts", "aria-label": t("Alerts") }), problem = make("div", { hidden: true });
  const hotKeys = card(t("Hot keys"), t("of many of the latest records of a partition"), scrolled(t("Hot keys"), hotColumns(), hot));
  main.replaceChildren(make("div", { class: "stack" },
    make("h1", { class: "unseen" }, t("Overview")), problem, notices,
    make("div", { class: "stats" }, Object.values(stats).map((one) => one.node)),
    card(t("Throughput"), t("records per second, all tasks of this instance"), throughput.node),
    card(t("Tasks"), t("work and what is still to be read, per partition"), scrolled(t("Tasks"), taskColumns(), tasks)),
    card(t("Instances"), t("of each app, and what they hold"), scrolled(t("Instances"), instanceColumns(), instances)), hotKeys));
  const draw = () => {
    drawStats(stats);
    drawAlerts(notices);
    drawTasks(tasks);
    drawInstances(instances);
    drawHotKeys(hotKeys, hot);
    problem.hidden = latest.problem?.code !== "forbidden";
    if (!problem.hidden && !problem.firstChild) problem.append(refused(latest.problem));
  };
  draw();
  throughput.draw();
  return follow(draw);
}

function drawAlerts(list) {
  const found = alerts();
  const text = JSON.stringify(found);
  if (list.dataset.shown === text) return;
  list.dataset.shown = text;
  list.hidden = found.length === 0;
  list.replaceChildren(...found.map(([kind, what]) => make("li", { class: `alert ${kind}` }, what)));
}

// The app that is furthest behind says how fresh the views are.
function stalest() {
  const times = [...grouped(latest.tasks)].map(([app, tasks]) => [newest(tasks), app]).filter(([time]) => time).sort();
  return times[0] ?? null;
}

function drawStats(stats) {
  const lags = latest.tasks.filter((task) => task.lag !== null);
  const lag = lags.reduce((sum, task) => sum + task.lag, 0);
  const restoring = latest.tasks.filter((task) => task.state !== "running").length;
  const dropped = latest.drops.reduce((sum, drop) => sum + drop.records, 0);
  const oldest = stalest();
  const reasons = new Set(latest.drops.map((drop) => drop.reason));
  stats.rate.set(latest.rate === null ? "–" : short(latest.rate), t("{n} in all", { n: short(latest.tasks.reduce((sum, task) => sum + task.records, 0)) }));
  stats.lag.set(lags.length ? short(lag) : "–", t("records to be read"));
  stats.fresh.set(oldest ? span(Math.max(0, Math.round((Date.now() - Date.parse(oldest[0])) / 1000))) : "–", oldest ? t("behind now: {app}", { app: oldest[1] }) : "");
  stats.tasks.set(full(latest.tasks.length), restoring ? t("{n} restoring", { n: full(restoring) }) : t("all running"));
  stats.drops.set(short(dropped), reasons.size ? counted(reasons.size, "for {n} reason", "for {n} reasons") : t("nothing"));
  stats.letters.set(full(latest.letters.length), latest.letters.length ? t("the latest failures") : t("none"));
}

// ---- tasks -------------------------------------------------------------------------------------------------------

const taskColumns = () => [[t("task"), "key"], [t("app"), ""], [t("state"), ""], [t("records/s"), "number"], [t("records"), "number"], [t("lag"), "number"], [t("stream time"), ""]];

function grouped(tasks) {
  const byApp = new Map();
  for (const task of tasks) byApp.set(task.app, [...(byApp.get(task.app) ?? []), task]);
  return byApp;
}

// A bar is full at a thousand records, or at the greatest lag beyond: a few records are no backlog.
function drawTasks(body) {
  const most = Math.max(1000, ...latest.tasks.map((task) => task.lag ?? 0));
  const byApp = grouped(latest.tasks);
  const rows = [...byApp].flatMap(([app, tasks]) => {
    const folded = byApp.size > 1 && !unfolded.has(app);
    return [...(byApp.size > 1 ? [appRow(app, tasks, most, folded)] : []), ...(folded ? [] : tasks.map((task) => taskRow(task, most)))];
  });
  const focused = body.contains(document.activeElement) ? document.activeElement : null;
  body.replaceChildren(...(rows.length ? rows : [make("tr", {}, make("td", { class: "empty", colspan: taskColumns().length }, t("No tasks are here")))]));
  focused?.focus();
}

// Of several apps each has one row, and its tasks behind a click. A button outlives the rows, or a click could fall between two.
const unfolded = new Set();
const folds = new Map();

function fold(app, text, folded) {
  const toggle = () => { if (!unfolded.delete(app)) unfolded.add(app); changed(); };
  if (!folds.has(app)) folds.set(app, make("button", { class: "fold", type: "button", onclick: toggle }));
  const button = folds.get(app);
  setText(button, text);
  button.setAttribute("aria-expanded", String(!folded));
  return button;
}

function appRow(app, tasks, most, folded) {
  const restoring = tasks.filter((task) => task.state !== "running");
  const lags = tasks.filter((task) => task.lag !== null).map((task) => task.lag);
  const known = tasks.map((task) => latest.taskRates.get(taskName(task)) ?? null).filter((rate) => rate !== null);
  const parts = restoring.map(restored).filter((part) => part !== null);
  return figuresRow({
    name: fold(app, counted(tasks.length, "{n} task", "{n} tasks"), folded),
    app, state: restoring.length ? t("{n} restoring", { n: full(restoring.length) }) : t("running"), isGood: restoring.length === 0,
    part: parts.length ? Math.min(...parts) : null,
    rate: known.length ? known.reduce((sum, rate) => sum + rate, 0) : null,
    records: tasks.reduce((sum, task) => sum + task.records, 0),
    lag: lags.length ? lags.reduce((sum, lag) => sum + lag, 0) : null,
    streamTime: newest(tasks),
  }, most);
}

const taskStates = { running: () => t("running"), restoring: () => t("restoring"), standby: () => t("standby") };

function taskRow(task, most) {
  const remaining = task.restore_remaining > 0 ? ` · ${t("{n} left", { n: short(task.restore_remaining) })}` : "";
  const state = taskStates[task.role === "standby" ? "standby" : task.state]?.() ?? task.state;
  return figuresRow({
    name: task.task, app: task.app, state: state + remaining, isGood: task.state === "running", part: restored(task),
    rate: latest.taskRates.get(taskName(task)), records: task.records, lag: task.lag, streamTime: task.stream_time,
  }, most);
}

function figuresRow(one, most) {
  const fill = make("i");
  fill.style.width = `${Math.min(100, Math.round(((one.lag ?? 0) / most) * 100))}%`;
  const progress = one.part === null || one.part === undefined ? null : make("progress", { max: 1, value: one.part, "aria-label": t("restored") });
  return make("tr", {},
    make("td", { class: "key mono" }, one.name),
    make("td", {}, one.app),
    make("td", {}, make("span", { class: `tag ${one.isGood ? "good" : "warn"}` }, one.state), progress),
    make("td", { class: "number" }, short(one.rate)),
    make("td", { class: "number" }, short(one.records)),
    make("td", { class: "number" }, one.lag === null ? "–" : full(one.lag), make("span", { class: "meter", "aria-hidden": "true" }, fill)),
    make("td", {}, ago(one.streamTime)));
}

// ---- instances ---------------------------------------------------------------------------------------------------

const instanceColumns = () => [[t("instance"), ""], [t("app"), ""], [t("tasks"), "number"], [t("standbys"), "number"], [t("state"), ""]];

function drawInstances(body) {
  const rows = latest.instances.map((one) => make("tr", {},
    make("td", { class: "mono" }, one.instance ?? one.id),
    make("td", {}, one.app),
    make("td", { class: "number" }, full(one.active?.length ?? null)),
    make("td", { class: "number" }, full(one.standby?.length ?? null)),
    make("td", {}, one.self ? t("this one") : "", one.draining ? ` ${t("stopping")}` : "")));
  body.replaceChildren(...(rows.length ? rows : [make("tr", {}, make("td", { class: "empty", colspan: instanceColumns().length }, t("Nothing yet")))]));
}

// ---- hot keys ----------------------------------------------------------------------------------------------------

const hotColumns = () => [[t("topic"), "mono"], [t("partition"), "number"], [t("key"), "mono"], [t("share"), "number"]];

function keyText(key) {
  if (key === null) return "–";
  return typeof key === "string" ? key : JSON.stringify(key);
}

function drawHotKeys(card, body) {
  card.hidden = latest.hot.length === 0;
  const rows = latest.hot.map((one) => [one.topic, String(one.partition), keyText(one.key), percent(one.share)]);
  body.replaceChildren(...rows.map((row) => make("tr", {}, row.map((cell, i) => make("td", { class: hotColumns()[i][1] }, cell)))));
}

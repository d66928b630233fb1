// The shell: header, pages by the address's hash, and the pages that are small.
// SPDX-License-Identifier: Apache-2.0
import { get, post, Rates, repeat } from "./api.js";
import { Chart } from "./chart.js";
import { ago, full, make, setText, short } from "./dom.js";
import { drawTopology } from "./graph.js";
import { reportsPage } from "./reports.js";
import { sqlPage } from "./sql.js";
import { viewsPage } from "./views.js";

const main = document.getElementById("main");
const rates = new Rates();
const throughput = new Chart("Records per second over the last two minutes", "records/s");
const latest = { tasks: [], apps: [], rate: null, drops: [], letters: [], taskRates: new Map() };
const listeners = new Set();

// ---- what every page shows ---------------------------------------------------------------------------------------

const worst = ["ERROR", "PENDING_ERROR", "NOT_RUNNING", "PENDING_SHUTDOWN", "REBALANCING", "CREATED", "RUNNING"];
const mood = (state) => (state === "RUNNING" ? "good" : /ERROR|NOT_RUNNING/.test(state) ? "bad" : "warn");

function showState(text, kind) {
  const pill = document.getElementById("state");
  setText(pill, text);
  pill.className = `pill ${kind}`;
}

function showIndex(index) {
  setText(document.getElementById("title"), index.title);
  document.title = index.title;
  setText(document.getElementById("instance"), `Weir ${index.version} · instance ${index.instance}`);
  latest.apps = index.apps;
  const state = worst.find((one) => index.apps.some((app) => app.state === one)) ?? "no apps";
  showState(index.apps.length > 1 && state === "RUNNING" ? `${index.apps.length} apps running` : state.toLowerCase().replaceAll("_", " "), mood(state));
}

function takeTasks(tasks) {
  const now = performance.now();
  latest.tasks = tasks;
  let sum = null;
  for (const task of tasks) {
    const name = `task ${task.app} ${task.task}`;
    const rate = rates.take(name, task.records, now);
    latest.taskRates.set(name, rate);
    if (rate !== null) sum = (sum ?? 0) + rate;
  }
  latest.rate = sum;
  throughput.add(sum);
}

async function pollFigures() {
  try {
    const [index, tasks] = await Promise.all([get("/v1"), get("/v1/tasks")]);
    showIndex(index);
    takeTasks(tasks.data);
  } catch (problem) {
    showState(problem.code === "unauthenticated" ? "signed out" : problem.code === "forbidden" ? "not for this key" : "not reachable", "bad");
  }
  for (const listener of listeners) listener();
}

// Dead letters are for operators; others see none.
function noneIfForbidden(problem) {
  if (problem.code === "forbidden") return { data: [] };
  throw problem;
}

async function pollProblems() {
  try {
    const [drops, letters] = await Promise.all([get("/v1/drops"), get("/v1/dead-letters").catch(noneIfForbidden)]);
    latest.drops = drops.data;
    latest.letters = letters.data;
  } catch {
    return; // the state already says so
  }
  const badge = document.getElementById("problem-count");
  badge.hidden = latest.letters.length === 0;
  setText(badge, String(latest.letters.length));
}

// ---- overview ----------------------------------------------------------------------------------------------------

function stat(label) {
  const value = make("dd", {}, "–");
  const note = make("span", { class: "note" });
  return { node: make("dl", { class: "card stat" }, make("dt", {}, label), value, note), set(text, more = "") { setText(value, text); setText(note, more); } };
}

function overviewPage() {
  const stats = { rate: stat("Records per second"), lag: stat("Lag"), tasks: stat("Tasks"), drops: stat("Dropped"), letters: stat("Dead letters") };
  const body = make("tbody");
  const failures = make("div");
  main.replaceChildren(make("div", { class: "stack" },
    failures,
    make("div", { class: "stats" }, Object.values(stats).map((one) => one.node)),
    make("section", { class: "card" }, make("header", {}, make("h2", {}, "Throughput"), make("span", { class: "note" }, "records per second, all tasks of this instance")), throughput.node),
    make("section", { class: "card" }, make("header", {}, make("h2", {}, "Tasks"), make("span", { class: "note" }, "work and what is still to be read, per partition")),
      make("div", { class: "scroll" }, make("table", {}, make("caption", {}, "Tasks"),
        make("thead", {}, make("tr", {}, taskColumns.map(([name, kind]) => make("th", { scope: "col", class: kind }, name)))), body)))));
  const draw = () => { drawStats(stats); drawTasks(body); drawFailures(failures); };
  draw();
  throughput.draw();
  return follow(draw);
}

function follow(draw) {
  listeners.add(draw);
  return () => listeners.delete(draw);
}

function drawFailures(box) {
  const failed = latest.apps.filter((app) => app.failure);
  box.hidden = failed.length === 0;
  box.replaceChildren(...failed.map((app) => make("p", { class: "notice" }, `${app.name}: ${app.failure}`)));
}

function drawStats(stats) {
  const lags = latest.tasks.filter((task) => task.lag !== null);
  const lag = lags.reduce((sum, task) => sum + task.lag, 0);
  const restoring = latest.tasks.filter((task) => task.state !== "running").length;
  const dropped = latest.drops.reduce((sum, drop) => sum + drop.records, 0);
  stats.rate.set(latest.rate === null ? "–" : short(latest.rate), `${short(latest.tasks.reduce((sum, task) => sum + task.records, 0))} in all`);
  stats.lag.set(lags.length ? short(lag) : "–", "records to be read");
  stats.tasks.set(full(latest.tasks.length), restoring ? `${restoring} restoring` : "all running");
  stats.drops.set(short(dropped), [...new Set(latest.drops.map((drop) => drop.reason.replaceAll("_", " ")))].join(", ") || "nothing");
  stats.letters.set(full(latest.letters.length), latest.letters.length ? "the latest failures" : "none");
}

const taskColumns = [["task", "key"], ["app", ""], ["state", ""], ["records/s", "number"], ["records", "number"], ["lag", "number"], ["stream time", ""]];

// A bar is full at a thousand records, or at the greatest lag beyond: a few records are no backlog.
function drawTasks(body) {
  const most = Math.max(1000, ...latest.tasks.map((task) => task.lag ?? 0));
  const byApp = new Map();
  for (const task of latest.tasks) byApp.set(task.app, [...(byApp.get(task.app) ?? []), task]);
  const rows = [...byApp].flatMap(([app, tasks]) => {
    const folded = byApp.size > 1 && !unfolded.has(app);
    return [...(byApp.size > 1 ? [appRow(app, tasks, most, folded)] : []), ...(folded ? [] : tasks.map((task) => taskRow(task, most)))];
  });
  const focused = body.contains(document.activeElement) ? document.activeElement : null;
  body.replaceChildren(...(rows.length ? rows : [make("tr", {}, make("td", { class: "empty", colspan: taskColumns.length }, "No tasks are here"))]));
  focused?.focus();
}

// Of several apps each has one row, and its tasks behind a click. A button outlives the rows, or a click could fall between two.
const unfolded = new Set();
const folds = new Map();

function fold(app, text, folded) {
  const toggle = () => { if (!unfolded.delete(app)) unfolded.add(app); for (const listener of listeners) listener(); };
  if (!folds.has(app)) folds.set(app, make("button", { class: "fold", onclick: toggle }));
  const button = folds.get(app);
  setText(button, text);
  button.setAttribute("aria-expanded", String(!folded));
  return button;
}

function appRow(app, tasks, most, folded) {
  const restoring = tasks.filter((task) => task.state !== "running").length;
  const lags = tasks.filter((task) => task.lag !== null).map((task) => task.lag);
  const taskRate = (task) => latest.taskRates.get(`task ${task.app} ${task.task}`) ?? null;
  const known = tasks.map(taskRate).filter((rate) => rate !== null);
  return figuresRow({
    name: fold(app, `${tasks.length} tasks`, folded),
    app, state: restoring ? `${restoring} restoring` : "running", isGood: restoring === 0,
    rate: known.length ? known.reduce((sum, rate) => sum + rate, 0) : null,
    records: tasks.reduce((sum, task) => sum + task.records, 0),
    lag: lags.length ? lags.reduce((sum, lag) => sum + lag, 0) : null,
    streamTime: tasks.map((task) => task.stream_time).filter(Boolean).sort().at(-1) ?? null,
  }, most);
}

function taskRow(task, most) {
  const remaining = task.restore_remaining > 0 ? ` ${short(task.restore_remaining)} left` : "";
  return figuresRow({
    name: task.task, app: task.app, state: task.state + remaining, isGood: task.state === "running",
    rate: latest.taskRates.get(`task ${task.app} ${task.task}`), records: task.records, lag: task.lag, streamTime: task.stream_time,
  }, most);
}

function figuresRow(one, most) {
  const fill = make("i");
  fill.style.width = `${Math.min(100, Math.round(((one.lag ?? 0) / most) * 100))}%`;
  return make("tr", {},
    make("td", { class: "key mono" }, one.name),
    make("td", {}, one.app),
    make("td", {}, make("span", { class: `tag ${one.isGood ? "good" : "warn"}` }, one.state)),
    make("td", { class: "number" }, short(one.rate)),
    make("td", { class: "number" }, short(one.records)),
    make("td", { class: "number" }, one.lag === null ? "–" : full(one.lag), make("span", { class: "meter", "aria-hidden": "true" }, fill)),
    make("td", {}, ago(one.streamTime)));
}

// ---- topology ----------------------------------------------------------------------------------------------------

function topologyPage() {
  const stack = make("div", { class: "stack" });
  const drawn = new Map();
  const notice = make("p", { class: "notice", hidden: true });
  main.replaceChildren(notice, stack);
  return repeat(async () => {
    try {
      const answer = await get("/v1/topology");
      notice.hidden = true;
      for (const app of answer.data) showTopology(stack, drawn, app);
    } catch (problem) {
      setText(notice, problem.message);
      notice.hidden = false;
    }
  }, 1500);
}

function showTopology(stack, drawn, app) {
  if (!drawn.has(app.app)) {
    const graph = drawTopology(app.topology ?? { name: app.app, subtopologies: [] });
    const legend = make("span", { class: "legend note" }, ["source", "step", "sink", "store"].map((kind) => make("span", {}, make("i", { class: kind }), kind)));
    stack.append(make("section", { class: "card" }, make("header", {}, make("h1", {}, app.app), make("span", { class: `tag ${mood(app.state)}` }, app.state.toLowerCase()), legend), make("div", { class: "graph-box", tabindex: "0", role: "region", "aria-label": `Drawing of ${app.app}` }, graph.node)));
    drawn.set(app.app, graph);
  }
  const now = performance.now();
  const nodeRates = new Map(app.nodes.map((node) => [node.name, rates.take(`node ${app.app} ${node.name}`, node.records, now)]));
  const lags = new Map(app.nodes.map((node) => [node.name, node.lag]));
  drawn.get(app.app).update(nodeRates, lags);
}

// ---- problems ----------------------------------------------------------------------------------------------------

function table(title, note, columns, rows, empty) {
  const body = rows.length ? rows.map((row) => make("tr", {}, row.map((cell, i) => make("td", { class: columns[i][1] }, cell)))) : [make("tr", {}, make("td", { class: "empty", colspan: columns.length }, empty))];
  return make("section", { class: "card" }, make("header", {}, make("h2", {}, title), make("span", { class: "note" }, note)),
    make("div", { class: "scroll" }, make("table", {}, make("caption", {}, title),
      make("thead", {}, make("tr", {}, columns.map(([name, kind]) => make("th", { scope: "col", class: kind }, name)))), make("tbody", {}, body))));
}

// A topic of dead letters, and a button that sends those of them again that were not.
function replayRow(letters) {
  const said = make("span", { class: "note", role: "status" });
  const button = make("button", { type: "button", class: "button" }, `Send ${letters} again`);
  button.addEventListener("click", async () => {
    button.disabled = true;
    setText(said, "…");
    try {
      const { data } = await post("/v1/dead-letters:replay", { topic: letters });
      setText(said, data.left ? `${full(data.sent)} sent again, ${full(data.left)} left as they cannot be` : `${full(data.sent)} sent again`);
    } catch (problem) {
      setText(said, problem.message);
    }
    button.disabled = false;
  });
  return make("div", { class: "tools" }, button, said);
}

function problemsPage() {
  const stack = make("div", { class: "stack" });
  const replays = make("section", { class: "card", "aria-label": "Replay" });
  const rows = new Map(); // by topic; kept, so that an answer stays on the screen
  main.replaceChildren(make("div", { class: "stack" }, stack, replays));
  const drawReplays = () => {
    for (const { letters } of latest.letters) if (!rows.has(letters)) rows.set(letters, replayRow(letters));
    if (replays.childElementCount !== rows.size + 1) replays.replaceChildren(make("header", {}, make("h2", {}, "Replay"), make("span", { class: "note" }, "each letter once, to the topic and partition it came from")), ...rows.values());
    replays.hidden = rows.size === 0;
  };
  let before = "";
  const draw = () => {
    const now = JSON.stringify([latest.drops, latest.letters]);
    if (now === before) return;
    before = now;
    drawReplays();
    stack.replaceChildren(
      table("Dead letters", "the latest records of this instance that could not be handled", [["failed", "key"], ["app", ""], ["topic", "mono"], ["partition", "number"], ["offset", "number"], ["reason", ""], ["message", "wrap"]],
        latest.letters.map((one) => [ago(one.failed), one.app, one.topic, String(one.partition), String(one.offset), one.reason.replaceAll("_", " "), one.message]), "No record has failed"),
      table("Dropped records", "by reason, since this instance started", [["reason", "key"], ["app", ""], ["records", "number"]],
        latest.drops.map((one) => [one.reason.replaceAll("_", " "), one.app, full(one.records)]), "No record was dropped"));
  };
  draw();
  return follow(draw);
}

// ---- routing and theme -------------------------------------------------------------------------------------------

let leave = null;

function go() {
  const [page, name] = location.hash.replace(/^#\/?/, "").split("/");
  const known = ["views", "reports", "sql", "topology", "problems"].includes(page) ? page : "overview";
  leave?.();
  for (const link of document.querySelectorAll("#nav a")) {
    if (link.dataset.page === known) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const pages = { overview: overviewPage, views: () => viewsPage(main, decodeURIComponent(name ?? "")), reports: () => reportsPage(main, decodeURIComponent(name ?? "")),
    sql: () => sqlPage(main), topology: topologyPage, problems: problemsPage };
  leave = pages[known]();
}

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
}

const dark = matchMedia("(prefers-color-scheme: dark)");
const remembered = () => { try { return localStorage.getItem("weir-theme"); } catch { return null; } };
setTheme(remembered() ?? (dark.matches ? "dark" : "light"));
dark.addEventListener("change", () => remembered() ?? setTheme(dark.matches ? "dark" : "light"));
document.getElementById("theme").addEventListener("click", () => {
  const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  setTheme(theme);
  try { localStorage.setItem("weir-theme", theme); } catch { /* private windows: it lasts as long as the page */ }
});
addEventListener("hashchange", go);
addEventListener("resize", () => throughput.draw());
repeat(pollFigures, 1000);
repeat(pollProblems, 3000);
go();

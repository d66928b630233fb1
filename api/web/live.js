// What every page lives from: the state of the instance, its tasks and their rates, what failed; asked once a second.
// SPDX-License-Identifier: Apache-2.0
import { get, Rates } from "./api.js";
import { setText } from "./dom.js";
import { counted, t } from "./language.js";

export const rates = new Rates();
export const latest = { tasks: [], apps: [], rate: null, drops: [], letters: [], parked: 0, instances: [], hot: [], taskRates: new Map(), problem: null, mayOperate: true };
const hotShown = 10; // hot keys, the hottest of each app first
const listeners = new Set();
const restores = new Map(); // by task: the most that was to be restored, to say how far it is

export function follow(draw) {
  listeners.add(draw);
  return () => listeners.delete(draw);
}

export function changed() {
  for (const listener of listeners) listener();
}

const worst = ["ERROR", "PENDING_ERROR", "NOT_RUNNING", "PENDING_SHUTDOWN", "PAUSED", "REBALANCING", "CREATED", "RUNNING"];
const stateTexts = {
  ERROR: () => t("error"), PENDING_ERROR: () => t("failing"), NOT_RUNNING: () => t("not running"), PENDING_SHUTDOWN: () => t("stopping"),
  REBALANCING: () => t("rebalancing"), CREATED: () => t("created"), RUNNING: () => t("running"), PAUSED: () => t("paused"),
};
// Of an app, as a person sees it: a paused one is RUNNING by the state machine of Kafka Streams.
export const stateOf = (app) => (app.paused && app.state === "RUNNING" ? "PAUSED" : app.state);
export const mood = (state) => (state === "RUNNING" ? "good" : /ERROR|NOT_RUNNING/.test(state) ? "bad" : "warn");
export const stateText = (state) => stateTexts[state]?.() ?? state;

function showState(text, kind) {
  const pill = document.getElementById("state");
  setText(pill, text);
  pill.className = `pill ${kind}`;
}

function showIndex(index) {
  setText(document.getElementById("title"), index.title);
  document.title = index.title;
  setText(document.getElementById("instance"), t("Weir {version} · instance {instance}", index));
  latest.apps = index.apps;
  const state = worst.find((one) => index.apps.some((app) => stateOf(app) === one));
  if (!state) showState(t("no apps"), "warn");
  else showState(index.apps.length > 1 && state === "RUNNING" ? t("{n} apps running", { n: index.apps.length }) : stateText(state), mood(state));
}

function takeTasks(tasks) {
  const now = performance.now();
  latest.tasks = tasks;
  let sum = null;
  for (const task of tasks) {
    const name = taskName(task);
    const rate = rates.take(name, task.records, now);
    latest.taskRates.set(name, rate);
    if (rate !== null) sum = (sum ?? 0) + rate;
    const left = task.restore_remaining;
    if (left > 0) restores.set(name, Math.max(left, restores.get(name) ?? 0));
    else restores.delete(name);
  }
  latest.rate = sum;
}

export const taskName = (task) => `task ${task.app} ${task.task}`;

// From 0 to 1; null where nothing is being restored.
export function restored(task) {
  const most = restores.get(taskName(task));
  return most ? 1 - task.restore_remaining / most : null;
}

// The newest time that any task of the app has seen.
export const newest = (tasks) => tasks.map((task) => task.stream_time).filter(Boolean).sort().at(-1) ?? null;

const failures = { unauthenticated: () => t("signed out"), forbidden: () => t("not for this key") };

export async function pollFigures() {
  try {
    const index = await get("/v1");
    showIndex(index);
    takeTasks((await get("/v1/tasks")).data);
    latest.problem = null;
  } catch (problem) {
    latest.problem = problem;
    showState(failures[problem.code]?.() ?? t("not reachable"), "bad");
  }
  changed();
}

// Dead letters are for operators; others see none.
function noneIfForbidden(problem) {
  if (problem.code !== "forbidden") throw problem;
  latest.mayOperate = false;
  return { data: [] };
}

export async function pollProblems() {
  try {
    const [drops, letters, instances, hot] = await Promise.all([get("/v1/drops"), get("/v1/dead-letters").catch(noneIfForbidden), get("/v1/instances"), get("/v1/hotkeys")]);
    latest.drops = drops.data;
    latest.letters = letters.data;
    latest.parked = letters.parked_keys ?? 0;
    latest.instances = instances.data;
    latest.hot = hot.data.slice(0, hotShown);
  } catch {
    return; // the state already says so
  }
  const badge = document.getElementById("problem-count");
  badge.hidden = latest.letters.length === 0;
  setText(badge, String(latest.letters.length));
}

// What an operator should look at, the worst first. Bounds as those of the alert rules (deploy/alerts.yml).
export function alerts() {
  const lag = latest.tasks.reduce((sum, task) => sum + (task.lag ?? 0), 0);
  const found = [];
  for (const app of latest.apps) {
    if (app.failure) found.push(["bad", `${app.name}: ${app.failure}`]);
    else if (stateOf(app) !== "RUNNING") found.push([mood(stateOf(app)), `${app.name}: ${stateText(stateOf(app))}`]);
  }
  if (lag > 1000) found.push([lag > 5000 ? "bad" : "warn", counted(lag, "{n} record is still to be read", "{n} records are still to be read")]);
  if (latest.letters.length > 10) found.push([latest.letters.length > 50 ? "bad" : "warn", counted(latest.letters.length, "{n} dead letter", "{n} dead letters")]);
  return found.sort(([a], [b]) => a.localeCompare(b));
}

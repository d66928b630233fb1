// The language of the page: the chosen one, or the first of the browser's that there is. Texts are English in the code, and
// spanish.js says them in Spanish; what topics, views and the server say stays as it is.
// SPDX-License-Identifier: Apache-2.0
import { spanish } from "./spanish.js";

const catalogues = { en: {}, es: spanish };
const place = "weir-language";
const remembered = () => { try { return localStorage.getItem(place); } catch { return null; } };

function preferred() {
  const wanted = [remembered(), ...(navigator.languages ?? [navigator.language])].filter(Boolean).map((tag) => tag.slice(0, 2).toLowerCase());
  return wanted.find((language) => language in catalogues) ?? "en";
}

export const language = preferred();
document.documentElement.lang = language;

// The text in the page's language, with the values at the places of their names in braces.
export function t(text, values = {}) {
  return (catalogues[language][text] ?? text).replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);
}

// One of two texts by the rules of the language for the count.
export function counted(count, one, many, values = {}) {
  return t(new Intl.PluralRules(language).select(count) === "one" ? one : many, { n: whole.format(count), ...values });
}

// Another language begins the page anew: every text is in it then.
export function switchLanguage() {
  try { localStorage.setItem(place, language === "es" ? "en" : "es"); } catch { /* private windows: the browser's it is */ }
  location.reload();
}

// Of the shell: what has data-text holds a text, what has data-label is called by one.
export function translateShell() {
  for (const node of document.querySelectorAll("[data-text]")) node.firstChild.data = t(node.firstChild.data);
  for (const node of document.querySelectorAll("[data-label]")) node.setAttribute("aria-label", t(node.getAttribute("aria-label")));
}

const compact = new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 });
const whole = new Intl.NumberFormat(language, { maximumFractionDigits: 6 });
const hundredths = new Intl.NumberFormat(language, { minimumFractionDigits: 2, maximumFractionDigits: 6 });
const parts = new Intl.NumberFormat(language, { style: "percent" });
const units = (unit) => new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "short" });
const [seconds, minutes] = [units("second"), units("minute")];

export const short = (number) => (number === null || number === undefined ? "–" : number < 10000 ? whole.format(Math.round(number)) : compact.format(number));
export const full = (number) => (number === null || number === undefined ? "–" : whole.format(number));
export const exact = (number, isFraction) => (isFraction ? hundredths : whole).format(number);
export const percent = (part) => parts.format(part);
export const span = (count) => (count < 90 ? seconds.format(count) : minutes.format(Math.round(count / 60)));

export function ago(text) {
  if (!text) return "–";
  const passed = Math.round((Date.now() - Date.parse(text)) / 1000);
  if (Math.abs(passed) < 2) return t("now");
  if (Math.abs(passed) > 5400) return moment(text);
  const distance = { span: span(Math.abs(passed)) };
  return passed < 0 ? t("in {span}", distance) : t("{span} ago", distance);
}

// Times are in UTC, as they are sent, so that they can be compared with logs; English ones begin with the year, which
// everybody reads alike.
const dates = language === "en" ? "en-CA" : language;
const day = { year: "numeric", month: "2-digit", day: "2-digit" };
const time = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
const formats = new Map();

function formatted(text, parts, fraction) {
  const digits = fraction && !text.endsWith(".000Z") && /\.\d{3}Z$/.test(text) ? 3 : undefined;
  const key = JSON.stringify([parts, digits]);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat(dates, { ...parts, timeZone: "UTC", fractionalSecondDigits: digits }));
  return formats.get(key).format(Date.parse(text)).replace(", ", " ");
}

export const moment = (text) => (text ? formatted(text, { ...day, ...time }, true) : "–");
// For columns of a board: to the second, and without the year where it is this one.
export const brief = (text) => (text.startsWith(new Date().toISOString().slice(0, 5)) ? formatted(text, { month: "2-digit", day: "2-digit", ...time }, false) : formatted(text, { ...day, ...time }, false));
export const clock = (text) => (text ? formatted(text, time, false) : "–");
export const clockMinute = (text) => formatted(text, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }, false);
export const dayAndHour = (text) => formatted(text, { month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }, false);

export const isTime = (value) => typeof value === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value);

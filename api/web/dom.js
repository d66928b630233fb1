// Building the page without markup in strings: whatever comes from a topic is text, never HTML.
// SPDX-License-Identifier: Apache-2.0
const svgNames = new Set(["svg", "g", "rect", "path", "text", "line", "circle", "title", "defs", "marker"]);

export function make(name, attributes = {}, ...children) {
  const node = svgNames.has(name) ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 6 });
const hundredths = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 6 });

export const short = (number) => (number === null || number === undefined ? "–" : number < 10000 ? whole.format(Math.round(number)) : compact.format(number));
export const full = (number) => (number === null || number === undefined ? "–" : whole.format(number));

export const exact = (number, isFraction) => (isFraction ? hundredths : whole).format(number);

export function ago(text) {
  if (!text) return "–";
  const seconds = Math.round((Date.now() - Date.parse(text)) / 1000);
  if (Math.abs(seconds) < 2) return "now";
  if (Math.abs(seconds) > 5400) return moment(text);
  const span = Math.abs(seconds) < 90 ? `${Math.abs(seconds)} s` : `${Math.round(Math.abs(seconds) / 60)} min`;
  return seconds < 0 ? `in ${span}` : `${span} ago`;
}

// Times are shown as they are sent, in UTC, so that they can be compared with logs.
export const moment = (text) => (text ? text.replace("T", " ").replace(/\.000Z$|Z$/, "") : "–");

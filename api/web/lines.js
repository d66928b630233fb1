// Lines over time as SVG: a series per column, a legend, and the values under the pointer.
// SPDX-License-Identifier: Apache-2.0
import { make, setText } from "./dom.js";
import { clockMinute, dayAndHour, exact, short, t } from "./language.js";

export function niceTop(value) {
  if (value <= 0) return 10;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((step) => step * power >= value) * power;
}

export class Lines {
  // Of { time: milliseconds, values: [number or null] } in the order of their times.
  constructor(title) {
    this.title = title;
    this.points = [];
    this.names = [];
    this.hover = null;
    this.svg = make("svg", { class: "chart", role: "img" });
    this.legend = make("div", { class: "legend" });
    this.node = make("div", {}, this.svg, this.legend);
    this.svg.addEventListener("pointermove", (event) => { this.hover = event.clientX - this.svg.getBoundingClientRect().left; this.draw(); });
    this.svg.addEventListener("pointerleave", () => { this.hover = null; this.draw(); });
  }

  set(names, points) {
    this.names = names;
    this.points = points;
    this.draw();
  }

  draw() {
    const width = Math.max(240, this.svg.clientWidth - 20), height = Math.max(120, this.svg.clientHeight - 12);
    const box = { left: 48, right: width - 12, top: 10, bottom: height - 22 };
    const first = this.points[0]?.time ?? 0, last = this.points.at(-1)?.time ?? 1;
    const ceiling = niceTop(Math.max(...this.points.flatMap((point) => point.values), 0) * 1.05);
    const x = (time) => (last === first ? box.right : box.left + ((time - first) / (last - first)) * (box.right - box.left));
    const y = (value) => box.bottom - (value / ceiling) * (box.bottom - box.top);
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.svg.replaceChildren(...this.axes(box, ceiling, first, last, x, y), ...this.names.map((name, i) => this.trace(i, x, y)), ...this.marks(box, x, y));
    this.tell();
  }

  axes(box, ceiling, first, last, x, y) {
    const parts = [0, ceiling / 2, ceiling].flatMap((value) => [
      make("line", { class: "grid", x1: box.left, x2: box.right, y1: y(value), y2: y(value) }),
      make("text", { class: "axis", x: box.left - 8, y: y(value) + 4, "text-anchor": "end" }, short(value))]);
    const label = last - first > 20 * 3600000 ? dayAndHour : clockMinute;
    const times = !this.points.length ? [] : last === first ? [last] : [first, (first + last) / 2, last];
    const anchors = last === first ? ["end"] : ["start", "middle", "end"];
    const texts = times.map((time) => label(new Date(time).toISOString()));
    const told = (text, i) => make("text", { class: "axis", x: x(times[i]), y: box.bottom + 17, "text-anchor": anchors[i] }, text);
    return [...parts, ...texts.map((text, i) => (text === texts[i - 1] ? null : told(text, i))).filter(Boolean)];
  }

  trace(i, x, y) {
    const known = this.points.filter((point) => point.values[i] !== null);
    return make("path", { class: `trace series-${i % 5}`, d: known.map((point, k) => `${k ? "L" : "M"}${x(point.time).toFixed(1)} ${y(point.values[i]).toFixed(1)}`).join("") });
  }

  // The point under the pointer, or the latest.
  chosen(x) {
    if (this.hover === null) return this.points.at(-1);
    return this.points.reduce((best, point) => (Math.abs(x(point.time) - this.hover) < Math.abs(x(best.time) - this.hover) ? point : best), this.points[0]);
  }

  marks(box, x, y) {
    this.shown = this.points.length ? this.chosen(x) : null;
    if (!this.shown) return [];
    const dots = this.shown.values.map((value, i) => (value === null ? null : make("circle", { class: `dot series-${i % 5}`, cx: x(this.shown.time), cy: y(value), r: 4 })));
    const hair = this.hover === null ? null : make("line", { class: "hair", x1: x(this.shown.time), x2: x(this.shown.time), y1: box.top, y2: box.bottom });
    return [hair, ...dots].filter(Boolean);
  }

  // The legend holds the values of one moment; it is what a screen reader hears as well.
  tell() {
    const value = (i) => { const number = this.shown?.values[i] ?? null; return number === null ? "–" : exact(number, !Number.isInteger(number)); };
    if (this.legend.childElementCount !== this.names.length + 1) {
      this.legend.replaceChildren(make("span", { class: "moment" }), ...this.names.map((name, i) => make("span", {}, make("i", { class: `series-${i % 5}` }), make("span"))));
    }
    const [moment, ...entries] = this.legend.children;
    setText(moment, this.shown ? dayAndHour(new Date(this.shown.time).toISOString()) : t("Nothing yet"));
    entries.forEach((entry, i) => setText(entry.lastChild, `${this.names[i]} ${value(i)}`));
    this.svg.setAttribute("aria-label", `${this.title}: ${this.names.map((name, i) => `${name} ${value(i)}`).join(", ")}`);
  }
}

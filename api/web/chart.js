// A line over the last two minutes, drawn as SVG.
// SPDX-License-Identifier: Apache-2.0
import { make } from "./dom.js";
import { short, t } from "./language.js";
import { niceTop } from "./lines.js";

const span = 120; // seconds shown

export class Chart {
  constructor(label, unit) {
    this.points = [];
    this.unit = unit;
    this.hover = null;
    this.node = make("svg", { class: "chart", role: "img", "aria-label": label });
    this.node.addEventListener("pointermove", (event) => this.point(event));
    this.node.addEventListener("pointerleave", () => { this.hover = null; this.draw(); });
  }

  add(value) {
    if (value === null) return;
    this.points.push({ time: Date.now(), value });
    const oldest = Date.now() - span * 1000;
    while (this.points.length && this.points[0].time < oldest) this.points.shift();
    this.draw();
  }

  point(event) {
    this.hover = event.clientX - this.node.getBoundingClientRect().left;
    this.draw();
  }

  draw() {
    const width = Math.max(240, this.node.clientWidth - 20);
    const height = Math.max(120, this.node.clientHeight - 12);
    const left = 44, right = width - 10, top = 10, bottom = height - 22;
    const newest = this.points.at(-1)?.time ?? Date.now();
    const ceiling = niceTop(Math.max(...this.points.map((point) => point.value), 0) * 1.05);
    const x = (time) => right - ((newest - time) / (span * 1000)) * (right - left);
    const y = (value) => bottom - (value / ceiling) * (bottom - top);
    this.node.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const parts = this.axes(ceiling, left, right, bottom, y, x, newest);
    if (this.points.length > 1) {
      const line = this.points.map((point, i) => `${i ? "L" : "M"}${x(point.time).toFixed(1)} ${y(point.value).toFixed(1)}`).join("");
      parts.push(make("path", { class: "area", d: `${line}L${x(newest)} ${bottom}L${x(this.points[0].time).toFixed(1)} ${bottom}Z` }));
      parts.push(make("path", { class: "trace", d: line }));
    }
    parts.push(...this.marker(x, y, left, right, top, bottom));
    this.node.replaceChildren(...parts);
  }

  axes(ceiling, left, right, bottom, y, x, newest) {
    const parts = [];
    for (let i = 0; i <= 4; i += 2) {
      const value = (ceiling * i) / 4;
      parts.push(make("line", { class: "grid", x1: left, x2: right, y1: y(value), y2: y(value) }));
      parts.push(make("text", { class: "axis", x: left - 8, y: y(value) + 4, "text-anchor": "end" }, short(value)));
    }
    for (const seconds of right - left < 420 ? [120, 60, 0] : [120, 90, 60, 30, 0]) {
      const anchor = seconds === 120 ? "start" : seconds ? "middle" : "end";
      parts.push(make("text", { class: "axis", x: x(newest - seconds * 1000), y: bottom + 17, "text-anchor": anchor }, seconds ? `−${seconds} s` : t("now")));
    }
    return parts;
  }

  marker(x, y, left, right, top, bottom) {
    if (!this.points.length) return [];
    if (this.hover === null) {
      const last = this.points.at(-1);
      return [make("circle", { class: "dot", cx: x(last.time), cy: y(last.value), r: 4.5 })];
    }
    const near = this.points.reduce((best, point) => (Math.abs(x(point.time) - this.hover) < Math.abs(x(best.time) - this.hover) ? point : best));
    const at = x(near.time);
    const boxLeft = Math.min(Math.max(at - 62, left), right - 124);
    return [
      make("line", { class: "hair", x1: at, x2: at, y1: top, y2: bottom }),
      make("circle", { class: "dot", cx: at, cy: y(near.value), r: 4.5 }),
      make("rect", { class: "tip-box", x: boxLeft, y: top - 6, width: 124, height: 22, rx: 6 }),
      make("text", { class: "tip", x: boxLeft + 62, y: top + 9, "text-anchor": "middle" }, `${short(near.value)} ${this.unit}`),
    ];
  }
}

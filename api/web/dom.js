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

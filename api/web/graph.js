// A topology from left to right: one band per sub-topology, nodes in layers by their longest way from a source.
// SPDX-License-Identifier: Apache-2.0
import { make, setText } from "./dom.js";
import { short, t } from "./language.js";

const size = { width: 190, height: 76, gapX: 56, gapY: 20, pad: 20, head: 26, chip: 28 };

function layersOf(nodes) {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const depth = new Map();
  const depthOf = (node, path) => {
    if (depth.has(node.name)) return depth.get(node.name);
    if (path.has(node.name)) return 0; // a loop cannot be, but must not hang the page either
    path.add(node.name);
    const before = (node.predecessors ?? []).map((name) => byName.get(name)).filter(Boolean);
    const value = before.length ? 1 + Math.max(...before.map((one) => depthOf(one, path))) : 0;
    depth.set(node.name, value);
    return value;
  };
  const layers = [];
  for (const node of nodes) (layers[depthOf(node, new Set())] ??= []).push(node);
  return layers.filter(Boolean);
}

// Two sweeps of the barycentre heuristic: a node goes to the mean place of those before it.
function order(layers) {
  for (let sweep = 0; sweep < 2; sweep++) {
    for (let i = 1; i < layers.length; i++) {
      const place = new Map(layers.slice(0, i).flatMap((layer) => layer.map((node, k) => [node.name, k - layer.length / 2])));
      const mean = (node) => {
        const places = (node.predecessors ?? []).map((name) => place.get(name)).filter((value) => value !== undefined);
        return places.length ? places.reduce((a, b) => a + b, 0) / places.length : 0;
      };
      layers[i] = layers[i].map((node, k) => [mean(node), k, node]).sort((a, b) => a[0] - b[0] || a[1] - b[1]).map((row) => row[2]);
    }
  }
  return layers;
}

const heightOf = (node) => size.height + (node.stores?.length ? size.chip : 0);

function placeBand(sub, top) {
  const layers = order(layersOf(sub.nodes));
  const tall = layers.map((layer) => layer.reduce((sum, node) => sum + heightOf(node) + size.gapY, -size.gapY));
  const inner = Math.max(...tall);
  // A store hangs below the last node of a layer; without it the boxes of one row stand on one line.
  const hanging = layers.map((layer) => heightOf(layer.at(-1)) - size.height);
  const hangs = tall.some((height, i) => height === inner && hanging[i] > 0);
  const placed = [];
  layers.forEach((layer, i) => {
    let y = top + size.head + size.pad / 2 + Math.max(0, (inner - (hangs ? size.chip : 0) - (tall[i] - hanging[i])) / 2);
    for (const node of layer) {
      placed.push({ node, x: size.pad + i * (size.width + size.gapX), y, height: heightOf(node) });
      y += heightOf(node) + size.gapY;
    }
  });
  return { id: sub.id, placed, top, width: layers.length * (size.width + size.gapX) - size.gapX + 2 * size.pad, height: inner + size.head + 1.5 * size.pad };
}

// "KSTREAM-SOURCE-0000000003" says no more than "SOURCE-3"; the whole name is in the tooltip and in /v1/topology.
function shownName(name) {
  return name.replace(/^K(?:STREAM|TABLE)-(.*)-0*(\d+)$/, "$1-$2");
}

function clip(text, room) {
  return text.length > room ? `${text.slice(0, room - 1)}…` : text;
}

const kindOf = (node) => (/source/i.test(node.kind) ? "source" : /sink/i.test(node.kind) ? "sink" : "step");

function drawNode(spot, figures, choose) {
  const { node, x, y } = spot;
  const below = node.topics?.length ? node.topics.join(", ") : node.kind ?? "";
  const rate = make("text", { class: "rate idle", x: x + 14, y: y + 63 }, "–");
  const lag = make("text", { class: "sub", x: x + size.width - 12, y: y + 63, "text-anchor": "end" }, "");
  figures.rates.set(node.name, { rate, lag });
  const parts = [
    make("title", {}, [node.name, node.kind, below, ...(node.stores ?? [])].join("\n")),
    make("rect", { class: "box", x, y, width: size.width, height: spot.height, rx: 10 }),
    make("rect", { class: "edge-mark", x, y: y + 12, width: 4, height: size.height - 24, rx: 2 }),
    make("text", { class: "name", x: x + 14, y: y + 23 }, clip(shownName(node.name), 20)),
    make("text", { class: "sub", x: x + 14, y: y + 41 }, clip(below, 26)),
    rate,
    lag,
  ];
  if (node.stores?.length) {
    parts.push(make("rect", { class: "store-chip", x: x + 10, y: y + size.height - 2, width: size.width - 20, height: 22, rx: 6 }));
    parts.push(make("text", { class: "store-text", x: x + 18, y: y + size.height + 13 }, clip(`⛁ ${node.stores.join(", ")}`, 22)));
  }
  const drawn = make("g", { class: `node ${kindOf(node)}`, tabindex: "0", role: "button", "aria-label": `${node.name}, ${below}` }, parts);
  const chosen = () => {
    for (const other of drawn.parentNode.querySelectorAll(".node.chosen")) other.classList.remove("chosen");
    drawn.classList.add("chosen");
    choose(node);
  };
  drawn.addEventListener("click", chosen);
  drawn.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); chosen(); } });
  return drawn;
}

function curve(from, to) {
  const x1 = from.x + size.width, y1 = from.y + size.height / 2, x2 = to.x - 5, y2 = to.y + size.height / 2;
  const bend = Math.max(24, (x2 - x1) / 2);
  return `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
}

function drawEdges(spots, figures) {
  const edges = [];
  for (const from of spots.values()) {
    for (const name of from.node.successors ?? []) {
      const to = spots.get(name);
      if (!to) continue;
      const edge = make("path", { class: "edge", d: curve(from, to), "marker-end": `url(#${figures.arrow})` });
      const text = make("text", { class: "edge-rate", x: (from.x + size.width + to.x) / 2, y: (from.y + to.y + size.height) / 2 - 6, "text-anchor": "middle" });
      figures.edges.push({ edge, text, to: to.node });
      edges.push(edge, text);
    }
  }
  return edges;
}

// Returns { node, update(figures) }: the figures by node ({ rate, lag }) change, the drawing stays. choose(node) is called
// for the node that is clicked or entered.
export function drawTopology(topology, choose) {
  const bands = [];
  let top = 0;
  for (const sub of topology.subtopologies ?? []) {
    if (!sub.nodes?.length) continue;
    const band = placeBand(sub, top);
    bands.push(band);
    top += band.height + 16;
  }
  const width = Math.max(...bands.map((band) => band.width), 240);
  const spots = new Map(bands.flatMap((band) => band.placed.map((spot) => [spot.node.name, spot])));
  const figures = { rates: new Map(), edges: [], arrow: `arrow-${topology.name}` };
  const arrow = make("defs", {}, make("marker", { id: figures.arrow, viewBox: "0 0 8 8", refX: 6, refY: 4, markerWidth: 8, markerHeight: 8, orient: "auto", markerUnits: "userSpaceOnUse" }, make("path", { class: "arrow", d: "M0 0L8 4L0 8Z" })));
  const groups = bands.map((band) => make("g", {},
    make("rect", { class: "group", x: 0.5, y: band.top + 0.5, width: width - 1, height: band.height - 1, rx: 12 }),
    make("text", { class: "group-name", x: size.pad, y: band.top + 21 }, t("Sub-topology {id}", { id: band.id }))));
  const height = Math.max(top - 16, 60);
  const node = make("svg", { class: "graph", width, height, viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": t("Topology {name}", { name: topology.name ?? "" }) },
    arrow, groups, drawEdges(spots, figures), [...spots.values()].map((spot) => drawNode(spot, figures, choose)));
  return { node, update: (now) => update(figures, now) };
}

// What runs along an edge, where it is all that comes to its node; of several edges to one node only the sum is counted.
function edgeRate(figures, to) {
  return to.predecessors?.length === 1 ? figures.get(to.name)?.rate ?? null : null;
}

function update(drawn, figures) {
  for (const [name, texts] of drawn.rates) {
    const { rate, lag } = figures.get(name) ?? {};
    setText(texts.lag, lag === null || lag === undefined ? "" : t("lag {n}", { n: short(lag) }));
    if (rate === undefined || rate === null) continue;
    setText(texts.rate, `${short(rate)}/s`);
    texts.rate.classList.toggle("idle", rate === 0);
  }
  for (const { edge, text, to } of drawn.edges) {
    const rate = edgeRate(figures, to);
    edge.classList.toggle("flowing", (rate ?? figures.get(to.name)?.rate ?? 0) > 0);
    setText(text, rate === null ? "" : short(rate));
  }
}

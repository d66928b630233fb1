// The topologies, drawn with their live figures; a node that is chosen tells about itself.
// SPDX-License-Identifier: Apache-2.0
import { get, repeat } from "./api.js";
import { make, setText } from "./dom.js";
import { drawTopology } from "./graph.js";
import { full, short, t } from "./language.js";
import { mood, rates, stateOf, stateText } from "./live.js";
import { refused } from "./refused.js";

export function topologyPage(main) {
  const stack = make("div", { class: "stack" });
  const drawn = new Map();
  const notice = make("div");
  main.replaceChildren(make("h1", { class: "unseen" }, t("Topology")), notice, stack);
  return repeat(async () => {
    try {
      const answer = await get("/v1/topology");
      notice.replaceChildren();
      for (const app of answer.data) showTopology(stack, drawn, app);
    } catch (problem) {
      notice.replaceChildren(refused(problem));
    }
  }, 1000);
}

function addTopology(stack, app) {
  const detail = new Detail();
  const graph = drawTopology(app.topology ?? { name: app.app, subtopologies: [] }, (node) => detail.show(node));
  const state = make("span");
  const kinds = [["source", t("source")], ["step", t("step")], ["sink", t("sink")], ["store", t("store")]];
  const legend = make("span", { class: "legend note" }, kinds.map(([kind, text]) => make("span", {}, make("i", { class: kind }), text)));
  stack.append(make("section", { class: "card" }, make("header", {}, make("h2", {}, app.app), state, legend),
    make("div", { class: "graph-box", tabindex: "0", role: "region", "aria-label": t("Drawing of {app}", { app: app.app }) }, graph.node), detail.node));
  return { graph, detail, state };
}

function showTopology(stack, drawn, app) {
  if (!drawn.has(app.app)) drawn.set(app.app, addTopology(stack, app));
  const { graph, detail, state } = drawn.get(app.app);
  const now = performance.now();
  const figures = new Map(app.nodes.map((node) => [node.name, { rate: rates.take(`node ${app.app} ${node.name}`, node.records, now), lag: node.lag, records: node.records }]));
  setText(state, stateText(stateOf(app)));
  state.className = `tag ${mood(stateOf(app))}`;
  graph.update(figures);
  detail.update(figures);
}

// What a node is, reads, keeps and does, below the drawing.
class Detail {
  constructor() {
    this.figures = new Map();
    this.title = make("h3");
    this.facts = make("dl", { class: "facts" });
    this.node = make("div", { class: "detail", role: "status", hidden: true }, this.title, this.facts);
  }

  show(node) {
    this.chosen = node;
    this.node.hidden = false;
    setText(this.title, node.name);
    this.rate = make("dd");
    this.records = make("dd");
    this.lag = make("dd");
    const links = (names, page) => names.flatMap((name, i) => [i ? ", " : "", page ? make("a", { href: `#/${page}/${encodeURIComponent(name)}` }, name) : name]);
    const fact = (label, content) => (content?.length ? [make("dt", {}, label), make("dd", {}, content)] : []);
    this.facts.replaceChildren(
      ...fact(t("kind"), [node.kind, node.operator, node.per_commit && t("once per commit")].filter(Boolean).join(" · ")), ...fact(t("written at"), node.at), ...fact(t("topics"), links(node.topics ?? [])),
      ...fact(t("stores"), links(node.stores ?? [], "views")), ...fact(t("from"), links(node.predecessors ?? [])), ...fact(t("to"), links(node.successors ?? [])),
      make("dt", {}, t("records/s")), this.rate, make("dt", {}, t("records")), this.records, make("dt", {}, t("lag")), this.lag);
    this.update(this.figures);
  }

  update(figures) {
    this.figures = figures;
    const one = this.chosen && figures.get(this.chosen.name);
    if (!this.chosen) return;
    setText(this.rate, short(one?.rate));
    setText(this.records, full(one?.records));
    setText(this.lag, full(one?.lag));
  }
}

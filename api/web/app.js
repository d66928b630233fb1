// The shell: pages by the address's hash, theme, language, and the way out.
// SPDX-License-Identifier: Apache-2.0
import { repeat } from "./api.js";
import { boardsPage } from "./boards.js";
import { switchLanguage, translateShell } from "./language.js";
import { follow, latest, pollFigures, pollProblems } from "./live.js";
import { overviewPage, throughput } from "./overview.js";
import { problemsPage } from "./problems.js";
import { reportsPage } from "./reports.js";
import { showAccount } from "./account.js";
import { sqlPage } from "./sql.js";
import { topologyPage } from "./topology.js";
import { viewsPage } from "./views.js";

const main = document.getElementById("main");
const pages = { overview: overviewPage, boards: boardsPage, views: viewsPage, reports: reportsPage, sql: sqlPage, topology: topologyPage, problems: problemsPage };
let leave = null;

function go() {
  const [page, name] = location.hash.replace(/^#\/?/, "").split("/");
  const known = page in pages ? page : "overview";
  leave?.();
  for (const link of document.querySelectorAll("#nav a")) {
    if (link.dataset.page === known) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  leave = pages[known](main, decodeURIComponent(name ?? ""));
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
document.getElementById("language").addEventListener("click", switchLanguage);
translateShell();
showAccount();
follow(() => throughput.add(latest.rate));
addEventListener("hashchange", go);
addEventListener("resize", () => throughput.draw());
repeat(pollFigures, 1000);
repeat(pollProblems, 3000);
go();

/* assets.c: the dashboard's files, compiled in: there is no file system behind a URL.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "http/handlers.h"
#include "http/problem.h"

#ifndef WEIR_WEB_DIR
#error "WEIR_WEB_DIR is the folder api/web of the sources (CMakeLists.txt)"
#endif

/* The assembler reads the file itself, so no generator and no copy in the tree is needed. */
#define ASSET(symbol, file)                                                                                            \
    __asm__(".pushsection .rodata\n"                                                                                   \
            ".global weir_asset_" #symbol "\n.hidden weir_asset_" #symbol "\nweir_asset_" #symbol ":\n"                \
            ".incbin \"" WEIR_WEB_DIR "/" file "\"\n"                                                                  \
            ".global weir_asset_" #symbol "_end\n.hidden weir_asset_" #symbol "_end\nweir_asset_" #symbol "_end:\n"    \
            ".byte 0\n.popsection\n");                                                                                 \
    extern const char weir_asset_##symbol[], weir_asset_##symbol##_end[];

ASSET(index, "index.html")
ASSET(style, "style.css")
ASSET(app, "app.js")
ASSET(api, "api.js")
ASSET(login, "login.js")
ASSET(dom, "dom.js")
ASSET(chart, "chart.js")
ASSET(graph, "graph.js")
ASSET(views, "views.js")
ASSET(changes, "changes.js")
ASSET(answer, "answer.js")
ASSET(sql, "sql.js")
ASSET(reports, "reports.js")
ASSET(account, "account.js")
ASSET(language, "language.js")
ASSET(spanish, "spanish.js")
ASSET(live, "live.js")
ASSET(overview, "overview.js")
ASSET(topology, "topology.js")
ASSET(problems, "problems.js")
ASSET(boards, "boards.js")
ASSET(panels, "panels.js")
ASSET(lines, "lines.js")
ASSET(windows, "windows.js")
ASSET(refused, "refused.js")
ASSET(icon, "icon.svg")

static const struct asset {
    const char *file, *media, *start, *end;
} assets[] = {
    {"index.html", "text/html; charset=utf-8", weir_asset_index, weir_asset_index_end},
    {"style.css", "text/css; charset=utf-8", weir_asset_style, weir_asset_style_end},
    {"app.js", "text/javascript; charset=utf-8", weir_asset_app, weir_asset_app_end},
    {"api.js", "text/javascript; charset=utf-8", weir_asset_api, weir_asset_api_end},
    {"login.js", "text/javascript; charset=utf-8", weir_asset_login, weir_asset_login_end},
    {"dom.js", "text/javascript; charset=utf-8", weir_asset_dom, weir_asset_dom_end},
    {"chart.js", "text/javascript; charset=utf-8", weir_asset_chart, weir_asset_chart_end},
    {"graph.js", "text/javascript; charset=utf-8", weir_asset_graph, weir_asset_graph_end},
    {"views.js", "text/javascript; charset=utf-8", weir_asset_views, weir_asset_views_end},
    {"changes.js", "text/javascript; charset=utf-8", weir_asset_changes, weir_asset_changes_end},
    {"answer.js", "text/javascript; charset=utf-8", weir_asset_answer, weir_asset_answer_end},
    {"sql.js", "text/javascript; charset=utf-8", weir_asset_sql, weir_asset_sql_end},
    {"reports.js", "text/javascript; charset=utf-8", weir_asset_reports, weir_asset_reports_end},
    {"account.js", "text/javascript; charset=utf-8", weir_asset_account, weir_asset_account_end},
    {"language.js", "text/javascript; charset=utf-8", weir_asset_language, weir_asset_language_end},
    {"spanish.js", "text/javascript; charset=utf-8", weir_asset_spanish, weir_asset_spanish_end},
    {"live.js", "text/javascript; charset=utf-8", weir_asset_live, weir_asset_live_end},
    {"overview.js", "text/javascript; charset=utf-8", weir_asset_overview, weir_asset_overview_end},
    {"topology.js", "text/javascript; charset=utf-8", weir_asset_topology, weir_asset_topology_end},
    {"problems.js", "text/javascript; charset=utf-8", weir_asset_problems, weir_asset_problems_end},
    {"boards.js", "text/javascript; charset=utf-8", weir_asset_boards, weir_asset_boards_end},
    {"panels.js", "text/javascript; charset=utf-8", weir_asset_panels, weir_asset_panels_end},
    {"lines.js", "text/javascript; charset=utf-8", weir_asset_lines, weir_asset_lines_end},
    {"windows.js", "text/javascript; charset=utf-8", weir_asset_windows, weir_asset_windows_end},
    {"refused.js", "text/javascript; charset=utf-8", weir_asset_refused, weir_asset_refused_end},
    {"icon.svg", "image/svg+xml", weir_asset_icon, weir_asset_icon_end},
};

static void answer(struct request *request, const struct asset *asset)
{
    weir_bytes content = {asset->start, (size_t)(asset->end - asset->start)};
    char etag[24];
    snprintf(etag, sizeof etag, "\"%016llx\"", (unsigned long long)hash_table(content));
    if (request_not_modified(request, etag))
        return;
    request->response.status = 200;
    request->response.media = asset->media;
    request->response.fixed = content;
}

void handle_dashboard(struct request *request)
{
    answer(request, &assets[0]);
}

void handle_asset(struct request *request)
{
    for (size_t i = 1; i < sizeof assets / sizeof assets[0]; i++) {
        if (bytes_equal(request->path_values[0], bytes_of_text(assets[i].file))) {
            answer(request, &assets[i]);
            return;
        }
    }
    problem_answer(request, PROBLEM_NOT_FOUND, "The dashboard has no such file.");
}

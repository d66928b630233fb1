/* routes.c: the route table itself (route.h). Literal paths stand before placeholders that would take them too.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/frames.h"
#include "http/handlers.h"
#include "http/route.h"

static const enum query_id none[] = {QUERY_NONE};
static const enum query_id probe[] = {QUERY_VERBOSE, QUERY_NONE};
static const enum query_id point[] = {QUERY_MIN_POSITION, QUERY_WAIT_MS, QUERY_CONSISTENCY,
                                      QUERY_WINDOW,       QUERY_AS_OF,   QUERY_NONE};
static const enum query_id batch[] = {QUERY_MIN_POSITION, QUERY_WAIT_MS, QUERY_CONSISTENCY, QUERY_PARTIAL, QUERY_NONE};
static const enum query_id report[] = {QUERY_PARTIAL, QUERY_OTHERS, QUERY_NONE};
static const enum query_id sql[] = {QUERY_PARTIAL, QUERY_NONE};
static const enum query_id sql_get[] = {QUERY_SQL, QUERY_PARTIAL, QUERY_NONE};
static const enum query_id entries[] = {QUERY_PREFIX,      QUERY_FROM_KEY, QUERY_TO_KEY,       QUERY_ORDER,
                                        QUERY_LIMIT,       QUERY_CURSOR,   QUERY_MIN_POSITION, QUERY_WAIT_MS,
                                        QUERY_CONSISTENCY, QUERY_PARTIAL,  QUERY_NONE};
static const enum query_id windows[] = {QUERY_FROM_TIME, QUERY_TO_TIME,      QUERY_ORDER,   QUERY_LIMIT,
                                        QUERY_CURSOR,    QUERY_MIN_POSITION, QUERY_WAIT_MS, QUERY_CONSISTENCY,
                                        QUERY_PARTIAL,   QUERY_NONE};

static const enum query_id scan[] = {QUERY_PREFIX,    QUERY_FROM_KEY, QUERY_TO_KEY, QUERY_WINDOW_FROM,
                                     QUERY_WINDOW_TO, QUERY_ORDER,    QUERY_CURSOR, QUERY_NONE};
static const enum query_id count[] = {QUERY_EXACT, QUERY_PARTIAL, QUERY_NONE};
static const enum query_id changes[] = {QUERY_SNAPSHOT, QUERY_NONE};

#define JSON "application/json"
#define ROWS "application/json, application/x-ndjson, text/csv"
#define TEXT "text/plain"

const struct route routes[] = {
    {ROUTE_GET, "/v1/views/{view}/keys/{key}", ROUTE_ON_LOOP, handle_point, point, "One row by its key.", ROWS, "Row",
     NULL, RIGHT_READ},
    {ROUTE_GET, "/v1/views/{view}/keys/{key}/windows", ROUTE_ON_WORKER, handle_key_windows, windows,
     "The windows of one key.", ROWS, "Rows", NULL, RIGHT_READ},
    {ROUTE_GET, "/v1/views/{view}/keys/{key}/sessions", ROUTE_ON_WORKER, handle_key_sessions, windows,
     "The sessions of one key.", ROWS, "Rows", NULL, RIGHT_READ},
    {ROUTE_GET, "/v1/views/{view}/keys/{key}/versions", ROUTE_ON_WORKER, handle_key_versions, windows,
     "The versions of one key, deletions left out.", ROWS, "Rows", NULL, RIGHT_READ},
    {ROUTE_GET, "/v1/views/{view}/keys/{key}/explain", ROUTE_ON_WORKER, handle_explain, none,
     "Where a key lives, how far that is, and what wrote its row, as this instance knows it.", JSON, "Explained", NULL,
     RIGHT_READ},
    {ROUTE_GET, "/v1/views/{view}/count", ROUTE_ON_QUERY, handle_count, count,
     "How many rows there are, about or exactly.", JSON, "Count", NULL, RIGHT_READ},
    {ROUTE_GET, "/v1/views/{view}/entries", ROUTE_ON_WORKER, handle_entries, entries, "Rows in key order.", ROWS,
     "Rows", NULL, RIGHT_READ},
    {ROUTE_GET, "/v1/views/{view}/windows", ROUTE_ON_WORKER, handle_windows, windows,
     "Rows of all keys whose windows start in a span.", ROWS, "Rows", NULL, RIGHT_READ},
    {ROUTE_GET, "/v1/views/{view}/sessions", ROUTE_ON_WORKER, handle_sessions, windows,
     "Rows of all keys whose sessions reach into a span.", ROWS, "Rows", NULL, RIGHT_READ},
    {ROUTE_GET, "/v1/views/{view}/changes", ROUTE_ON_WORKER, handle_changes, changes,
     "The rows and then their changes, as server-sent events; Last-Event-ID goes on where a reader was.",
     "text/event-stream", "Text", NULL, RIGHT_READ},
    {ROUTE_GET, "/v1/views/{view}/scan", ROUTE_ON_WORKER, handle_scan, scan,
     "For instances: rows of a range in some partitions, a page at a time.", FRAMES_MEDIA, "Text", NULL, RIGHT_READ},
    {ROUTE_POST, "/v1/views/{view}/keys:batch", ROUTE_ON_WORKER, handle_batch, batch, "Many rows by their keys.", JSON,
     "Batch", "KeysBody", RIGHT_READ},
    {ROUTE_GET, "/v1/views/{view}", ROUTE_ON_WORKER, handle_view, none, "What a view holds.", JSON, "View", NULL,
     RIGHT_DESCRIBE},
    {ROUTE_GET, "/v1/views", ROUTE_ON_WORKER, handle_views, none, "All views.", JSON, "Views", NULL, RIGHT_DESCRIBE},
    {ROUTE_POST, "/v1/topics/{topic}/records", ROUTE_ON_WORKER, handle_records, none,
     "Appends records; answers when they are durable.", JSON, "Produced", "RecordsBody", RIGHT_PRODUCE},
    {ROUTE_POST, "/v1/sql", ROUTE_ON_QUERY, handle_sql, sql, "One SELECT over the views, with parameters.", ROWS,
     "Table", "SqlBody", RIGHT_QUERY},
    {ROUTE_GET, "/v1/sql", ROUTE_ON_QUERY, handle_sql_get, sql_get, "One SELECT over the views.", ROWS, "Table", NULL,
     RIGHT_QUERY},
    {ROUTE_POST, "/v1/copies/{application}/{task}", ROUTE_ON_WORKER, handle_copy_make, none,
     "For instances: makes a copy of a task's state.", TEXT, "Text", "CopyBody", RIGHT_ASSIST},
    {ROUTE_GET, "/v1/copies/{copy}/files/{file}", ROUTE_ON_WORKER, handle_copy_read, none,
     "For instances: bytes of a copy, by Range.", "application/octet-stream", "Text", NULL, RIGHT_ASSIST},
    {ROUTE_GET, "/v1/reports", ROUTE_ON_LOOP, handle_reports, none, "The reports, and what they take.", JSON, "Listing",
     NULL, RIGHT_READ},
    {ROUTE_GET, "/v1/reports/{name}", ROUTE_ON_QUERY, handle_report, report,
     "A report; its parameters (see /v1/reports) are query parameters.", ROWS, "Table", NULL, RIGHT_READ},
    {ROUTE_GET, "/v1/topics", ROUTE_ON_LOOP, handle_topics, none, "The topics the topologies read and write.", JSON,
     "Listing", NULL, RIGHT_DESCRIBE},
    {ROUTE_GET, "/v1/topology", ROUTE_ON_WORKER, handle_topology, none, "The topologies that run, with live figures.",
     "application/json, text/plain, text/vnd.mermaid, text/vnd.graphviz", "Listing", NULL, RIGHT_DESCRIBE},
    {ROUTE_GET, "/v1/tasks", ROUTE_ON_LOOP, handle_tasks, none, "The tasks of this instance.", JSON, "Listing", NULL,
     RIGHT_READ},
    {ROUTE_GET, "/v1/instances", ROUTE_ON_WORKER, handle_instances, none,
     "The instances, their addresses, and what each holds.", JSON, "Listing", NULL, RIGHT_READ},
    {ROUTE_GET, "/v1/drops", ROUTE_ON_LOOP, handle_drops, none, "Dropped records by reason and place, and the latest.",
     JSON, "Listing", NULL, RIGHT_READ},
    {ROUTE_GET, "/v1/hotkeys", ROUTE_ON_WORKER, handle_hot_keys, none,
     "Keys that many of the latest records of an input partition here have, estimated from a sample.", JSON, "HotKeys",
     NULL, RIGHT_READ},
    {ROUTE_GET, "/v1/memory", ROUTE_ON_WORKER, handle_memory, none,
     "The parts of memory.max.bytes, what each holds, and what the process has of the machine.", JSON, "Memory", NULL,
     RIGHT_READ},
    {ROUTE_GET, "/v1/dead-letters", ROUTE_ON_WORKER, handle_dead_letters, none,
     "The latest records that failed, and how many keys wait.", JSON, "Letters", NULL, RIGHT_OPERATE},
    {ROUTE_POST, "/v1/dead-letters:replay", ROUTE_ON_WORKER, handle_replay, none,
     "Sends the dead letters of a topic again, each to where it came from.", JSON, "Replayed", "ReplayBody",
     RIGHT_OPERATE},
    {ROUTE_GET, "/v1/openapi.json", ROUTE_ON_WORKER, handle_openapi, none, "This interface, described.", JSON,
     "Document", NULL, RIGHT_DESCRIBE},
    {ROUTE_GET, "/v1", ROUTE_ON_LOOP, handle_index, none, "Who answers here, and links.", JSON, "Index", NULL,
     RIGHT_DESCRIBE},
    {ROUTE_GET, "/livez", ROUTE_ON_LOOP, handle_livez, probe, "Whether the process should be left alone.", TEXT, "Text",
     NULL, RIGHT_PUBLIC},
    {ROUTE_GET, "/readyz", ROUTE_ON_LOOP, handle_readyz, probe, "Whether it should get requests.", TEXT, "Text", NULL,
     RIGHT_PUBLIC},
    {ROUTE_GET, "/startupz", ROUTE_ON_LOOP, handle_startupz, probe, "Whether it has started.", TEXT, "Text", NULL,
     RIGHT_PUBLIC},
    {ROUTE_GET, "/health", ROUTE_ON_LOOP, handle_health, none, "The same as JSON: all checks.", JSON, "Health", NULL,
     RIGHT_READ},
    {ROUTE_GET, "/health/buffer", ROUTE_ON_LOOP, handle_health_buffer, none,
     "What waits to become durable, as of the latest look.", JSON, "Health", NULL, RIGHT_READ},
    {ROUTE_GET, "/health/database", ROUTE_ON_LOOP, handle_health_database, none,
     "The stores of the tasks here, as of the latest look.", JSON, "Health", NULL, RIGHT_READ},
    {ROUTE_GET, "/health/business", ROUTE_ON_LOOP, handle_health_business, none,
     "Whether what comes in is worked on, as of the latest look.", JSON, "Health", NULL, RIGHT_READ},
    {ROUTE_GET, "/health/detailed", ROUTE_ON_LOOP, handle_health_detailed, none, "These three together.", JSON,
     "Health", NULL, RIGHT_READ},
    {ROUTE_GET, "/health/live", ROUTE_ON_LOOP, handle_health_live, none, "As /livez.", JSON, "Health", NULL,
     RIGHT_PUBLIC},
    {ROUTE_GET, "/health/ready", ROUTE_ON_LOOP, handle_health_ready, none, "As /readyz.", JSON, "Health", NULL,
     RIGHT_PUBLIC},
    {ROUTE_GET, "/metrics", ROUTE_ON_WORKER, handle_metrics, none, "Prometheus text.", TEXT, "Text", NULL, RIGHT_READ},
    {ROUTE_GET, "/problems/{code}", ROUTE_ON_LOOP, handle_problem_page, none, "What a problem's type means.", TEXT,
     "Text", NULL, RIGHT_PUBLIC},
    {ROUTE_GET, "/", ROUTE_ON_LOOP, handle_dashboard, none, "The dashboard.", "text/html", "Text", NULL, RIGHT_PUBLIC},
    {ROUTE_GET, "/assets/{file}", ROUTE_ON_LOOP, handle_asset, none, "The dashboard's files.", "*/*", "Text", NULL,
     RIGHT_PUBLIC},
};
const size_t route_count = sizeof routes / sizeof routes[0];
_Static_assert(sizeof routes / sizeof routes[0] <= ROUTES_MAX, "the metrics have a row per route");

const struct route admin_routes[] = {
    {ROUTE_GET, "/v1/application", ROUTE_ON_LOOP, handle_application, none,
     "The apps of this process, and whether they are paused.", JSON, "Applications", NULL, RIGHT_ADMINISTER},
    {ROUTE_POST, "/v1/application:pause", ROUTE_ON_LOOP, handle_pause, none,
     "All apps of this process process nothing until they are resumed, or the process ends.", JSON, "Applications",
     "Empty", RIGHT_ADMINISTER},
    {ROUTE_POST, "/v1/application:resume", ROUTE_ON_LOOP, handle_resume, none, "They go on.", JSON, "Applications",
     "Empty", RIGHT_ADMINISTER},
    {ROUTE_POST, "/v1/application:shutdown", ROUTE_ON_LOOP, handle_shutdown, none,
     "The process is sent SIGTERM: it answers what is under way, commits, leaves its group and ends.", JSON,
     "Applications", "Empty", RIGHT_ADMINISTER},
    {ROUTE_GET, "/v1/log-level", ROUTE_ON_LOOP, handle_log_level, none, "How much this process logs.", JSON, "LogLevel",
     NULL, RIGHT_ADMINISTER},
    {ROUTE_PUT, "/v1/log-level", ROUTE_ON_LOOP, handle_set_log_level, none, "How much this process logs from now on.",
     JSON, "LogLevel", "LogLevel", RIGHT_ADMINISTER},
    {ROUTE_GET, "/v1/openapi.json", ROUTE_ON_WORKER, handle_openapi, none, "This interface, described.", JSON,
     "Document", NULL, RIGHT_ADMINISTER},
    {ROUTE_GET, "/problems/{code}", ROUTE_ON_LOOP, handle_problem_page, none, "What a problem's type means.", TEXT,
     "Text", NULL, RIGHT_PUBLIC},
};
const size_t admin_route_count = sizeof admin_routes / sizeof admin_routes[0];
_Static_assert(sizeof admin_routes / sizeof admin_routes[0] <= ADMIN_ROUTES_MAX,
               "there is room for them behind the others");

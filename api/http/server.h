/* server.h: the running door: its apps, its views, its threads.
 *
 * Threads: one loop that runs libmicrohttpd and answers what takes microseconds, and LIMIT_WORKERS workers for what scans,
 * waits or writes; as many forwarders for what questions other instances (peer.h); LIMIT_QUERIES for SQL. */
#ifndef WEIR_HTTP_SERVER_H
#define WEIR_HTTP_SERVER_H
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>

#include "calls/http_call.h"
#include "guard/guard.h"
#include "guard/limiter.h"
#include "http/audit.h"
#include "http/changes.h"
#include "http/checks.h"
#include "http/endpoint.h"
#include "http/meter.h"
#include "http/question.h"
#include "http/reports.h"
#include "http/request.h"
#include "http/send.h"
#include "http/snapshots.h"
#include "http/workers.h"
#include "weir.h"

struct connection;
struct MHD_Daemon;

/* A view that was asked for once stays open: opening is not free and point reads are many. */
struct server_view {
    weir_app *app;
    weir_view *view;
    struct weir_view_info info; /* as of the opening: names, kinds and types do not change */
};

struct weir_http {
    weir_app **apps;
    size_t app_count;
    bool *has_run; /* per app: it was RUNNING once; loop's thread */
    char *title, *instance;
    int64_t started_ms;
    _Atomic bool draining, stopping, quitting;

    pthread_mutex_t views_lock;
    struct server_view **views;
    size_t view_count, view_capacity;

    struct guard *guard;           /* loop's thread, once it runs */
    struct http_call_tls peer_tls; /* for other instances, when we speak it ourselves */
    struct MHD_Daemon *daemon;
    struct MHD_Daemon *admin_daemon; /* NULL: the admin's door is closed */
    uint16_t admin_port;
    pthread_t thread;
    int wake, poll; /* eventfd, epoll */
    uint16_t port;
    struct connection *connections;     /* doubly linked; loop's thread */
    struct workers workers, forwarders; /* the second ask other instances, and nothing else waits for them */
    struct workers queries;             /* SQL */
    size_t query_bytes;                 /* that these may take together */
    struct weir_copy_source copies;     /* what the apps ask others through (copy.h) */
    struct reports reports;
    struct checks checks;
    struct changes changes;
    struct questions questions;
    struct snapshots snapshots;
    struct endpoints endpoints;
    struct route_table routes;                   /* fixed ones and endpoints */
    struct route_table admin_routes, all_routes; /* of the admin's door; all of these */
    _Atomic int64_t being_written;               /* requests whose records are on their way to the log (produce.h) */
    struct meter meter;
    struct send_pool send_pool;
    struct limiter *limiter;
    struct limit limits[LIMIT_KINDS];
    struct audit audit;
    const char *cors_origins; /* as in the setting */
    bool compresses;          /* http.compression */
    char id_prefix[20];
    uint64_t id_next;
    int64_t now_us;    /* of this turn of the loop; good enough for deadlines */
    uint64_t activity; /* calls of libmicrohttpd; the loop waits only when there were none */
};

/* The loop looks at its connections again. Any thread. */
void server_wake(struct weir_http *);
/* The view of that name in any app. NULL: error is set (WEIR_ABSENT when no app has it). Any thread. */
const struct server_view *server_find_view(struct weir_http *, weir_bytes name, struct weir_error *);
/* The topic of that name in any app. False: no app reads or writes it. Any thread. */
bool server_find_topic(struct weir_http *, weir_bytes name, weir_app **, struct weir_topic_info *);
#endif

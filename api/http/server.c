/* server.c: see server.h; starting, the loop, stopping.
 *
 * The loop waits on libmicrohttpd's epoll descriptor from outside and calls MHD_run: the library's own loop (0.9.75) stalls
 * when exactly k * 128 connections are ready at once, because it then waits again before it serves them.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/server.h"

#include <errno.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "http/connection.h"
#include "http/copy.h"
#include "http/listen.h"
#include "http/memory.h"

/* ---- what the apps have ----------------------------------------------------------------------------------------- */

static const struct server_view *find_open(struct weir_http *server, weir_bytes name)
{
    for (size_t i = 0; i < server->view_count; i++) {
        const char *known = server->views[i]->info.name;
        if (strlen(known) == name.size && memcmp(known, name.data, name.size) == 0)
            return server->views[i];
    }
    return NULL;
}

static const struct server_view *keep_view(struct weir_http *server, weir_app *app, weir_view *view)
{
    struct server_view *row = memory_new(sizeof *row);
    *row = (struct server_view){app, view, weir_view_describe(view)};
    server->views = memory_grow(server->views, &server->view_capacity, server->view_count + 1, sizeof(void *));
    server->views[server->view_count++] = row;
    return row;
}

static bool has_view(weir_app *app, weir_bytes name)
{
    struct weir_view_info infos[LIMIT_LISTED];
    size_t count = weir_app_views(app, infos, LIMIT_LISTED);
    for (size_t i = 0; i < count && i < LIMIT_LISTED; i++) {
        if (bytes_equal(name, bytes_of_text(infos[i].name)))
            return true;
    }
    return false;
}

static const struct server_view *open_view(struct weir_http *server, weir_bytes name, struct weir_error *error)
{
    char text[256];
    snprintf(text, sizeof text, "%.*s", (int)(name.size < 200 ? name.size : 200), (const char *)name.data);
    for (size_t i = 0; i < server->app_count; i++) {
        if (!has_view(server->apps[i], name))
            continue;
        weir_view *view = weir_view_open(server->apps[i], text, error);
        return view ? keep_view(server, server->apps[i], view) : NULL;
    }
    error_set(error, WEIR_ABSENT, "There is no view \"%s\".", text);
    return NULL;
}

const struct server_view *server_find_view(struct weir_http *server, weir_bytes name, struct weir_error *error)
{
    pthread_mutex_lock(&server->views_lock);
    const struct server_view *view = find_open(server, name);
    if (!view)
        view = open_view(server, name, error);
    pthread_mutex_unlock(&server->views_lock);
    return view;
}

bool server_find_topic(struct weir_http *server, weir_bytes name, weir_app **app, struct weir_topic_info *info)
{
    struct weir_topic_info infos[LIMIT_LISTED];
    for (size_t i = 0; i < server->app_count; i++) {
        size_t count = weir_app_topics(server->apps[i], infos, LIMIT_LISTED);
        for (size_t k = 0; k < count && k < LIMIT_LISTED; k++) {
            if (bytes_equal(name, bytes_of_text(infos[k].name))) {
                *app = server->apps[i];
                *info = infos[k];
                return true;
            }
        }
    }
    return false;
}

/* ---- the loop --------------------------------------------------------------------------------------------------- */

static void note_states(struct weir_http *server)
{
    for (size_t i = 0; i < server->app_count; i++)
        server->has_run[i] = server->has_run[i] || weir_app_state(server->apps[i]) == WEIR_RUNNING;
}

/* Until the daemon wants to run, or there is something else to do. NULL: there is none. */
static int timeout_of(struct MHD_Daemon *daemon)
{
    MHD_UNSIGNED_LONG_LONG timeout = LIMIT_SWEEP_MS;
    bool is_said = daemon && MHD_get_timeout(daemon, &timeout) == MHD_YES;
    return is_said && timeout < LIMIT_SWEEP_MS ? (int)timeout : LIMIT_SWEEP_MS;
}

static void wait_for_events(struct weir_http *server)
{
    struct epoll_event events[3];
    int timeout = timeout_of(server->daemon), admin = timeout_of(server->admin_daemon);
    uint64_t signals;
    timeout = admin < timeout ? admin : timeout;
    int count = timeout ? epoll_wait(server->poll, events, 3, timeout) : 0;
    for (int i = 0; i < count; i++) {
        if (events[i].data.fd == server->wake && read(server->wake, &signals, sizeof signals) < 0 && errno != EAGAIN)
            log_error("http", "eventfd: %s", strerror(errno));
    }
}

void server_wake(struct weir_http *server)
{
    static const uint64_t one = 1;
    if (write(server->wake, &one, sizeof one) != sizeof one)
        log_error("http", "eventfd: %s", strerror(errno));
}

static bool is_over(struct weir_http *server, int64_t now_us, int64_t *stop_us)
{
    if (!atomic_load(&server->quitting))
        return false;
    if (!*stop_us)
        *stop_us = now_us + LIMIT_STOP_MS * 1000;
    return atomic_load(&server->meter.in_flight) == 0 || now_us > *stop_us;
}

static void *loop(void *self)
{
    struct weir_http *server = self;
    int64_t swept_us = 0, stop_us = 0, now_us;
    while (now_us = clock_monotonic_us(&clock_system), !is_over(server, now_us, &stop_us)) {
        uint64_t before = server->activity;
        server->now_us = now_us;
        MHD_run(server->daemon);
        if (server->admin_daemon)
            MHD_run(server->admin_daemon);
        if (now_us - swept_us >= LIMIT_SWEEP_MS * 1000) {
            swept_us = now_us;
            note_states(server);
            connection_sweep(server, now_us);
            guard_refresh(server->guard);
            audit_refresh(&server->audit);
        }
        if (server->activity == before)
            wait_for_events(server);
    }
    return NULL;
}

/* ---- starting and stopping -------------------------------------------------------------------------------------- */

/* Our threads take no signals: those are the embedder's. */
static bool start_threads(struct weir_http *server)
{
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    bool started = workers_start(&server->workers) && workers_start(&server->forwarders) &&
                   workers_start(&server->queries) && checks_start(server) && changes_start(server) &&
                   questions_start(server) && snapshots_start(server) &&
                   pthread_create(&server->thread, NULL, loop, server) == 0;
    if (started)
        pthread_setname_np(server->thread, "weir-http");
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return started;
}

/* What libmicrohttpd decodes is not used; without this it would rewrite the query in place before we have seen it. */
static size_t keep_escaped(void *self, struct MHD_Connection *handle, char *text)
{
    (void)self;
    (void)handle;
    return strlen(text);
}

/* The library wants to know where certificates come from; sessions are given theirs before it can ask. */
static int no_certificate(void *session, const void *authorities, int authority_count, const void *algorithms,
                          int algorithm_count, void **certificates, const unsigned *certificate_count, void **key)
{
    (void)session, (void)authorities, (void)authority_count, (void)algorithms, (void)algorithm_count;
    (void)certificates, (void)certificate_count, (void)key;
    return -1;
}

static struct MHD_Daemon *start_daemon(struct weir_http *server, int fd, unsigned connections)
{
    bool has_tls = guard_tls(server->guard) != NULL;
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | (has_tls ? MHD_USE_TLS : 0);
    return MHD_start_daemon(flags, 0, connection_admit, server, connection_request, server, MHD_OPTION_LISTEN_SOCKET,
                            fd, MHD_OPTION_CONNECTION_LIMIT, connections, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                            (size_t)LIMIT_POOL_BYTES, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)(LIMIT_IDLE_MS / 1000),
                            MHD_OPTION_NOTIFY_CONNECTION, connection_changed, server, MHD_OPTION_NOTIFY_COMPLETED,
                            connection_completed, server, MHD_OPTION_URI_LOG_CALLBACK, connection_uri, server,
                            MHD_OPTION_UNESCAPE_CALLBACK, keep_escaped, NULL,
                            has_tls ? MHD_OPTION_HTTPS_PRIORITIES : MHD_OPTION_END, tls_priorities,
                            MHD_OPTION_HTTPS_CERT_CALLBACK, no_certificate, MHD_OPTION_END);
}

static bool watch(struct weir_http *server, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    return epoll_ctl(server->poll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static bool watch_daemon(struct weir_http *server, struct MHD_Daemon *daemon)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
    return info && watch(server, info->epoll_fd);
}

static bool open_loop(struct weir_http *server, struct weir_error *error)
{
    server->poll = epoll_create1(EPOLL_CLOEXEC);
    server->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (server->poll < 0 || server->wake < 0 || !watch(server, server->wake) || !watch_daemon(server, server->daemon) ||
        (server->admin_daemon && !watch_daemon(server, server->admin_daemon)))
        return error_set(error, WEIR_FATAL, "http: no event loop: %s", strerror(errno));
    return true;
}

static int64_t number_of(weir_app *app, const char *key)
{
    const char *text = weir_app_setting(app, key);
    return text ? strtoll(text, NULL, 10) : 0;
}

static bool open_limits(struct weir_http *server, struct weir_error *error)
{
    weir_app *app = server->apps[0];
    server->limiter = limiter_new();
    server->limits[LIMIT_PRINCIPAL] = (struct limit){number_of(app, "http.rate.limit.principal"), LIMIT_RATE_WINDOW_S};
    server->limits[LIMIT_ADDRESS] = (struct limit){number_of(app, "http.rate.limit.address"), LIMIT_RATE_WINDOW_S};
    server->limits[LIMIT_FAILURES] = (struct limit){LIMIT_WRONG_CREDENTIALS, LIMIT_RATE_WINDOW_S};
    server->cors_origins = weir_app_setting(app, "http.cors.origins");
    const char *compression = weir_app_setting(app, "http.compression");
    server->compresses = !compression || strcmp(compression, "none") != 0;
    return audit_open(&server->audit, weir_app_setting(app, "http.audit.file"), error) &&
           snapshots_open(&server->snapshots, weir_app_setting(app, "metrics.snapshot.file"),
                          number_of(app, "metrics.snapshot.interval.ms"), error);
}

/* The caller's to free. */
static struct fit_view *views_of_apps(const struct weir_http *server, size_t *count)
{
    struct weir_view_info infos[LIMIT_LISTED];
    struct fit_view *views = NULL;
    size_t capacity = 0;
    for (size_t i = 0; i < server->app_count; i++) {
        size_t own = weir_app_views(server->apps[i], infos, LIMIT_LISTED);
        own = own < LIMIT_LISTED ? own : LIMIT_LISTED;
        views = memory_grow(views, &capacity, *count + own, sizeof *views);
        for (size_t k = 0; k < own; k++)
            views[(*count)++] = (struct fit_view){infos[k].name, infos[k].value};
    }
    return views;
}

static bool open_guard(struct weir_http *server, struct weir_error *error)
{
    size_t view_count = 0;
    struct fit_view *views = views_of_apps(server, &view_count);
    weir_app *app = server->apps[0]; /* apps of one process have one configuration of their door */
    const struct guard_options options = {
        .access_file = weir_app_setting(app, "http.access.file"),
        .peer_key_file = weir_app_setting(app, "http.peer.key.file"),
        .jwt_keys_file = weir_app_setting(app, "http.jwt.keys.file"),
        .jwt_issuer = weir_app_setting(app, "http.jwt.issuer"),
        .jwt_audience = weir_app_setting(app, "http.jwt.audience"),
        .tls = {.certificate_file = weir_app_setting(app, "http.tls.certificate.file"),
                .key_file = weir_app_setting(app, "http.tls.key.file"),
                .client_ca_file = weir_app_setting(app, "http.tls.client.ca.file")},
        .views = views,
        .view_count = view_count,
    };
    server->peer_tls = (struct http_call_tls){weir_app_setting(app, "http.peer.ca.file"), options.tls.certificate_file,
                                              options.tls.key_file};
    server->guard = guard_open(options, error);
    memory_free(views);
    return server->guard != NULL;
}

/* One table, so that the metrics have a row per route; each door knows its part. */
static bool open_routes(struct weir_http *server, struct weir_error *error)
{
    struct endpoints *endpoints = &server->endpoints;
    if (!endpoints_open(endpoints, server->apps, server->app_count, error))
        return false;
    struct route *behind = endpoints->rows + endpoints->row_count;
    memcpy(behind, admin_routes, admin_route_count * sizeof *behind);
    server->routes = (struct route_table){endpoints->rows, endpoints->row_count};
    server->admin_routes = (struct route_table){behind, admin_route_count};
    server->all_routes = (struct route_table){endpoints->rows, endpoints->row_count + admin_route_count};
    server->meter.table = &server->all_routes;
    return true;
}

static struct MHD_Daemon *open_daemon(struct weir_http *server, struct listen_place place, unsigned connections,
                                      uint16_t *bound, struct weir_error *error)
{
    bool is_safe = guard_tls(server->guard) && guard_is_on(server->guard);
    int fd = listen_open(place, is_safe, bound, error);
    struct MHD_Daemon *daemon = fd < 0 ? NULL : start_daemon(server, fd, connections);
    if (fd >= 0 && !daemon) {
        close(fd);
        error_set(error, WEIR_FATAL, "http: libmicrohttpd does not start: %s", strerror(errno));
    }
    return daemon;
}

/* A door of its own, for whoever runs the process: it can be kept apart from those who ask, and is not full when the other one is. */
static bool open_admin_door(struct weir_http *server, struct weir_error *error)
{
    const char *address = weir_app_setting(server->apps[0], "http.admin.address");
    const char *port = weir_app_setting(server->apps[0], "http.admin.port");
    const struct listen_place place = {"http.admin", address && *address ? address : "127.0.0.1",
                                       (uint16_t)(port ? strtol(port, NULL, 10) : 0)};
    if (!port || strtol(port, NULL, 10) < 0)
        return true;
    if (!guard_is_on(server->guard))
        return error_set(error, WEIR_INVALID, "http.admin.port: set http.access.file, which says who is an admin");
    server->admin_daemon = open_daemon(server, place, LIMIT_ADMIN_CONNECTIONS, &server->admin_port, error);
    if (server->admin_daemon)
        log_info("http", "the admin's door is at %s, port %u", place.address, (unsigned)server->admin_port);
    return server->admin_daemon != NULL;
}

static bool open_door(struct weir_http *server, const char *address, uint16_t port, struct weir_error *error)
{
    server->daemon = open_daemon(server, (struct listen_place){"http", address, port},
                                 LIMIT_CONNECTIONS + LIMIT_SPARE_CONNECTIONS, &server->port, error);
    if (!server->daemon || !open_admin_door(server, error))
        return false;
    bool is_v6 = strchr(address, ':') != NULL;
    const char *said = weir_app_setting(server->apps[0], "application.server");
    server->instance =
        said && *said ? memory_text(said) : memory_format(is_v6 ? "[%s]:%u" : "%s:%u", address, (unsigned)server->port);
    if (!open_loop(server, error))
        return false;
    return start_threads(server) || error_set(error, WEIR_FATAL, "http: no thread can be started");
}

static void free_server(struct weir_http *server)
{
    if (server->admin_daemon)
        MHD_stop_daemon(server->admin_daemon);
    if (server->daemon)
        MHD_stop_daemon(server->daemon);
    changes_done(&server->changes);
    questions_done(&server->questions);
    snapshots_done(&server->snapshots);
    send_pool_done(&server->send_pool);
    if (server->poll >= 0)
        close(server->poll);
    if (server->wake >= 0)
        close(server->wake);
    for (size_t i = 0; i < server->view_count; i++) {
        weir_view_close(server->views[i]->view);
        free(server->views[i]);
    }
    workers_done(&server->workers);
    workers_done(&server->forwarders);
    workers_done(&server->queries);
    reports_done(&server->reports);
    guard_close(server->guard);
    limiter_free(server->limiter);
    audit_close(&server->audit);
    endpoints_close(&server->endpoints);
    pthread_mutex_destroy(&server->views_lock);
    checks_done(&server->checks);
    free(server->views);
    free(server->apps);
    free(server->has_run);
    free(server->title);
    free(server->instance);
    free(server);
}

static void make_id_prefix(struct weir_http *server)
{
    uint64_t random = (uint64_t)clock_wall_ms(&clock_system);
    if (getrandom(&random, sizeof random, 0) != sizeof random)
        log_warning("http", "no random bytes: request ids are made from the time");
    snprintf(server->id_prefix, sizeof server->id_prefix, "%08" PRIx32 "-", (uint32_t)random);
}

weir_http *weir_http_start(weir_app *const *apps, size_t count, struct weir_http_options options,
                           struct weir_error *error)
{
    if (!apps || count == 0) {
        error_set(error, WEIR_INVALID, "http: there is no app to serve");
        return NULL;
    }
    struct weir_http *server = memory_new(sizeof *server);
    server->poll = server->wake = -1;
    server->apps = memory_copy(apps, count * sizeof(void *));
    server->app_count = count;
    server->has_run = memory_new(count * sizeof *server->has_run);
    server->title = memory_text(options.title ? options.title : "Weir");
    server->started_ms = clock_wall_ms(&clock_system);
    pthread_mutex_init(&server->views_lock, NULL);
    checks_init(&server->checks);
    changes_init(&server->changes);
    questions_init(&server->questions);
    snapshots_init(&server->snapshots);
    workers_init(&server->workers, (struct workers_spec){"weir-http-work", LIMIT_WORKERS, LIMIT_JOBS, 0});
    workers_init(&server->forwarders, (struct workers_spec){"weir-http-peer", LIMIT_WORKERS, LIMIT_JOBS, 0});
    server->query_bytes = memory_of_queries(apps, count);
    workers_init(&server->queries, (struct workers_spec){"weir-http-sql", LIMIT_QUERIES, 0, LIMIT_QUERY_NICE});
    make_id_prefix(server);
    if (reports_load(&server->reports, options.reports, weir_app_setting(apps[0], "http.reports.dir"), error) &&
        open_guard(server, error) && open_limits(server, error) && open_routes(server, error) &&
        open_door(server, options.address ? options.address : "127.0.0.1", options.port, error)) {
        copy_open(server);
        return server;
    }
    workers_stop(&server->workers);
    workers_stop(&server->forwarders);
    workers_stop(&server->queries);
    checks_stop(server);
    changes_stop(server);
    snapshots_stop(server);
    questions_stop(server);
    free_server(server);
    return NULL;
}

uint16_t weir_http_port(weir_http *server)
{
    return server ? server->port : 0;
}

uint16_t weir_http_admin_port(weir_http *server)
{
    return server ? server->admin_port : 0;
}

void weir_http_drain(weir_http *server)
{
    if (server)
        atomic_store(&server->draining, true);
}

/* What is on its way to the log is answered, whatever the log takes for it: the requests are needed until then. */
static void wait_for_writes(struct weir_http *server)
{
    while (atomic_load(&server->being_written) > 0)
        usleep(1000);
}

/* Workers first: their answers still go out through the loop. Then the loop, when it has nothing under way. */
void weir_http_stop(weir_http *server)
{
    if (!server)
        return;
    atomic_store(&server->draining, true);
    atomic_store(&server->stopping, true);
    copy_close(server);
    workers_stop(&server->workers);
    workers_stop(&server->forwarders);
    workers_stop(&server->queries);
    checks_stop(server);
    changes_stop(server);
    snapshots_stop(server);
    wait_for_writes(server);
    questions_stop(server);
    atomic_store(&server->quitting, true);
    server_wake(server);
    pthread_join(server->thread, NULL);
    free_server(server);
}

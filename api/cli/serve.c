/* serve.c: see serve.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "serve.h"

#include <assert.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "exit.h"
#include "reports.h"
#include "signals.h"

enum { LOOK_EVERY_MS = 200, GRACE_S = 30 };

static bool open_door(struct serving *serving, struct weir_http_options options, bool any_port,
                      struct weir_error *error)
{
    struct weir_error taken = {0};
    serving->http = weir_http_start(serving->apps, serving->count, options, any_port ? &taken : error);
    if (serving->http || !any_port)
        return serving->http != NULL;
    options.port = 0;
    serving->http = weir_http_start(serving->apps, serving->count, options, error);
    return serving->http != NULL;
}

/* The compiled-in reports of the topologies that run; ended by a NULL name. The caller's to free. */
static struct weir_report *own_reports(const struct serving *serving)
{
    struct weir_report *reports = NULL;
    size_t count = 0, capacity = 0;
    for (const struct topology_report *one = topologies_reports; one->topology; one++) {
        for (size_t i = 0; i < serving->count; i++) {
            if (strcmp(weir_app_name(serving->apps[i]), one->topology) != 0)
                continue;
            reports = memory_grow(reports, &capacity, count + 1, sizeof *reports);
            reports[count++] = one->report;
        }
    }
    reports = memory_grow(reports, &capacity, count + 1, sizeof *reports);
    reports[count] = (struct weir_report){NULL, NULL};
    return reports;
}

static const char *shown_address(const char *address)
{
    bool is_any = !address || strcmp(address, "0.0.0.0") == 0 || strcmp(address, "::") == 0;
    return is_any ? "127.0.0.1" : address;
}

/* False: some could not commit; the error is the first one's. */
static bool stop_apps(struct serving *serving, struct weir_error *error)
{
    bool committed = true;
    while (serving->count > 0)
        committed = weir_stop(serving->apps[--serving->count], weir_seconds(GRACE_S), error) && committed;
    return committed;
}

static bool start_apps(struct serving *serving, const struct served *served, size_t count, struct weir_error *error)
{
    assert(count <= SERVE_APPS_MAX);
    size_t taken = 0;
    while (taken < count && error->code == WEIR_OK) {
        weir_app *app = weir_start(served[taken].topology, served[taken].config, error);
        if (app)
            serving->apps[serving->count++] = app;
        taken++;
    }
    for (; taken < count; taken++)
        weir_topology_free(served[taken].topology);
    return serving->count == count;
}

/* What it writes is its own and its group's, whatever the shell says; and who has taken it over gains nothing by programs of
 * others (set-user-ID), nor should have the machine. */
static void restrict_process(void)
{
    mode_t before = umask(0);
    umask(before | S_IRWXO);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (geteuid() == 0)
        log_warning("command", "this runs as root: give it a user of its own (docs/security.md)");
}

int serve_start(struct serving *serving, const struct served *served, size_t count, struct weir_http_options options,
                bool any_port)
{
    struct weir_error error = {0}, ignored = {0};
    *serving = (struct serving){.address = shown_address(options.address)};
    restrict_process();
    bool started = start_apps(serving, served, count, &error);
    struct weir_report *reports = options.reports || !started ? NULL : own_reports(serving);
    if (reports)
        options.reports = reports;
    bool open = started && open_door(serving, options, any_port, &error);
    memory_free(reports);
    if (open)
        return EXIT_DONE;
    if (!stop_apps(serving, &ignored))
        log_warning("command", "%s", ignored.message);
    return started ? exit_with(EXIT_UNAVAILABLE, "%s", error.message) : exit_with_error(&error);
}

static bool has_failed(const struct serving *serving)
{
    for (size_t i = 0; i < serving->count; i++)
        if (weir_app_state(serving->apps[i]) == WEIR_ERROR)
            return true;
    return false;
}

bool serve_wait(const struct serving *serving)
{
    while (!signals_wait(LOOK_EVERY_MS))
        if (has_failed(serving))
            return false;
    return true;
}

int serve_stop(struct serving *serving)
{
    struct weir_error error = {0}, failure = {0};
    bool failed = false;
    for (size_t i = 0; i < serving->count && !failed; i++)
        failed = weir_app_failure(serving->apps[i], &failure);
    signals_end_at_once();
    weir_http_drain(serving->http);
    weir_http_stop(serving->http);
    bool committed = stop_apps(serving, &error);
    if (failed)
        return exit_with(EXIT_FAILED, "%s", failure.message);
    return committed ? EXIT_DONE : exit_with(EXIT_FAILED, "%s", error.message);
}

/* checks.c: see checks.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/checks.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "http/handlers.h"
#include "http/json.h"
#include "http/server.h"

/* A buffer that is so full refuses what comes next, or soon will. */
enum { FULL_PERCENT = 90 };

static const char *const names[CHECK_COUNT] = {"buffer", "database", "business"};

/* ---- looking: of one app; false: it is down ----------------------------------------------------------------------- */

static bool look_at_buffer(weir_app *app, struct buffer *out)
{
    const struct weir_buffer_info info = weir_app_buffer(app);
    buffer_format(out, "\"records\":%lld,\"bytes\":%lld,\"bytes_max\":%lld,\"oldest_ms\":%lld,\"is_failing\":%s",
                  (long long)info.records, (long long)info.bytes, (long long)info.bytes_max, (long long)info.oldest_ms,
                  info.is_failing ? "true" : "false");
    return !info.is_failing && info.bytes < info.bytes_max / 100 * FULL_PERCENT;
}

struct task_sums {
    size_t running, restoring, standby;
    int64_t restore_remaining, records, lag;
};

static struct task_sums sum_tasks(weir_app *app)
{
    struct task_sums sums = {0};
    size_t room = weir_app_tasks(app, NULL, 0);
    struct weir_task_info *tasks = memory_new((room + 1) * sizeof *tasks);
    size_t count = weir_app_tasks(app, tasks, room);
    for (size_t i = 0; i < count && i < room; i++) {
        sums.standby += tasks[i].is_standby;
        sums.running += strcmp(tasks[i].state, "running") == 0;
        sums.restoring += strcmp(tasks[i].state, "restoring") == 0;
        sums.restore_remaining += tasks[i].restore_remaining;
        sums.records += (int64_t)tasks[i].records;
        sums.lag += tasks[i].lag > 0 ? tasks[i].lag : 0;
    }
    memory_free(tasks);
    return sums;
}

static bool look_at_database(weir_app *app, struct buffer *out)
{
    const struct task_sums sums = sum_tasks(app);
    int64_t rows = 0;
    struct weir_view_info views[LIMIT_LISTED];
    size_t count = weir_app_views(app, views, LIMIT_LISTED);
    for (size_t i = 0; i < count && i < LIMIT_LISTED; i++)
        rows += views[i].rows_approximate;
    buffer_format(
        out,
        "\"views\":%zu,\"rows_approximate\":%lld,\"tasks\":{\"running\":%zu,\"restoring\":%zu,\"standby\":%zu},"
        "\"restore_remaining\":%lld",
        count, (long long)rows, sums.running, sums.restoring, sums.standby, (long long)sums.restore_remaining);
    return sums.restoring == 0 && weir_app_state(app) != WEIR_ERROR && weir_app_state(app) != WEIR_PENDING_ERROR;
}

static bool look_at_business(weir_app *app, struct buffer *out)
{
    const struct task_sums sums = sum_tasks(app);
    struct weir_drop_info drops[LIMIT_LISTED];
    size_t count = weir_app_drops(app, drops, LIMIT_LISTED);
    buffer_format(out, "\"state\":\"%s\",\"paused\":%s,\"records\":%lld,\"lag\":%lld,\"dropped\":{",
                  weir_state_name(weir_app_state(app)), weir_is_paused(app) ? "true" : "false", (long long)sums.records,
                  (long long)sums.lag);
    for (size_t i = 0; i < count && i < LIMIT_LISTED; i++) {
        buffer_text(out, i ? "," : "");
        json_text(out, drops[i].reason);
        buffer_format(out, ":%llu", (unsigned long long)drops[i].records);
    }
    buffer_byte(out, '}');
    return weir_app_state(app) == WEIR_RUNNING && !weir_is_paused(app);
}

static bool look(const struct check *check, struct buffer *out)
{
    static bool (*const looks[CHECK_COUNT])(weir_app *, struct buffer *) = {look_at_buffer, look_at_database,
                                                                            look_at_business};
    bool is_up = true;
    buffer_text(out, "\"apps\":[");
    for (size_t i = 0; i < check->server->app_count; i++) {
        buffer_text(out, i ? ",{\"name\":" : "{\"name\":");
        json_text(out, weir_app_name(check->server->apps[i]));
        buffer_byte(out, ',');
        is_up = looks[check->kind](check->server->apps[i], out) && is_up;
        buffer_byte(out, '}');
    }
    buffer_byte(out, ']');
    return is_up;
}

/* ---- looking again and again -------------------------------------------------------------------------------------- */

static void keep(struct check *check, struct buffer *seen, bool is_up)
{
    pthread_mutex_lock(&check->thread.lock);
    struct buffer before = check->members;
    check->members = *seen;
    *seen = before;
    check->is_up = is_up;
    check->looked_us = clock_monotonic_us(&clock_system);
    pthread_mutex_unlock(&check->thread.lock);
}

static void *run(void *self)
{
    struct check *check = self;
    struct buffer seen = {0};
    do {
        buffer_clear(&seen);
        bool is_up = look(check, &seen);
        keep(check, &seen, is_up);
    } while (thread_rest(&check->thread, clock_monotonic_us(&clock_system) + (int64_t)LIMIT_CHECK_EVERY_MS * 1000));
    buffer_done(&seen);
    return NULL;
}

void checks_init(struct checks *checks)
{
    for (int i = 0; i < CHECK_COUNT; i++)
        thread_init(&checks->items[i].thread);
}

void checks_done(struct checks *checks)
{
    for (int i = 0; i < CHECK_COUNT; i++)
        thread_done(&checks->items[i].thread);
}

bool checks_start(struct weir_http *server)
{
    for (int i = 0; i < CHECK_COUNT; i++) {
        struct check *check = &server->checks.items[i];
        check->server = server;
        check->kind = (enum check_kind)i;
        if (!thread_start(&check->thread, "weir-http-check", run, check))
            return false;
    }
    return true;
}

void checks_stop(struct weir_http *server)
{
    for (int i = 0; i < CHECK_COUNT; i++) {
        thread_stop(&server->checks.items[i].thread);
        buffer_done(&server->checks.items[i].members);
    }
}

/* ---- telling ------------------------------------------------------------------------------------------------------ */

bool checks_write(struct weir_http *server, enum check_kind kind, struct buffer *out)
{
    struct check *check = &server->checks.items[kind];
    pthread_mutex_lock(&check->thread.lock);
    int64_t age_ms = check->looked_us ? (clock_monotonic_us(&clock_system) - check->looked_us) / 1000 : -1;
    bool is_up = check->is_up && age_ms >= 0 && age_ms <= LIMIT_CHECK_STALE_MS;
    buffer_format(out, "{\"status\":\"%s\",\"age_ms\":", is_up ? "UP" : "DOWN");
    if (age_ms >= 0)
        json_integer(out, age_ms);
    else
        buffer_text(out, "null");
    buffer_text(out, check->members.size ? "," : "");
    buffer_append(out, check->members.data, check->members.size);
    buffer_byte(out, '}');
    pthread_mutex_unlock(&check->thread.lock);
    return is_up;
}

bool checks_write_all(struct weir_http *server, struct buffer *out)
{
    struct buffer parts = {0};
    bool is_up = true;
    for (int i = 0; i < CHECK_COUNT; i++) {
        buffer_format(&parts, "%s\"%s\":", i ? "," : "", names[i]);
        is_up = checks_write(server, (enum check_kind)i, &parts) && is_up;
    }
    buffer_format(out, "{\"status\":\"%s\",\"checks\":{", is_up ? "UP" : "DOWN");
    buffer_append(out, parts.data, parts.size);
    buffer_text(out, "}}");
    buffer_done(&parts);
    return is_up;
}

static void answer(struct request *request, bool is_up)
{
    buffer_byte(&request->response.body, '\n');
    request->response.status = is_up ? 200 : 503;
    request->response.media = "application/json";
}

void handle_health_buffer(struct request *request)
{
    answer(request, checks_write(request->server, CHECK_BUFFER, &request->response.body));
}

void handle_health_database(struct request *request)
{
    answer(request, checks_write(request->server, CHECK_DATABASE, &request->response.body));
}

void handle_health_business(struct request *request)
{
    answer(request, checks_write(request->server, CHECK_BUSINESS, &request->response.body));
}

void handle_health_detailed(struct request *request)
{
    answer(request, checks_write_all(request->server, &request->response.body));
}

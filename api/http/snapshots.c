/* snapshots.c: see snapshots.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/snapshots.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "http/json.h"
#include "http/metrics.h"
#include "http/server.h"

/* ---- one line ----------------------------------------------------------------------------------------------------- */

/* "NaN", "+Inf" and "-Inf" are none for JSON (RFC 8259, 6). */
static bool is_number(weir_bytes text)
{
    const char *at = text.data;
    size_t first = text.size > 0 && at[0] == '-';
    return text.size > first && at[first] >= '0' && at[first] <= '9';
}

/* "NAME{LABELS} VALUE" as a member. */
static void write_sample(struct buffer *out, weir_bytes line, const char **comma)
{
    const char *blank = memrchr(line.data, ' ', line.size);
    if (!blank || *(const char *)line.data == '#')
        return;
    size_t name = (size_t)(blank - (const char *)line.data);
    weir_bytes value = {blank + 1, line.size - name - 1};
    buffer_text(out, *comma);
    json_string(out, (weir_bytes){line.data, name});
    buffer_byte(out, ':');
    if (is_number(value))
        buffer_append(out, value.data, value.size);
    else
        buffer_text(out, "null");
    *comma = ",";
}

void snapshot_write(struct buffer *out, int64_t now_ms, weir_bytes prometheus)
{
    const char *comma = "", *at = prometheus.data, *end = at + prometheus.size;
    buffer_text(out, "{\"ts\":");
    json_time(out, now_ms);
    buffer_text(out, ",\"metrics\":{");
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop ? stop : end;
        if (stop > at)
            write_sample(out, (weir_bytes){at, (size_t)(stop - at)}, &comma);
        at = stop + 1;
    }
    buffer_text(out, "}}\n");
}

/* ---- the file ----------------------------------------------------------------------------------------------------- */

static bool is_output(const struct snapshots *snapshots)
{
    return strcmp(snapshots->path, "-") == 0;
}

bool snapshots_open(struct snapshots *snapshots, const char *path, int64_t interval_ms, struct weir_error *error)
{
    snapshots->path = path ? path : "";
    snapshots->interval_ms = interval_ms;
    snapshots->file.fd = STDOUT_FILENO;
    return !*snapshots->path || is_output(snapshots) || line_file_open(&snapshots->file, path, 0640) ||
           error_set(error, WEIR_INVALID, "metrics.snapshot.file: %.200s: %s", path, strerror(errno));
}

static void append(struct snapshots *snapshots, weir_bytes line)
{
    line_file_refresh(&snapshots->file);
    bool written = line_file_append(&snapshots->file, line);
    if (!written && !snapshots->has_failed)
        log_error("metrics", "%.200s: %s: snapshots are lost", snapshots->path, strerror(errno));
    snapshots->has_failed = !written;
}

static void take(struct weir_http *server)
{
    weir_arena arena;
    struct buffer text = {0}, line = {0};
    arena_init(&arena);
    metrics_write(server, &arena, &text);
    snapshot_write(&line, clock_wall_ms(&clock_system), buffer_bytes(&text));
    append(&server->snapshots, buffer_bytes(&line));
    buffer_done(&line);
    buffer_done(&text);
    arena_done(&arena);
}

/* ---- the thread --------------------------------------------------------------------------------------------------- */

static void *take_all(void *self)
{
    struct weir_http *server = self;
    int64_t due_us = clock_monotonic_us(&clock_system), now_us;
    while (due_us += server->snapshots.interval_ms * 1000, thread_rest(&server->snapshots.thread, due_us)) {
        take(server);
        now_us = clock_monotonic_us(&clock_system);
        due_us = due_us < now_us ? now_us : due_us; /* what was missed is not made up for */
    }
    take(server);
    return NULL;
}

void snapshots_init(struct snapshots *snapshots)
{
    snapshots->path = "";
    thread_init(&snapshots->thread);
}

bool snapshots_start(struct weir_http *server)
{
    struct snapshots *snapshots = &server->snapshots;
    return !*snapshots->path || thread_start(&snapshots->thread, "weir-http-snap", take_all, server);
}

void snapshots_stop(struct weir_http *server)
{
    thread_stop(&server->snapshots.thread);
}

void snapshots_done(struct snapshots *snapshots)
{
    line_file_close(&snapshots->file);
    thread_done(&snapshots->thread);
}

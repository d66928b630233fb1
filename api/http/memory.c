/* memory.c: GET /v1/memory: the parts of memory.max.bytes, and what the process has of the machine. See memory.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/memory.h"

#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>

#include "http/handlers.h"
#include "http/json.h"
#include "http/limits.h"
#include "http/metrics.h"
#include "http/server.h"
#include "sql/sql.h"

enum { PARTS_MAX = 32 };

struct parts {
    struct weir_memory_info items[PARTS_MAX];
    size_t count;
};

static struct parts parts_of(weir_app *app)
{
    struct parts parts;
    parts.count = weir_app_memory(app, parts.items, PARTS_MAX);
    if (parts.count > PARTS_MAX)
        parts.count = PARTS_MAX;
    return parts;
}

static int64_t share_of_requests(weir_app *app)
{
    const struct parts parts = parts_of(app);
    for (size_t i = 0; i < parts.count; i++)
        if (strcmp(parts.items[i].name, "requests") == 0)
            return parts.items[i].bytes_max;
    return 0;
}

size_t memory_of_queries(weir_app *const *apps, size_t count)
{
    int64_t bytes = LIMIT_QUERY_MEMORY_BYTES;
    for (size_t i = 0; i < count; i++) {
        int64_t share = share_of_requests(apps[i]);
        bytes = share < bytes ? share : bytes;
    }
    return bytes < LIMIT_QUERY_MEMORY_LEAST_BYTES ? LIMIT_QUERY_MEMORY_LEAST_BYTES : (size_t)bytes;
}

static void write_part(struct buffer *out, const struct weir_memory_info *part)
{
    buffer_text(out, "{\"name\":");
    json_text(out, part->name);
    buffer_format(out, ",\"bytes_max\":%" PRId64, part->bytes_max);
    if (part->bytes >= 0)
        buffer_format(out, ",\"bytes\":%" PRId64 "}", part->bytes);
    else
        buffer_text(out, ",\"bytes\":null}");
}

/* Returns what its parts take, as far as it is known. */
static int64_t write_app(struct buffer *out, weir_app *app)
{
    const struct parts parts = parts_of(app);
    int64_t whole = 0, known = 0;
    buffer_text(out, "{\"app\":");
    json_text(out, weir_app_name(app));
    buffer_text(out, ",\"parts\":[");
    for (size_t i = 0; i < parts.count; i++) {
        if (i > 0)
            buffer_byte(out, ',');
        write_part(out, &parts.items[i]);
        whole += parts.items[i].bytes_max;
        known += parts.items[i].bytes > 0 ? parts.items[i].bytes : 0;
    }
    buffer_format(out, "],\"bytes_max\":%" PRId64 ",\"bytes\":%" PRId64 "}", whole, known);
    return known;
}

static int64_t peak_bytes(void)
{
    struct rusage usage = {0};
    getrusage(RUSAGE_SELF, &usage);
    return (int64_t)usage.ru_maxrss * 1024;
}

void handle_memory(struct request *request)
{
    struct weir_http *server = request->server;
    struct buffer *out = &request->response.body;
    int64_t resident = metrics_resident_bytes(), known = (int64_t)sql_memory_bytes();
    buffer_text(out, "{\"data\":[");
    for (size_t i = 0; i < server->app_count; i++) {
        if (i > 0)
            buffer_byte(out, ',');
        known += write_app(out, server->apps[i]);
    }
    buffer_format(out,
                  "],\"process\":{\"resident_bytes\":%" PRId64 ",\"peak_bytes\":%" PRId64 ",\"queries_bytes\":%" PRId64
                  ",\"queries_bytes_max\":%zu,\"others_bytes\":%" PRId64 "}}\n",
                  resident, peak_bytes(), (int64_t)sql_memory_bytes(), server->query_bytes,
                  resident > known ? resident - known : 0);
    request->response.status = 200;
    request->response.media = "application/json";
}

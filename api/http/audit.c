/* audit.c: see audit.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/audit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "http/json.h"
#include "http/request.h"

enum { PATH_BYTES_MAX = 256 };

bool audit_open(struct audit *audit, const char *path, struct weir_error *error)
{
    return !path || !*path || line_file_open(&audit->file, path, 0600) ||
           error_set(error, WEIR_INVALID, "http.audit.file: %.200s: %s", path, strerror(errno));
}

void audit_close(struct audit *audit)
{
    line_file_close(&audit->file);
    buffer_done(&audit->line);
}

void audit_refresh(struct audit *audit)
{
    line_file_refresh(&audit->file);
}

static bool is_noted(const struct request *request)
{
    unsigned status = request->response.status;
    if (status == 401 || status == 403 || status == 429)
        return true;
    if (!request->route)
        return false;
    enum right right = request->route->right;
    return right == RIGHT_QUERY || right == RIGHT_PRODUCE || right == RIGHT_OPERATE || right == RIGHT_ADMINISTER;
}

/* Without the query, which may hold values. */
static weir_bytes path_of(const struct request *request)
{
    weir_bytes uri = buffer_bytes(&request->raw_uri);
    const char *mark = uri.size ? memchr(uri.data, '?', uri.size) : NULL;
    size_t size = mark ? (size_t)(mark - (const char *)uri.data) : uri.size;
    return (weir_bytes){uri.data, size < PATH_BYTES_MAX ? size : PATH_BYTES_MAX};
}

static void write_member(struct buffer *out, const char *name, weir_bytes value)
{
    buffer_format(out, ",\"%s\":", name);
    json_string(out, value);
}

static void write_line(struct buffer *out, const struct request *request)
{
    char address[INET6_ADDRSTRLEN] = "";
    inet_ntop(AF_INET6, request->address, address, sizeof address);
    buffer_clear(out);
    buffer_text(out, "{\"ts\":");
    json_time(out, clock_wall_ms(&clock_system));
    write_member(out, "request", bytes_of_text(request->id));
    struct trace_id trace = request_trace(request);
    if (*trace.text)
        write_member(out, "trace_id", bytes_of_text(trace.text));
    if (request->pass.grant) {
        write_member(out, "principal", bytes_of_text(request->pass.grant->principal));
        write_member(out, "credential", bytes_of_text(request->pass.id));
        write_member(out, "role", bytes_of_text(role_name(request->pass.grant->role)));
    }
    write_member(out, "from", bytes_of_text(address));
    write_member(out, "method", request->head.method);
    write_member(out, "path", path_of(request));
    buffer_format(out, ",\"status\":%u}\n", request->response.status);
}

void audit_note(struct audit *audit, const struct request *request)
{
    if (!audit->file.path || !is_noted(request))
        return;
    write_line(&audit->line, request);
    bool written = line_file_append(&audit->file, buffer_bytes(&audit->line));
    if (!written)
        atomic_fetch_add_explicit(&audit->lost, 1, memory_order_relaxed);
    if (!written && !audit->has_failed)
        log_error("audit", "%.200s: %s: lines are lost", audit->file.path, strerror(errno));
    audit->has_failed = !written;
}

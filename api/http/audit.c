/* audit.c: see audit.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/audit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "http/json.h"
#include "http/request.h"

enum { PATH_BYTES_MAX = 256 };

static int open_file(const char *path)
{
    return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

bool audit_open(struct audit *audit, const char *path, struct weir_error *error)
{
    audit->fd = -1;
    if (!path || !*path)
        return true;
    audit->path = memory_text(path);
    audit->fd = open_file(path);
    return audit->fd >= 0 || error_set(error, WEIR_INVALID, "http.audit.file: %.200s: %s", path, strerror(errno));
}

void audit_close(struct audit *audit)
{
    if (audit->path && audit->fd >= 0)
        close(audit->fd);
    memory_free(audit->path);
    buffer_done(&audit->line);
}

void audit_refresh(struct audit *audit)
{
    struct stat named, open_one;
    if (!audit->path || (stat(audit->path, &named) == 0 && fstat(audit->fd, &open_one) == 0 &&
                         named.st_ino == open_one.st_ino && named.st_dev == open_one.st_dev))
        return;
    int fd = open_file(audit->path);
    if (fd < 0)
        return;
    if (audit->fd >= 0)
        close(audit->fd);
    audit->fd = fd;
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
    if (!audit->path || !is_noted(request))
        return;
    write_line(&audit->line, request);
    bool written = write(audit->fd, audit->line.data, audit->line.size) == (ssize_t)audit->line.size;
    if (!written)
        atomic_fetch_add_explicit(&audit->lost, 1, memory_order_relaxed);
    if (!written && !audit->has_failed)
        log_error("audit", "%.200s: %s: lines are lost", audit->path, strerror(errno));
    audit->has_failed = !written;
}

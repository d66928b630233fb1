/* cors.c: see cors.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/cors.h"

#include <string.h>

#include "base/bytes.h"
#include "http/server.h"

static bool is_listed(const char *origins, weir_bytes origin)
{
    while (*origins) {
        origins += strspn(origins, ", ");
        size_t size = strcspn(origins, ", ");
        if (size && bytes_equal((weir_bytes){origins, size}, origin))
            return true;
        origins += size;
    }
    return false;
}

static bool is_allowed(const struct request *request, weir_bytes *origin)
{
    const char *origins = request->server->cors_origins;
    *origin = request_header(request, "origin");
    return !request->at_admin_door && origins && origin->data && is_listed(origins, *origin);
}

static void add_origin(struct request *request, weir_bytes origin)
{
    request_add_header(request, "Access-Control-Allow-Origin", arena_bytes(&request->arena, origin).data);
    request_add_header(request, "Vary", "Origin");
}

bool cors_preflight(struct request *request)
{
    weir_bytes origin;
    if (!bytes_equal(request->head.method, bytes_of_text("OPTIONS")) ||
        !request_header(request, "access-control-request-method").data || !is_allowed(request, &origin))
        return false;
    request->response.status = 204;
    request_add_header(request, "Access-Control-Allow-Methods", "GET, HEAD, POST");
    request_add_header(request, "Access-Control-Allow-Headers",
                       "Authorization, Content-Type, If-None-Match, Last-Event-ID, X-Request-Id");
    request_add_header(request, "Access-Control-Max-Age", "600");
    return true;
}

void cors_allow(struct request *request)
{
    weir_bytes origin;
    if (!is_allowed(request, &origin))
        return;
    add_origin(request, origin);
    request_add_header(request, "Access-Control-Expose-Headers",
                       "ETag, Link, Location, RateLimit, RateLimit-Policy, Retry-After, X-Complete, X-Request-Id");
}

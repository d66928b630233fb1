/* send.c: see send.h. The body is not copied: it stays with the request (or the prepared response) until libmicrohttpd
 * says that it is sent.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/send.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "http/changes.h"
#include "http/server.h"

/* Nothing is ever loaded from elsewhere, framed, sniffed or told to other sites; there is no CORS. */
static const struct response_header everywhere[] = {
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
     "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Vary", "Accept-Encoding"},
};

static void add_fixed_headers(struct MHD_Response *out, const struct request *request)
{
    const struct response *response = &request->response;
    if (response->media)
        MHD_add_response_header(out, "Content-Type", response->media);
    MHD_add_response_header(out, "Cache-Control", response->cache == RESPONSE_NO_CACHE ? "no-cache" : "no-store");
    for (size_t i = 0; i < sizeof everywhere / sizeof everywhere[0]; i++)
        MHD_add_response_header(out, everywhere[i].name, everywhere[i].value);
    if (guard_tls(request->server->guard))
        MHD_add_response_header(out, "Strict-Transport-Security", "max-age=31536000"); /* RFC 6797 */
}

static bool queue(struct request *request, struct MHD_Connection *handle, struct MHD_Response *out)
{
    return MHD_queue_response(handle, request->response.status, out) == MHD_YES;
}

/* ---- point reads ------------------------------------------------------------------------------------------------ */

#if MHD_VERSION >= 0x01000000
#error "libmicrohttpd 1.x may keep headers differently: set_header must delete and add"
#endif

struct send_header { /* that changes with every use */
    char *place;     /* of its value, in the response; NULL: it is not set */
    size_t size;
};

struct send_prepared {
    struct send_prepared *next;
    struct MHD_Response *out;
    size_t size;
    struct send_header etag, id;
    char body[]; /* of that size */
};

/* A row as JSON: nothing about it varies but the body, its tag and the request's id. */
static bool may_be_prepared(const struct response *response)
{
    return response->status == 200 && response->etag[0] && response->header_count == 0 && !response->close &&
           !response->fixed.data && response->body.size <= SEND_PREPARED_BYTES &&
           strcmp(response->media, "application/json") == 0;
}

static struct send_prepared *prepare(struct send_pool *pool, const struct request *request)
{
    if (pool->count == SEND_PREPARED_MAX)
        return NULL;
    size_t size = request->response.body.size;
    struct send_prepared *prepared = memory_new(sizeof *prepared + size);
    prepared->size = size;
    prepared->out = MHD_create_response_from_buffer(size, prepared->body, MHD_RESPMEM_PERSISTENT);
    if (!prepared->out) {
        free(prepared);
        return NULL;
    }
    pool->count++;
    add_fixed_headers(prepared->out, request);
    return prepared;
}

/* A header of a prepared response. 0.9.75 keeps a copy of the value in memory of its own that nobody else points to, and
 * its size beside it: a value of the same size is written over the old one, which spares six calls of malloc. */
static void set_header(struct MHD_Response *out, const char *name, struct send_header *header, const char *value)
{
    size_t size = strlen(value);
    if (header->place && header->size == size) {
        memcpy(header->place, value, size);
        return;
    }
    if (header->place)
        MHD_del_response_header(out, name, header->place);
    bool added = MHD_add_response_header(out, name, value) == MHD_YES;
    const char *place = added ? MHD_get_response_header(out, name) : NULL;
    header->place = (char *)(uintptr_t)place; /* NOLINT(performance-no-int-to-ptr): the copy is ours to write to */
    header->size = size;
}

/* NULL: there is none to be had. */
static struct send_prepared *take_prepared(struct send_pool *pool, struct request *request)
{
    struct response *response = &request->response;
    struct send_prepared *prepared = pool->free[response->body.size];
    if (prepared)
        pool->free[response->body.size] = prepared->next;
    else
        prepared = prepare(pool, request);
    if (!prepared)
        return NULL;
    memcpy(prepared->body, response->body.data, response->body.size);
    set_header(prepared->out, "ETag", &prepared->etag, response->etag);
    set_header(prepared->out, "X-Request-Id", &prepared->id, request->id);
    return prepared;
}

void send_completed(struct send_pool *pool, struct request *request)
{
    struct send_prepared *prepared = request->prepared;
    if (!prepared)
        return;
    request->prepared = NULL;
    prepared->next = pool->free[prepared->size];
    pool->free[prepared->size] = prepared;
}

void send_pool_done(struct send_pool *pool)
{
    for (size_t size = 0; size <= SEND_PREPARED_BYTES; size++) {
        while (pool->free[size]) {
            struct send_prepared *prepared = pool->free[size];
            pool->free[size] = prepared->next;
            MHD_destroy_response(prepared->out);
            free(prepared);
        }
    }
}

/* ---- everything else -------------------------------------------------------------------------------------------- */

static void add_headers(struct MHD_Response *out, const struct request *request)
{
    const struct response *response = &request->response;
    add_fixed_headers(out, request);
    MHD_add_response_header(out, "X-Request-Id", request->id);
    if (response->etag[0])
        MHD_add_response_header(out, "ETag", response->etag);
    for (size_t i = 0; i < response->header_count; i++)
        MHD_add_response_header(out, response->headers[i].name, response->headers[i].value);
    if (response->close)
        MHD_add_response_header(out, "Connection", "close");
}

bool send_response(struct send_pool *pool, struct request *request, struct MHD_Connection *handle)
{
    struct response *response = &request->response;
    if (may_be_prepared(response) && (request->prepared = take_prepared(pool, request)))
        return queue(request, handle, request->prepared->out);
    if (response->fixed.data) {
        buffer_clear(&response->body);
        buffer_append(&response->body, response->fixed.data, response->fixed.size);
    }
    size_t size = response->status == 304 ? 0 : response->body.size;
    struct MHD_Response *out = request->stream
                                   ? changes_response(request)
                                   : MHD_create_response_from_buffer(size, response->body.data, MHD_RESPMEM_PERSISTENT);
    if (!out)
        return false;
    add_headers(out, request);
    bool queued = queue(request, handle, out);
    MHD_destroy_response(out);
    return queued;
}

/* gzip.c: see gzip.h.
 *
 * The fastest level: it makes an eighth of our JSON, the best one a tenth of it in seven times the time. Problems stay as they are,
 * because they repeat what the client has sent (docs/security.md, BREACH).
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/gzip.h"

#include <assert.h>
#include <string.h>
#define ZLIB_CONST
#include <zlib.h>

#include "http/accept.h"
#include "http/limits.h"
#include "http/server.h"

enum { WINDOW_BITS = 15 + 16 /* zlib: with the head and end of gzip (RFC 1952) */, MEMORY_LEVEL = 8 };

static bool is_text(const char *media)
{
    static const char *const kinds[] = {"text/", "application/json", "application/x-ndjson", "image/svg+xml"};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strncmp(media, kinds[i], strlen(kinds[i])) == 0)
            return true;
    return false;
}

static bool is_wanted(const struct request *request)
{
    return request->server->compresses && accept_has_gzip(request_header(request, "accept-encoding"));
}

/* False: zlib has no memory, or nothing would be gained. */
static bool pack(weir_bytes plain, struct buffer *out)
{
    z_stream stream = {0};
    if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, WINDOW_BITS, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
        return false;
    buffer_reserve(out, plain.size);
    stream.next_in = plain.data;
    stream.avail_in = (uInt)plain.size;
    stream.next_out = (Bytef *)out->data;
    stream.avail_out = (uInt)plain.size;
    bool is_whole = deflate(&stream, Z_FINISH) == Z_STREAM_END;
    out->size = plain.size - stream.avail_out;
    deflateEnd(&stream);
    return is_whole;
}

static void write_tag(const char *etag, char *out)
{
    size_t size = strlen(etag);
    static const char mark[] = "-gzip\"";
    assert(size > 1 && size + sizeof mark <= sizeof((struct response *)0)->etag);
    memcpy(out, etag, size - 1);
    memcpy(out + size - 1, mark, sizeof mark);
}

bool gzip_tag(const struct request *request, const char *etag, char *out)
{
    if (!is_wanted(request))
        return false;
    write_tag(etag, out);
    return true;
}

static void take_packed(struct request *request, struct buffer *packed)
{
    struct response *response = &request->response;
    struct buffer plain = response->body;
    response->body = *packed;
    response->fixed = (weir_bytes){0};
    *packed = plain;
    request_add_header(request, "Content-Encoding", "gzip");
    if (response->etag[0]) {
        char etag[sizeof response->etag];
        write_tag(response->etag, etag);
        memcpy(response->etag, etag, sizeof etag);
    }
}

void gzip_answer(struct request *request, size_t most)
{
    const struct response *response = &request->response;
    weir_bytes plain = response->fixed.data ? response->fixed : buffer_bytes(&response->body);
    struct buffer packed = {0};
    if (response->status != 200 || request->stream || plain.size < LIMIT_GZIP_LEAST_BYTES || plain.size > most ||
        !is_text(response->media) || !is_wanted(request))
        return;
    if (pack(plain, &packed))
        take_packed(request, &packed);
    buffer_done(&packed);
}

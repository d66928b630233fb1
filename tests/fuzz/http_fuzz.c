/* Bytes as they come from a socket: the head is split as libmicrohttpd does it and judged; the target, the parameters,
 * an Accept header, a cursor and a time are read from the same bytes. Nothing may crash, and what is accepted must be
 * what was promised: no control characters, valid UTF-8, output that is valid.
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "http/accept.h"
#include "http/cursor.h"
#include "http/head.h"
#include "http/json.h"
#include "http/query.h"
#include "http/route.h"
#include "http/time.h"
#include "http/uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Takes a line off the front, cut where libmicrohttpd would cut it. */
static char *next_line(char **at, char *end)
{
    char *line = *at, *stop = line < end ? memchr(line, '\n', (size_t)(end - line)) : NULL;
    if (!stop)
        return NULL;
    *at = stop + 1;
    *stop = 0;
    if (stop > line && stop[-1] == '\r')
        stop[-1] = 0;
    return line;
}

static void judge_head(const char *data, size_t size)
{
    char *text = memcpy(malloc(size + 1), data, size), *at = text, *line = next_line(&at, text + size);
    char *first = line ? strchr(line, ' ') : NULL, *last = first ? strrchr(line, ' ') : NULL;
    struct head *head = calloc(1, sizeof *head);
    if (last && last > first) {
        *first = *last = 0;
        char *uri = strdup(first + 1);
        head->method = bytes_of_text(text);
        head->uri_place = (uintptr_t)(first + 1);
        head->uri = bytes_of_text(uri);
        head->version = bytes_of_text(last + 1);
        while ((line = next_line(&at, text + size)) && *line && head->field_count < LIMIT_HEADERS) {
            char *colon = strchr(line, ':');
            if (!colon)
                break;
            *colon = 0;
            head->fields[head->field_count++] =
                (struct head_field){bytes_of_text(line), bytes_of_text(colon + 1 + strspn(colon + 1, " \t"))};
        }
        head->size = (size_t)(at - text);
        head_judge(head);
        free(uri);
    }
    free(head);
    free(text);
}

static void read_target(weir_arena *arena, weir_bytes bytes)
{
    static const enum query_id all[] = {QUERY_LIMIT,   QUERY_FROM_TIME, QUERY_ORDER,
                                        QUERY_VERBOSE, QUERY_CURSOR,    QUERY_NONE};
    struct uri uri;
    struct query query = {0};
    weir_bytes name;
    const char *why;
    if (!uri_read(&uri, arena, bytes, &why))
        return;
    for (size_t i = 0; i < uri.segment_count; i++)
        assert(uri_is_utf8(uri.segments[i].text));
    const struct route_table table = {routes, route_count};
    route_find(&table, &uri, (weir_bytes){"GET", 3});
    query_read(&query, &uri, all, &name, &why);
}

static void write_json(weir_bytes bytes)
{
    struct buffer out = {0};
    json_string(&out, bytes);
    assert(uri_is_utf8(buffer_bytes(&out)));
    for (size_t i = 0; i < out.size; i++)
        assert((unsigned char)out.data[i] >= 0x20);
    buffer_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char empty[] = "";
    weir_bytes bytes = {size ? (const char *)data : empty, size};
    weir_arena arena;
    struct cursor cursor;
    struct buffer out = {0};
    int64_t ms;
    char text[TIME_TEXT_BYTES + 1];
    arena_init(&arena);
    judge_head(bytes.data, size);
    read_target(&arena, bytes);
    accept_choose("application/json, text/csv", bytes);
    accept_has_gzip(bytes);
    if (cursor_read(bytes, &arena, &cursor)) {
        cursor_write(&cursor, &out);
        assert(bytes_equal(buffer_bytes(&out), bytes));
    }
    if (time_of_text(bytes, &ms))
        time_text(ms, text);
    write_json(bytes);
    buffer_clear(&out);
    json_position(&out, arena_bytes(&arena, bytes).data);
    buffer_done(&out);
    arena_done(&arena);
    return 0;
}

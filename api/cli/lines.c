/* lines.c: see lines.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "lines.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "json_text.h"

bool lines_next(struct lines *lines, weir_bytes *line)
{
    ssize_t size;
    while ((size = getline(&lines->text, &lines->capacity, lines->file)) >= 0) {
        lines->number++;
        while (size > 0 && (lines->text[size - 1] == '\n' || lines->text[size - 1] == '\r'))
            size--;
        *line = (weir_bytes){lines->text, (size_t)size};
        if (size > 0)
            return true;
    }
    return false;
}

void lines_done(struct lines *lines)
{
    free(lines->text); /* getline's */
}

static bool read_time(weir_arena *arena, weir_bytes json, int64_t *out, struct weir_error *error)
{
    *out = -1;
    if (!json.data)
        return true;
    const int64_t *ms = weir_from_json(arena, &weir_i64_type, json, error);
    if (!ms)
        return false;
    *out = *ms;
    return *ms >= 0 || error_set(error, WEIR_INVALID, "the time is negative");
}

static bool is_known(weir_bytes name)
{
    static const char *const names[] = {"topic",   "key",       "value",  "ts",        "timestamp",
                                        "headers", "partition", "offset", "advance_ms"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (name.size == strlen(names[i]) + 2 && memcmp((const char *)name.data + 1, names[i], name.size - 2) == 0)
            return true;
    return false;
}

bool lines_read_record(weir_arena *arena, weir_bytes line, struct line_record *out, struct weir_error *error)
{
    if (!json_text_check(arena, line, error))
        return false;
    if (*(const char *)line.data != '{')
        return error_set(error, WEIR_INVALID, "not a JSON object");
    struct json_text_cursor members = json_text_open(line);
    weir_bytes name, value;
    while (json_text_next(&members, &name, &value))
        if (!is_known(name))
            return error_set(error, WEIR_INVALID, "unknown member %.*s", (int)(name.size < 60 ? name.size : 60),
                             (const char *)name.data);
    *out = (struct line_record){.topic = json_text_member(line, "topic"),
                                .key = json_text_member(line, "key"),
                                .value = json_text_member(line, "value"),
                                .headers = json_text_member(line, "headers"),
                                .advance = json_text_member(line, "advance_ms")};
    weir_bytes ts = json_text_member(line, "ts");
    return read_time(arena, ts.data ? ts : json_text_member(line, "timestamp"), &out->timestamp_ms, error);
}

bool lines_read_headers(weir_arena *arena, weir_bytes json, struct weir_headers *out, struct weir_error *error)
{
    *out = (struct weir_headers){NULL, 0};
    if (!json.data || json_text_is_null(json))
        return true;
    if (*(const char *)json.data != '{')
        return error_set(error, WEIR_INVALID, "headers: not a JSON object");
    struct json_text_cursor members = json_text_open(json);
    weir_bytes name, value;
    size_t count = 0;
    while (json_text_next(&members, &name, &value))
        count++;
    struct weir_header *items = weir_arena_alloc(arena, (count + 1) * sizeof *items);
    members = json_text_open(json);
    for (size_t i = 0; json_text_next(&members, &name, &value); i++)
        items[i] =
            (struct weir_header){json_text_plain(arena, name).data,
                                 json_text_is_null(value) ? (weir_bytes){NULL, 0} : json_text_plain(arena, value)};
    *out = (struct weir_headers){items, count};
    return true;
}

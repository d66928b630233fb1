/* json_text.c: see json_text.h. Validity and escapes are the codec's business, slicing is ours.
 * SPDX-License-Identifier: Apache-2.0 */
#include "json_text.h"

#include <string.h>

#include "base/bytes.h"

bool json_text_check(weir_arena *arena, weir_bytes text, struct weir_error *error)
{
    return weir_from_json(arena, &weir_json_type, text, error) != NULL;
}

/* ---- slicing ---- */

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r'))
        at++;
    return at;
}

static const char *skip_string(const char *at, const char *end)
{
    for (at++; at < end && *at != '"'; at++)
        if (*at == '\\' && at + 1 < end)
            at++;
    return at < end ? at + 1 : end;
}

static const char *skip_value(const char *at, const char *end)
{
    int depth = 0;
    for (; at < end; at++) {
        if (*at == '"') {
            at = skip_string(at, end) - 1;
        } else if (*at == '{' || *at == '[') {
            depth++;
        } else if (*at == '}' || *at == ']') {
            if (depth-- == 0)
                return at;
        } else if (*at == ',' && depth == 0) {
            return at;
        }
    }
    return end;
}

static weir_bytes trim(const char *from, const char *to)
{
    while (to > from && (to[-1] == ' ' || to[-1] == '\t' || to[-1] == '\n' || to[-1] == '\r'))
        to--;
    return (weir_bytes){from, (size_t)(to - from)};
}

struct json_text_cursor json_text_open(weir_bytes text)
{
    if (!text.data)
        return (struct json_text_cursor){NULL, NULL};
    const char *end = (const char *)text.data + text.size, *data = skip_blanks(text.data, end);
    if (data == end || (*data != '{' && *data != '['))
        return (struct json_text_cursor){end, end};
    return (struct json_text_cursor){data + 1, end};
}

bool json_text_next(struct json_text_cursor *cursor, weir_bytes *name, weir_bytes *value)
{
    const char *at = skip_blanks(cursor->at, cursor->end);
    if (at == cursor->end || *at == '}' || *at == ']')
        return false;
    *name = (weir_bytes){NULL, 0};
    if (*at == '"') {
        const char *behind = skip_string(at, cursor->end), *colon = skip_blanks(behind, cursor->end);
        if (colon < cursor->end && *colon == ':') {
            *name = (weir_bytes){at, (size_t)(behind - at)};
            at = skip_blanks(colon + 1, cursor->end);
        }
    }
    const char *behind = skip_value(at, cursor->end);
    *value = trim(at, behind);
    cursor->at = behind < cursor->end && *behind == ',' ? behind + 1 : behind;
    return true;
}

weir_bytes json_text_member(weir_bytes object, const char *name)
{
    struct json_text_cursor cursor = json_text_open(object);
    weir_bytes member, value, found = {NULL, 0};
    size_t size = strlen(name);
    while (json_text_next(&cursor, &member, &value))
        if (member.size == size + 2 && memcmp((const char *)member.data + 1, name, size) == 0)
            found = value;
    return found;
}

bool json_text_is_string(weir_bytes text)
{
    return text.size > 0 && *(const char *)text.data == '"';
}

bool json_text_is_null(weir_bytes text)
{
    return text.size == 4 && memcmp(text.data, "null", 4) == 0;
}

/* ---- text ---- */

weir_bytes json_text_plain(weir_arena *arena, weir_bytes text)
{
    struct weir_error error = {0};
    const weir_bytes *plain = json_text_is_string(text) ? weir_from_json(arena, &weir_str_type, text, &error) : NULL;
    weir_bytes found = plain ? *plain : text;
    char *copy = weir_arena_alloc(arena, found.size + 1);
    if (found.size)
        memcpy(copy, found.data, found.size);
    return (weir_bytes){copy, found.size};
}

/* What is no UTF-8 does not survive the way to JSON and back. */
bool json_text_is_utf8(weir_arena *arena, weir_bytes bytes)
{
    struct weir_error error = {0};
    weir_bytes quoted = weir_to_json(arena, &weir_str_type, &bytes);
    const weir_bytes *back = quoted.size ? weir_from_json(arena, &weir_str_type, quoted, &error) : NULL;
    return back && bytes_equal(*back, bytes);
}

void json_text_write(FILE *out, weir_arena *arena, weir_bytes text)
{
    weir_bytes quoted = weir_to_json(arena, &weir_str_type, &text);
    fwrite(quoted.data, 1, quoted.size, out);
}

void json_text_write_base64url(FILE *out, weir_bytes bytes)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const unsigned char *data = bytes.data;
    fputc('"', out);
    for (size_t i = 0; i < bytes.size; i += 3) {
        size_t left = bytes.size - i;
        unsigned group =
            (unsigned)data[i] << 16 | (left > 1 ? (unsigned)data[i + 1] << 8 : 0) | (left > 2 ? data[i + 2] : 0U);
        for (size_t k = 0; k < (left > 2 ? 4 : left + 1); k++)
            fputc(alphabet[(group >> (18 - 6 * k)) & 63], out);
    }
    fputc('"', out);
}

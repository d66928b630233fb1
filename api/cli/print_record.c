/* print_record.c: see print_record.h. Every member is written with a comma behind the one before it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "print_record.h"

#include "base/bytes.h"
#include "json_text.h"

static bool is_json_container(weir_arena *arena, weir_bytes bytes)
{
    struct weir_error error = {0};
    const char *data = bytes.data;
    return bytes.size > 1 && (*data == '{' || *data == '[') && json_text_check(arena, bytes, &error);
}

/* True when it could be written as text. */
static bool print_plain(FILE *out, weir_arena *arena, weir_bytes bytes)
{
    if (!bytes.data)
        fputs("null", out);
    else if (is_json_container(arena, bytes))
        fwrite(bytes.data, 1, bytes.size, out);
    else if (json_text_is_utf8(arena, bytes))
        json_text_write(out, arena, bytes);
    else
        return false;
    return true;
}

void print_bytes(FILE *out, weir_arena *arena, const char *name, weir_bytes bytes)
{
    fprintf(out, ",\"%s\":", name);
    if (print_plain(out, arena, bytes))
        return;
    json_text_write_base64url(out, bytes);
    fprintf(out, ",\"%s_encoding\":\"base64url\"", name);
}

void print_headers(FILE *out, weir_arena *arena, struct weir_headers headers)
{
    if (headers.count == 0)
        return;
    fputs(",\"headers\":{", out);
    for (size_t i = 0; i < headers.count; i++) {
        weir_bytes name = bytes_of_text(headers.items[i].name), value = headers.items[i].value;
        fputs(i ? "," : "", out);
        json_text_write(out, arena, name);
        fputc(':', out);
        if (!value.data)
            fputs("null", out);
        else if (json_text_is_utf8(arena, value))
            json_text_write(out, arena, value);
        else
            json_text_write_base64url(out, value);
    }
    fputc('}', out);
}

void print_value(FILE *out, weir_arena *arena, const char *name, const struct weir_type *type, const void *value)
{
    fprintf(out, ",\"%s\":", name);
    if (!value) {
        fputs("null", out);
        return;
    }
    if (type == &weir_bytes_type && !json_text_is_utf8(arena, *(const weir_bytes *)value)) {
        json_text_write_base64url(out, *(const weir_bytes *)value);
        return;
    }
    weir_bytes json = weir_to_json(arena, type == &weir_bytes_type ? &weir_str_type : type, value);
    fwrite(json.data, 1, json.size, out);
}

/* public.c: the functions of weir.h that turn values and keys into text and back.
 *
 * A key as text is what stands in a URL or on a command line: strings and symbols without quotes, bytes in base64,
 * numbers and times as in JSON but without quotes, records, arrays and maps as JSON.
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>

#include "base/arena.h"
#include "base/error.h"
#include "schemas/base64.h"
#include "schemas/codec.h"
#include "schemas/scalar.h"

weir_bytes weir_to_json(weir_arena *arena, const struct weir_type *type, const void *value)
{
    struct buffer text = {0};
    weir_bytes json = {0};
    if (json_write(type, value, &text, NULL))
        json = arena_bytes(arena, buffer_bytes(&text));
    buffer_done(&text);
    return json;
}

/* A caller without any bytes has a mistake of its own, not a poisonous record. */
static bool is_given(weir_bytes text, struct weir_error *error)
{
    return text.data || error_set(error, WEIR_INVALID, "there is no text");
}

const void *weir_from_json(weir_arena *arena, const struct weir_type *type, weir_bytes json, struct weir_error *error)
{
    if (!is_given(json, error))
        return NULL;
    /* Strings of the value must not point into memory the caller may free before the arena. */
    return json_read(type, arena_bytes(arena, json), arena, error);
}

/* Kinds that JSON puts into quotes, but a key as text does not. */
static bool is_quoted(const struct weir_type *type)
{
    return type->kind == WEIR_KIND_STRING || type->kind == WEIR_KIND_BYTES || type->kind == WEIR_KIND_ENUM ||
           type->kind == WEIR_KIND_TIMESTAMP;
}

static const void *read_quoted(const struct weir_type *type, weir_bytes text, weir_arena *arena,
                               struct weir_error *error)
{
    struct buffer json = {0};
    json_write_string(text, &json);
    const void *value = json_read(type, arena_bytes(arena, buffer_bytes(&json)), arena, error);
    buffer_done(&json);
    return value;
}

/* A time may also be a number of milliseconds. */
static bool is_milliseconds(const struct weir_type *type, weir_bytes text)
{
    const char *digits = text.data;
    size_t i = text.size > 1 && digits[0] == '-';
    if (type->kind != WEIR_KIND_TIMESTAMP || text.size == 0)
        return false;
    while (i < text.size && digits[i] >= '0' && digits[i] <= '9')
        i++;
    return i == text.size;
}

const void *weir_key_from_text(weir_arena *arena, const struct weir_type *type, weir_bytes text,
                               struct weir_error *error)
{
    if (!is_given(text, error))
        return NULL;
    text = arena_bytes(arena, text);
    if (type->kind == WEIR_KIND_STRING)
        return scalar_read(type, text, arena, error);
    if (is_quoted(type) && !is_milliseconds(type, text))
        return read_quoted(type, text, arena, error);
    return json_read(type, text, arena, error);
}

weir_bytes weir_key_to_text(weir_arena *arena, const struct weir_type *type, const void *key)
{
    assert(key);
    if (type->kind == WEIR_KIND_STRING)
        return arena_bytes(arena, *(const weir_bytes *)key);
    weir_bytes json = weir_to_json(arena, type, key);
    const char *text = json.data;
    if (text && is_quoted(type) && text[0] == '"')
        return (weir_bytes){text + 1, json.size - 2};
    return json;
}

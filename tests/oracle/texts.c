/* texts.c: see texts.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "oracle/texts.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LONGEST = 40 };

static weir_bytes text_copy(weir_context *context, const void *data, size_t size)
{
    char *bytes = weir_alloc(context, size + 1);
    if (size > 0)
        memcpy(bytes, data, size);
    return (weir_bytes){bytes, size};
}

weir_bytes text_print(weir_context *context, const char *format, ...)
{
    char text[96];
    va_list args;
    va_start(args, format);
    int size = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return text_copy(context, text, (size_t)size);
}

weir_bytes text_join(weir_context *context, const weir_bytes *parts, size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += parts[i].size;
    char *bytes = weir_alloc(context, size + 1);
    size = 0;
    for (size_t i = 0; i < count; i++) {
        memcpy(bytes + size, parts[i].data, parts[i].size);
        size += parts[i].size;
    }
    return (weir_bytes){bytes, size};
}

/* A text as it is, a number in decimal. */
weir_bytes text_of(weir_context *context, const struct weir_type *type, const void *value)
{
    if (!value)
        return TEXT("null");
    return type == &weir_i64_type ? text_print(context, "%" PRId64, *(const int64_t *)value)
                                  : *(const weir_bytes *)value;
}

weir_bytes text_of_value(weir_context *context, const struct weir_record *record)
{
    return text_of(context, record->value_type, record->value);
}

/* The window stands behind the key. */
weir_bytes text_of_key(weir_context *context, const struct weir_record *record)
{
    weir_bytes key = text_of(context, record->key_type, record->key);
    if (record->window.end_ms == 0 && record->window.start_ms == 0)
        return key;
    return JOIN(context, key,
                text_print(context, "@%" PRId64 "/%" PRId64, record->window.start_ms, record->window.end_ms));
}

int64_t text_sum(weir_bytes text)
{
    int64_t sum = 0;
    for (size_t i = 0; i < text.size; i++)
        sum += ((const unsigned char *)text.data)[i];
    return sum;
}

static int64_t weight_of(const struct weir_type *type, const void *value)
{
    if (!value)
        return text_sum(TEXT("null"));
    return type == &weir_i64_type ? *(const int64_t *)value : text_sum(*(const weir_bytes *)value);
}

int64_t record_weight(const struct weir_record *record)
{
    return weight_of(record->value_type, record->value);
}

int64_t floor_mod(int64_t n, int64_t by)
{
    int64_t rest = n % by;
    return rest < 0 ? rest + by : rest;
}

/* A text that grew too long becomes its FNV-1a hash, so that aggregates stay small and still differ. */
weir_bytes text_fold(weir_context *context, weir_bytes text)
{
    if (text.size <= LONGEST)
        return text;
    uint32_t hash = 0x811c9dc5;
    for (size_t i = 0; i < text.size; i++)
        hash = (hash ^ ((const unsigned char *)text.data)[i]) * 0x01000193;
    return text_print(context, "#%08" PRIx32, hash);
}

const void *text_keep(weir_context *context, weir_bytes text)
{
    weir_bytes *kept = weir_alloc(context, sizeof *kept);
    *kept = text;
    return kept;
}

const void *number_keep(weir_context *context, int64_t number)
{
    int64_t *kept = weir_alloc(context, sizeof *kept);
    *kept = number;
    return kept;
}

const void *text_keep_folded(weir_context *context, weir_bytes text)
{
    return text_keep(context, text_fold(context, text));
}

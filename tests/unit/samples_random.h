/* samples_random.h: random values of any type table, from a seed; for round trips and for the oracle. */
#ifndef WEIR_TESTS_SAMPLES_RANDOM_H
#define WEIR_TESTS_SAMPLES_RANDOM_H
#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "schemas/type.h"
#include "weir.h"

struct random_source {
    uint64_t state;
    weir_arena *arena;
    int depth;
};

static inline uint64_t random_next(struct random_source *source)
{
    source->state += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */
    uint64_t z = source->state;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static inline uint64_t random_below(struct random_source *source, uint64_t limit)
{
    return random_next(source) % limit;
}

/* All magnitudes alike, so that every length of a variable-length integer comes up. */
static inline int64_t random_integer(struct random_source *source, unsigned bits)
{
    int64_t value = (int64_t)random_next(source);
    return value >> (64 - 1 - random_below(source, bits));
}

static inline weir_bytes random_text(struct random_source *source)
{
    static const char *const pieces[] = {"a",
                                         "Z9",
                                         "\"",
                                         "\\",
                                         "/",
                                         "\n",
                                         "\x01",
                                         "\xC3\xA9",
                                         "\xE2\x82\xAC",
                                         "\xF0\x9F\x98\x80",
                                         "\x7F",
                                         "long plain text without anything special"};
    char text[512];
    size_t size = 0;
    for (uint64_t left = random_below(source, 10); left > 0; left--) {
        const char *piece = pieces[random_below(source, sizeof pieces / sizeof *pieces)];
        memcpy(text + size, piece, strlen(piece));
        size += strlen(piece);
    }
    return arena_bytes(source->arena, (weir_bytes){text, size});
}

static inline weir_bytes random_bytes(struct random_source *source)
{
    unsigned char bytes[40];
    size_t size = random_below(source, sizeof bytes);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)random_next(source);
    return arena_bytes(source->arena, (weir_bytes){bytes, size});
}

static inline weir_bytes random_json(struct random_source *source)
{
    static const char *const texts[] = {"null", "true", "-1.5e3", "\"a\\u00e9\"", "[]", "{\"a\":[1,{}]}"};
    const char *text = texts[random_below(source, sizeof texts / sizeof *texts)];
    return (weir_bytes){text, strlen(text)};
}

static inline double random_double(struct random_source *source)
{
    double value;
    do {
        uint64_t bits = random_next(source);
        memcpy(&value, &bits, sizeof value);
    } while (!isfinite(value));
    return random_below(source, 2) ? value : (double)random_integer(source, 63) / 100;
}

static inline void random_value(struct random_source *, const struct weir_type *, void *out);

static inline weir_array random_items(struct random_source *source, const struct weir_type *type)
{
    size_t stride = type_stride(type);
    size_t count = source->depth > 4 ? 0 : random_below(source, 4);
    char *items = arena_alloc(source->arena, count * stride);
    for (size_t i = 0; i < count; i++) {
        if (type->kind == WEIR_KIND_MAP) {
            char *key = arena_format(source->arena, "key %zu \xC3\xA9", i);
            *(weir_bytes *)(void *)(items + i * stride) = (weir_bytes){key, strlen(key)};
        }
        random_value(source, type->item, items + i * stride + type_item_offset(type));
    }
    return (weir_array){items, count};
}

static inline void random_record(struct random_source *source, const struct weir_type *type, void *record)
{
    for (size_t i = 0; i < type->field_count; i++) {
        const struct weir_field *field = &type->fields[i];
        bool is_present = !type_field_is_optional(field) || random_below(source, 2);
        type_set_present(record, field, is_present);
        if (is_present)
            random_value(source, field->type, type_field_of(record, field));
    }
}

static inline void random_value(struct random_source *source, const struct weir_type *type, void *out)
{
    source->depth++;
    switch (type->kind) {
    case WEIR_KIND_BOOL:
        *(bool *)out = random_below(source, 2);
        break;
    case WEIR_KIND_I32:
        *(int32_t *)out = (int32_t)random_integer(source, 31);
        break;
    case WEIR_KIND_I64:
        *(int64_t *)out = random_integer(source, 63);
        break;
    case WEIR_KIND_FLOAT:
        *(float *)out = (float)random_integer(source, 40) / 7;
        break;
    case WEIR_KIND_DOUBLE:
        *(double *)out = random_double(source);
        break;
    case WEIR_KIND_STRING:
        *(weir_bytes *)out = random_text(source);
        break;
    case WEIR_KIND_BYTES:
        *(weir_bytes *)out = random_bytes(source);
        break;
    case WEIR_KIND_ENUM:
        *(int32_t *)out = (int32_t)random_below(source, type->symbol_count);
        break;
    case WEIR_KIND_DECIMAL:
        ((weir_decimal *)out)->unscaled = random_integer(source, 59);
        break;
    case WEIR_KIND_TIMESTAMP:
        *(int64_t *)out = random_integer(source, random_below(source, 8) ? 47 : 63);
        break;
    case WEIR_KIND_JSON:
        *(weir_bytes *)out = random_json(source);
        break;
    case WEIR_KIND_RECORD:
        random_record(source, type, out);
        break;
    case WEIR_KIND_ARRAY:
    case WEIR_KIND_MAP:
        *(weir_array *)out = random_items(source, type);
        break;
    }
    source->depth--;
}
#endif

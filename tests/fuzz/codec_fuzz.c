/* codec_fuzz.c: any bytes as a key or a value: formats, frames, scalars, copies, keys as text, times and decimals. */
#include <stdlib.h>
#include <string.h>

#include "samples.h"
#include "schemas/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct weir_type decimal = {.name = "decimal", .kind = WEIR_KIND_DECIMAL, .size = 8, .scale = 4};
static const struct weir_type timestamp = {.name = "timestamp", .kind = WEIR_KIND_TIMESTAMP, .size = 8};

static void require(bool condition)
{
    if (!condition)
        abort();
}

/* The fuzzer cannot guess eight bytes of a fingerprint: it writes ten bytes of which the head takes the place. */
static weir_bytes with_fingerprint(const struct weir_type *type, weir_bytes input, weir_arena *arena)
{
    if (input.size < 10 || ((const unsigned char *)input.data)[0] != 0xC3)
        return input;
    char *copy = arena_alloc(arena, input.size);
    memcpy(copy, input.data, input.size);
    memcpy(copy, "\xC3\x01", 2);
    memcpy(copy + 2, &type->fingerprint, 8);
    return (weir_bytes){copy, input.size};
}

static void check_formats(const struct weir_type *type, const void *value, weir_arena *arena)
{
    struct buffer out = {0};
    for (enum weir_format format = WEIR_FORMAT_AVRO; format <= WEIR_FORMAT_OBJECT; format++) {
        out.size = 0;
        require(codec_write(type, format, 7, value, &out, NULL));
        const void *again = codec_read(type, buffer_bytes(&out), arena, NULL);
        require(again && codec_equal(type, value, codec_copy(type, again, arena)));
    }
    buffer_done(&out);
}

static void check_key(const struct weir_type *type, weir_bytes input, weir_arena *arena)
{
    const void *key = weir_key_from_text(arena, type, input, NULL);
    if (!key)
        return;
    weir_bytes text = weir_key_to_text(arena, type, key);
    const void *again = weir_key_from_text(arena, type, text, NULL);
    require(again && codec_equal(type, key, again));
}

static void check_texts(weir_bytes input)
{
    int64_t value, again;
    char text[32];
    if (time_read(input, &value)) {
        time_write(value, text);
        require(time_read((weir_bytes){text, 24}, &again) && again == value);
    }
    for (int32_t scale = 0; scale <= 18; scale += 3)
        if (decimal_read(input, scale, &value))
            require(decimal_read((weir_bytes){text, decimal_write(value, scale, text)}, scale, &again) &&
                    again == value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct weir_type *const types[] = {
        &everything_type, &node_type,     &defaults_type,   &line_type,        &weir_i64_type,
        &weir_i32_type,   &weir_str_type, &weir_bytes_type, &weir_double_type, &weir_json_type,
        &color_type,      &decimal,       &timestamp,
    };
    weir_arena arena = {0};
    if (size == 0)
        return 0;
    const struct weir_type *type = types[data[0] % (sizeof types / sizeof *types)];
    weir_bytes input = with_fingerprint(type, (weir_bytes){data + 1, size - 1}, &arena);
    const void *value = codec_read(type, input, &arena, NULL);
    if (value && input.size < CODEC_VALUE_BYTES_MAX / 4)
        check_formats(type, value, &arena);
    check_key(type, (weir_bytes){data + 1, size - 1}, &arena);
    check_texts((weir_bytes){data + 1, size - 1});
    arena_done(&arena);
    return 0;
}

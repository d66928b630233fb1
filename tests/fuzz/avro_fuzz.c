/* avro_fuzz.c: any bytes as Avro. What is read must be written again, and read back equal; JSON must be able to say it
 * too, unless it holds a NaN or an infinity. */
#include <stdlib.h>

#include "samples.h"
#include "schemas/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check_json(const struct weir_type *type, const void *value, weir_arena *arena)
{
    weir_bytes text = weir_to_json(arena, type, value);
    if (!text.data || text.size > CODEC_VALUE_BYTES_MAX)
        return;
    require(json_valid(text, NULL));
    const void *again = json_read(type, text, arena, NULL);
    require(again && codec_equal(type, value, again));
}

static void check(const struct weir_type *type, weir_bytes input)
{
    weir_arena arena = {0};
    struct buffer out = {0};
    const void *value = avro_read(type, input, &arena, NULL);
    if (value) {
        require(avro_write(type, value, &out, NULL));
        const void *again = avro_read(type, buffer_bytes(&out), &arena, NULL);
        require(again && codec_equal(type, value, again));
        check_json(type, value, &arena);
    }
    buffer_done(&out);
    arena_done(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct weir_type *const types[] = {&everything_type, &node_type, &defaults_type, &crowd_type,
                                                    &line_type};
    if (size == 0)
        return 0;
    check(types[data[0] % (sizeof types / sizeof *types)], (weir_bytes){data + 1, size - 1});
    return 0;
}

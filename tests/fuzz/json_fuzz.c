/* json_fuzz.c: any text. What is read must be valid JSON, must be written, and must read back equal. */
#include <stdlib.h>

#include "samples.h"
#include "schemas/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check(const struct weir_type *type, weir_bytes input)
{
    weir_arena arena = {0};
    struct buffer out = {0};
    const void *value = json_read(type, input, &arena, NULL);
    if (value) {
        require(json_valid(input, NULL));
        require(json_write(type, value, &out, NULL));
        const void *again = json_read(type, buffer_bytes(&out), &arena, NULL);
        require(again && codec_equal(type, value, again));
    }
    buffer_done(&out);
    arena_done(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct weir_type *const types[] = {
        &everything_type, &node_type,        &defaults_type,   &crowd_type,     &weir_i64_type,
        &weir_str_type,   &weir_double_type, &weir_bytes_type, &weir_json_type, &color_type,
    };
    if (size == 0)
        return 0;
    check(types[data[0] % (sizeof types / sizeof *types)], (weir_bytes){data + 1, size - 1});
    return 0;
}

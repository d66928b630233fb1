/* resolve_fuzz.c: any bytes as a schema, and as a value that it wrote: "<schema>\0<value>". What is read by our own schema is read
 * the same way by the codec. */
#include <stdlib.h>

#include "samples.h"
#include "schemas/resolve.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check(const struct schema *writer, const struct weir_type *type, weir_bytes value, weir_arena *arena)
{
    struct buffer out = {0};
    const struct resolution *resolution = resolution_new(writer, type, arena);
    struct weir_error error = {0};
    require(resolution_is_total(resolution, &error) == (error.code == WEIR_OK));
    const void *read = resolution_read(resolution, value, arena, NULL);
    if (read && avro_write(type, read, &out, NULL)) {
        const void *again = avro_read(type, buffer_bytes(&out), arena, NULL);
        require(out.size > CODEC_VALUE_BYTES_MAX || (again && codec_equal(type, read, again)));
    }
    buffer_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct weir_type *const types[] = {&everything_type, &node_type, &defaults_type, &crowd_type,
                                                    &line_type};
    const uint8_t *end = size ? memchr(data, 0, size) : NULL;
    if (!end)
        return 0;
    weir_arena arena = {0};
    struct weir_error error = {0};
    const struct schema *writer = schema_read((weir_bytes){data, (size_t)(end - data)}, &arena, &error);
    require(writer || error.code == WEIR_INVALID);
    for (size_t i = 0; writer && i < sizeof types / sizeof *types; i++)
        check(writer, types[i], (weir_bytes){end + 1, (size_t)(data + size - end) - 1}, &arena);
    arena_done(&arena);
    return 0;
}

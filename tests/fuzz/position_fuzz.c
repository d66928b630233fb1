/* position_fuzz.c: any text as a position, as clients send it and ticks carry it. What is understood is in range, and is
 * understood in the same way when it is written and read again.
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "runtime/position.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *write_again(weir_arena *arena, const struct position *positions, size_t count)
{
    const char *text = "";
    for (size_t i = 0; i < count; i++)
        text = arena_format(arena, "%s%s%s:%" PRId32 ":%" PRId64, text, i > 0 ? "," : "", positions[i].topic,
                            positions[i].partition, positions[i].offset);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct position *positions, *again;
    struct weir_error error = {0};
    size_t count, count_again;
    weir_arena arena;
    if (size > 4096)
        return 0;
    arena_init(&arena);
    const char *text = arena_bytes(&arena, (weir_bytes){data, size}).data;
    if (position_read(text, &arena, &positions, &count, &error)) {
        bool is_read = position_read(write_again(&arena, positions, count), &arena, &again, &count_again, &error);
        assert(is_read && count == count_again);
        for (size_t i = 0; i < count; i++) {
            assert(positions[i].partition >= 0 && positions[i].offset >= 0);
            assert(strcmp(positions[i].topic, again[i].topic) == 0);
            assert(positions[i].partition == again[i].partition && positions[i].offset == again[i].offset);
        }
    }
    arena_done(&arena);
    return 0;
}

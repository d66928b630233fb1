/* What a group's coordinator says of a member, as another client may have dealt it. */
#include <stdlib.h>

#include "base/arena.h"
#include "kafka/kafka.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    weir_arena arena;
    arena_init(&arena);
    struct broker_place *places;
    size_t count, bytes = 0;
    kafka_assignment_read((weir_bytes){data, size}, &arena, &places, &count);
    for (size_t i = 0; i < count; i++)
        bytes += 4 + (places[i].topic[0] != 0);
    if (bytes > size + count)
        abort(); /* each place was read from four bytes of its own */
    arena_done(&arena);
    return 0;
}

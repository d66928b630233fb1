/* Rows as another instance might send them, split into parts and merged. */
#include <stdlib.h>

#include "base/bytes.h"
#include "http/merge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct merge merge = {0};
    struct frames frames;
    struct frame row;
    size_t half = size / 2, bytes = 0;
    const weir_bytes parts[] = {{data, half}, {data + half, size - half}, {data, size}};
    for (size_t i = 0; i < 3; i++)
        if (frames_read_head(&frames, parts[i]))
            merge_add(&merge, frames);
    while (merge_next(&merge, false, &row))
        bytes += row.text.size + row.key.size;
    if (bytes > 2 * size)
        abort(); /* rows are disjoint parts of what came */
    merge_done(&merge);
    return 0;
}

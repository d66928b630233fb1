/* run.c: see run.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "state/run.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "state/sort.h"

void run_init(struct run *run)
{
    *run = (struct run){0};
    arena_init(&run->bytes);
}

void run_done(struct run *run)
{
    arena_done(&run->bytes);
    free(run->rows);
}

void run_clear(struct run *run)
{
    run_done(run);
    run_init(run);
}

/* Key and value in one piece: a sorted walk over a large run meets one cache line for both. */
void run_add(struct run *run, const struct store_row *row)
{
    char *copy = arena_alloc_raw(&run->bytes, row->key.size + row->value.size + 1);
    if (row->key.size)
        memcpy(copy, row->key.data, row->key.size);
    if (row->value.size)
        memcpy(copy + row->key.size, row->value.data, row->value.size);
    run->rows = memory_grow(run->rows, &run->capacity, run->count + 1, sizeof *run->rows);
    run->rows[run->count++] = (struct store_row){
        .key = {copy, row->key.size},
        .value = {row->value.data ? copy + row->key.size : NULL, row->value.size},
        .timestamp_ms = row->timestamp_ms,
    };
}

size_t run_bytes(const struct run *run)
{
    return run->bytes.bytes + run->capacity * sizeof *run->rows;
}

static weir_bytes key_of(const void *item)
{
    return ((const struct store_row *)item)->key;
}

struct store_row **run_sorted(struct run *run, size_t *count)
{
    struct store_row **rows = memory_new((run->count + 1) * sizeof(struct store_row *));
    for (size_t i = 0; i < run->count; i++)
        rows[i] = &run->rows[i];
    sort_by_key((void **)rows, run->count, key_of);
    size_t kept = 0;
    for (size_t i = 0; i < run->count; i++)
        if (i + 1 == run->count || !bytes_equal(rows[i]->key, rows[i + 1]->key))
            rows[kept++] = rows[i];
    *count = kept;
    return rows;
}

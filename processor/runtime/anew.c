/* anew.c: see anew.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/anew.h"

#include <string.h>

#include "base/bytes.h"

#define ANEW_HEADER "__weir.anew"

void anew_write(struct store_row *logged, weir_arena *arena, struct weir_headers *headers)
{
    if (logged->timestamp_ms != VERSION_ANEW)
        return;
    const weir_bytes anew = logged->value;
    const char *at = anew.data;
    struct weir_header *header = arena_alloc(arena, sizeof *header);
    *header = (struct weir_header){ANEW_HEADER, {at, ANEW_TIME_BYTES}};
    *headers = (struct weir_headers){header, 1};
    logged->value = (weir_bytes){0};
    logged->timestamp_ms = 0;
    if (anew.size >= ANEW_VALID_BYTES) {
        logged->value = (weir_bytes){at + ANEW_VALID_BYTES, anew.size - ANEW_VALID_BYTES};
        logged->timestamp_ms = (int64_t)bytes_get_u64(at + ANEW_TIME_BYTES);
    }
}

/* What the header should not be is left as it is, for the store to refuse. */
static weir_bytes read_value(weir_bytes begin, const struct store_row *valid, weir_arena *arena)
{
    if (!valid->value.data || begin.size != ANEW_TIME_BYTES)
        return begin;
    char *out = arena_alloc_raw(arena, ANEW_VALID_BYTES + valid->value.size);
    memcpy(out, begin.data, ANEW_TIME_BYTES);
    bytes_put_u64(out + ANEW_TIME_BYTES, (uint64_t)valid->timestamp_ms);
    memcpy(out + ANEW_VALID_BYTES, valid->value.data, valid->value.size);
    return (weir_bytes){out, ANEW_VALID_BYTES + valid->value.size};
}

void anew_read(struct store_row *logged, weir_arena *arena, struct weir_headers headers)
{
    for (size_t i = 0; i < headers.count; i++)
        if (strcmp(headers.items[i].name, ANEW_HEADER) == 0) {
            weir_bytes value = read_value(headers.items[i].value, logged, arena);
            *logged = (struct store_row){logged->key, value, VERSION_ANEW};
            return;
        }
}

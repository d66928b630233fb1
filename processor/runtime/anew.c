/* anew.c: see anew.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/anew.h"

#include <string.h>

#define ANEW_HEADER "__weir.anew"

void anew_write(struct store_row *logged, weir_arena *arena, struct weir_headers *headers)
{
    if (logged->timestamp_ms != VERSION_ANEW)
        return;
    struct weir_header *header = arena_alloc(arena, sizeof *header);
    *header = (struct weir_header){ANEW_HEADER, logged->value};
    *headers = (struct weir_headers){header, 1};
    logged->value = (weir_bytes){0};
    logged->timestamp_ms = 0;
}

void anew_read(struct store_row *logged, struct weir_headers headers)
{
    for (size_t i = 0; i < headers.count; i++)
        if (strcmp(headers.items[i].name, ANEW_HEADER) == 0)
            *logged = (struct store_row){logged->key, headers.items[i].value, VERSION_ANEW};
}

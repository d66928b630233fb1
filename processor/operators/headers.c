/* headers.c: a record's headers, read and copied by callbacks. See weir.h.
 *
 * Headers are never changed in place: nodes beside this one see the same ones.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "operators/context.h"

static const struct weir_header nothing;
const struct weir_headers WEIR_NO_HEADERS = {&nothing, 0};

weir_bytes weir_header(const struct weir_record *record, const char *name)
{
    for (size_t i = record->headers.count; i-- > 0;)
        if (strcmp(record->headers.items[i].name, name) == 0)
            return record->headers.items[i].value;
    return (weir_bytes){0};
}

static struct weir_header *room_for(weir_context *context, size_t count)
{
    return arena_alloc(context->execution->arena, (count ? count : 1) * sizeof(struct weir_header));
}

struct weir_headers weir_headers_with(weir_context *context, struct weir_headers headers, const char *name,
                                      weir_bytes value)
{
    struct weir_header *items = room_for(context, headers.count + 1);
    for (size_t i = 0; i < headers.count; i++)
        items[i] = headers.items[i];
    items[headers.count] = (struct weir_header){name, value};
    return (struct weir_headers){items, headers.count + 1};
}

struct weir_headers weir_headers_without(weir_context *context, struct weir_headers headers, const char *name)
{
    struct weir_header *items = room_for(context, headers.count);
    size_t count = 0;
    for (size_t i = 0; i < headers.count; i++)
        if (strcmp(headers.items[i].name, name) != 0)
            items[count++] = headers.items[i];
    return (struct weir_headers){items, count};
}

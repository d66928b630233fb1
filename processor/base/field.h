/* field.h: bytes with their size in front (4 bytes, big-endian; 0xffffffff: there are none), as changelogs and bundles hold them. */
#ifndef WEIR_BASE_FIELD_H
#define WEIR_BASE_FIELD_H
#include <string.h>

#include "base/bytes.h"

enum { FIELD_SIZE_BYTES = 4 };

/* Returns what follows; there must be room for FIELD_SIZE_BYTES and the field. */
static inline char *field_put(char *at, weir_bytes field)
{
    bytes_put_u32(at, field.data ? (uint32_t)field.size : UINT32_MAX);
    if (field.data && field.size > 0)
        memcpy(at + FIELD_SIZE_BYTES, field.data, field.size);
    return at + FIELD_SIZE_BYTES + (field.data ? field.size : 0);
}

/* The first of the rest, which then begins behind it; data NULL: there is none. False: the rest ends within it. */
static inline bool field_take(weir_bytes *rest, weir_bytes *field)
{
    const char *data = rest->data;
    if (rest->size < FIELD_SIZE_BYTES)
        return false;
    uint32_t size = bytes_get_u32(data);
    size_t taken = size == UINT32_MAX ? 0 : size;
    if (rest->size - FIELD_SIZE_BYTES < taken)
        return false;
    *field = (weir_bytes){size == UINT32_MAX ? NULL : data + FIELD_SIZE_BYTES, taken};
    *rest = (weir_bytes){data + FIELD_SIZE_BYTES + taken, rest->size - FIELD_SIZE_BYTES - taken};
    return true;
}
#endif

/* bytes.h: comparing borrowed bytes, and numbers in network order. */
#ifndef WEIR_BASE_BYTES_H
#define WEIR_BASE_BYTES_H
#include <string.h>

#include "weir.h"

static inline weir_bytes bytes_of_text(const char *text)
{
    return (weir_bytes){text, text ? strlen(text) : 0};
}

static inline bool bytes_equal(weir_bytes a, weir_bytes b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/* Lexicographic, as unsigned bytes; a prefix sorts first. The order of every store. */
static inline int bytes_compare(weir_bytes a, weir_bytes b)
{
    size_t shared = a.size < b.size ? a.size : b.size;
    int order = shared ? memcmp(a.data, b.data, shared) : 0;
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

static inline void bytes_put_u64(void *at, uint64_t value)
{
    value = __builtin_bswap64(value);
    memcpy(at, &value, sizeof value);
}

static inline uint64_t bytes_get_u64(const void *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return __builtin_bswap64(value);
}

static inline void bytes_put_u32(void *at, uint32_t value)
{
    value = __builtin_bswap32(value);
    memcpy(at, &value, sizeof value);
}

static inline uint32_t bytes_get_u32(const void *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return __builtin_bswap32(value);
}

/* The eight bytes from there on as a number, zeros for what is missing: keys that share what is in front are in order of it,
 * but for those it is equal for. */
static inline uint64_t bytes_head(weir_bytes key, size_t from)
{
    unsigned char head[sizeof(uint64_t)] = {0};
    size_t left = key.size > from ? key.size - from : 0;
    if (left >= sizeof head)
        return bytes_get_u64((const char *)key.data + from);
    if (left > 0)
        memcpy(head, (const char *)key.data + from, left);
    return bytes_get_u64(head);
}

/* How many bytes at their beginning are the same. */
static inline size_t bytes_shared(weir_bytes a, weir_bytes b)
{
    const char *left = a.data, *right = b.data;
    size_t most = a.size < b.size ? a.size : b.size, size = 0;
    while (size < most && left[size] == right[size])
        size++;
    return size;
}
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "bytes.h swaps for little-endian machines");
#endif

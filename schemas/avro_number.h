/* avro_number.h: integers and decimals in Avro's binary form. */
#ifndef WEIR_SCHEMAS_AVRO_NUMBER_H
#define WEIR_SCHEMAS_AVRO_NUMBER_H
#include "weir.h"

static inline int64_t avro_from_zigzag(uint64_t bits)
{
    return (int64_t)((bits >> 1) ^ (0 - (bits & 1)));
}

static inline uint64_t avro_to_zigzag(int64_t value)
{
    return ((uint64_t)value << 1) ^ (0 - (uint64_t)(value < 0));
}

/* Two's complement, big-endian, any number of bytes. False: none, or more than 18 digits. */
bool avro_get_decimal(weir_bytes, int64_t *unscaled);
/* The fewest bytes, at least one; returns how many of the 8 at `out` (the first ones). */
size_t avro_put_decimal(int64_t unscaled, unsigned char out[8]);
#endif

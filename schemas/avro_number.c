/* avro_number.c: see avro_number.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "schemas/avro_number.h"

#include <string.h>

#include "base/bytes.h"

bool avro_get_decimal(weir_bytes bytes, int64_t *unscaled)
{
    const int64_t max = INT64_C(999999999999999999);
    const unsigned char *data = bytes.data;
    if (bytes.size == 0)
        return false;
    unsigned char sign = data[0] & 0x80 ? 0xFF : 0;
    size_t extra = bytes.size > 8 ? bytes.size - 8 : 0;
    for (size_t i = 0; i < extra; i++)
        if (data[i] != sign)
            return false;
    uint64_t bits = sign ? UINT64_MAX : 0;
    for (size_t i = extra; i < bytes.size; i++)
        bits = (bits << 8) | data[i];
    int64_t value = (int64_t)bits;
    if ((value < 0) != (sign != 0) || value > max || value < -max)
        return false;
    *unscaled = value;
    return true;
}

size_t avro_put_decimal(int64_t unscaled, unsigned char out[8])
{
    unsigned char all[8];
    bytes_put_u64(all, (uint64_t)unscaled);
    unsigned char sign = unscaled < 0 ? 0xFF : 0;
    size_t first = 0;
    while (first < 7 && all[first] == sign && ((all[first + 1] ^ sign) & 0x80) == 0)
        first++;
    memcpy(out, all + first, 8 - first);
    return 8 - first;
}

/* fingerprint.c: CRC-64-AVRO, bit by bit: it runs once per schema, at generation and in tests.
 * SPDX-License-Identifier: Apache-2.0 */
#include "schemas/fingerprint.h"

uint64_t fingerprint_of(weir_bytes schema)
{
    const uint64_t empty = UINT64_C(0xc15d213aa4d7a795);
    const unsigned char *data = schema.data;
    uint64_t print = empty;
    for (size_t i = 0; i < schema.size; i++) {
        uint64_t row = (print ^ data[i]) & 0xff;
        for (int bit = 0; bit < 8; bit++)
            row = (row >> 1) ^ (empty & (0 - (row & 1)));
        print = (print >> 8) ^ row;
    }
    return print;
}

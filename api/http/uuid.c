/* uuid.c: see uuid.h. Layout: 48 bits of milliseconds, 4 of version, 12 random, 2 of variant, 62 random.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/uuid.h"

#include <stdlib.h>
#include <sys/random.h>

#include "base/log.h"

enum { BYTES = 16, TIME_BYTES = 6 };

/* Ids that are not random might be given twice, so there is nothing to go on with. */
static void fill_random(unsigned char *out, size_t size)
{
    if (getrandom(out, size, 0) == (ssize_t)size)
        return;
    log_error("http", "no random bytes for new ids");
    abort();
}

void uuid_text(int64_t now_ms, char out[UUID_TEXT_BYTES + 1])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[BYTES];
    char *at = out;
    for (int i = 0; i < TIME_BYTES; i++)
        bytes[i] = (unsigned char)((uint64_t)now_ms >> (8 * (TIME_BYTES - 1 - i)));
    fill_random(bytes + TIME_BYTES, BYTES - TIME_BYTES);
    bytes[6] = (unsigned char)(0x70 | (bytes[6] & 0x0F));
    bytes[8] = (unsigned char)(0x80 | (bytes[8] & 0x3F));
    for (int i = 0; i < BYTES; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *at++ = '-';
        *at++ = digits[bytes[i] >> 4];
        *at++ = digits[bytes[i] & 15];
    }
    *at = 0;
}

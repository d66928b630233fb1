/* text.c: UTF-8 as RFC 3629 defines it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "schemas/text.h"

static bool is_tail(unsigned char byte)
{
    return (byte & 0xC0) == 0x80;
}

/* The second byte's range depends on the first: that is what keeps out overlong forms and surrogates. */
static bool second_fits(unsigned char first, unsigned char second)
{
    switch (first) {
    case 0xE0:
        return second >= 0xA0 && second <= 0xBF;
    case 0xED:
        return second >= 0x80 && second <= 0x9F;
    case 0xF0:
        return second >= 0x90 && second <= 0xBF;
    case 0xF4:
        return second >= 0x80 && second <= 0x8F;
    default:
        return is_tail(second);
    }
}

size_t text_character_bytes(const unsigned char *at, const unsigned char *end)
{
    if (at == end)
        return 0;
    unsigned char first = *at;
    if (first < 0x80)
        return 1;
    if (first < 0xC2 || first > 0xF4)
        return 0;
    size_t bytes = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if ((size_t)(end - at) < bytes || !second_fits(first, at[1]))
        return 0;
    for (size_t i = 2; i < bytes; i++)
        if (!is_tail(at[i]))
            return 0;
    return bytes;
}

bool text_is_utf8(weir_bytes text)
{
    const unsigned char *at = text.data;
    const unsigned char *end = at + text.size;
    while (at < end) {
        uint64_t word = 0;
        if (end - at >= 8 && (memcpy(&word, at, sizeof word), (word & UINT64_C(0x8080808080808080)) == 0)) {
            at += 8;
            continue;
        }
        size_t bytes = text_character_bytes(at, end);
        if (bytes == 0)
            return false;
        at += bytes;
    }
    return true;
}

size_t text_put_character(uint32_t code, char *out)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xC0 | (code >> 6));
        out[1] = (char)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xE0 | (code >> 12));
        out[1] = (char)(0x80 | ((code >> 6) & 0x3F));
        out[2] = (char)(0x80 | (code & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | (code >> 18));
    out[1] = (char)(0x80 | ((code >> 12) & 0x3F));
    out[2] = (char)(0x80 | ((code >> 6) & 0x3F));
    out[3] = (char)(0x80 | (code & 0x3F));
    return 4;
}

/* base64url.c: see base64url.h. Strict: exactly one text per sequence of bytes is accepted.
 * SPDX-License-Identifier: Apache-2.0 */
#include "guard/base64url.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void base64url_write(weir_bytes bytes, struct buffer *out)
{
    const unsigned char *at = bytes.data;
    for (size_t i = 0; i < bytes.size; i += 3) {
        size_t left = bytes.size - i;
        unsigned group = (unsigned)at[i] << 16 | (left > 1 ? (unsigned)at[i + 1] << 8 : 0) | (left > 2 ? at[i + 2] : 0);
        for (size_t k = 0; k < (left > 2 ? 4 : left + 1); k++)
            buffer_byte(out, (unsigned char)alphabet[group >> (18 - 6 * k) & 63]);
    }
}

bool base64url_read(weir_bytes text, weir_arena *arena, weir_bytes *out)
{
    const char *at = text.data;
    unsigned char *bytes = arena_alloc_raw(arena, text.size + 1);
    size_t size = 0;
    unsigned bits = 0, held = 0;
    for (size_t i = 0; i < text.size; i++) {
        const char *found = at[i] ? strchr(alphabet, at[i]) : NULL;
        if (!found)
            return false;
        bits = (bits << 6 | (unsigned)(found - alphabet)) & 0xffffff;
        held += 6;
        if (held >= 8) {
            held -= 8;
            bytes[size++] = (unsigned char)(bits >> held);
        }
    }
    *out = (weir_bytes){bytes, size};
    return text.size % 4 != 1 && (bits & ((1U << held) - 1)) == 0;
}

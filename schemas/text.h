/* text.h: UTF-8, and the fast walk over the plain characters of a JSON string. */
#ifndef WEIR_SCHEMAS_TEXT_H
#define WEIR_SCHEMAS_TEXT_H
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "weir.h"

/* Bytes of the valid UTF-8 character at `at`, 1 to 4; 0 when it is not valid (overlong, surrogate, cut off). */
size_t text_character_bytes(const unsigned char *at, const unsigned char *end);
bool text_is_utf8(weir_bytes);
/* Writes the UTF-8 of a code point (no surrogate); returns its bytes. */
size_t text_put_character(uint32_t code_point, char *out);

/* Whether the byte is a quote, a backslash, a control character or not ASCII. */
static inline bool text_is_special(unsigned char byte)
{
    return byte < 0x20 || byte >= 0x80 || byte == '"' || byte == '\\';
}

#ifdef __SSE2__
/* Bit i: byte i of the 16 at `at` is special. As signed bytes, control characters and non-ASCII are both below 0x20. */
static inline unsigned text_special_mask(const unsigned char *at)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
    __m128i low = _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20));
    __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
    __m128i backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(low, _mm_or_si128(quote, backslash)));
}
#endif

/* The first special byte, or end. */
static inline const unsigned char *text_plain_end(const unsigned char *at, const unsigned char *end)
{
#ifdef __SSE2__
    for (; end - at >= 16; at += 16) {
        unsigned mask = text_special_mask(at);
        if (mask)
            return at + __builtin_ctz(mask);
    }
#endif
    while (at < end && !text_is_special(*at))
        at++;
    return at;
}
#endif

/* avro_scan.c: see avro_scan.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "schemas/avro_scan.h"

#include "schemas/text.h"

/* Up to ten bytes of seven bits, low ones first. */
bool avro_scan_long_varint(struct reader *reader, int64_t *out)
{
    enum { BITS_LAST = 63 };
    uint64_t bits = 0;
    for (unsigned shift = 0; shift <= BITS_LAST; shift += 7) {
        if (reader->at == reader->end)
            return avro_scan_cut_off(reader);
        unsigned char byte = *reader->at++;
        if (shift == BITS_LAST && byte > 1)
            break;
        bits |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) {
            *out = avro_from_zigzag(bits);
            return true;
        }
    }
    return problem_set(&reader->problem, "an integer takes more than 64 bits");
}

bool avro_scan_int(struct reader *reader, int32_t *out)
{
    int64_t value = 0;
    if (!avro_scan_long(reader, &value))
        return false;
    if (value < INT32_MIN || value > INT32_MAX)
        return problem_set(&reader->problem, "an int takes more than 32 bits");
    *out = (int32_t)value;
    return true;
}

bool avro_scan_bool(struct reader *reader, bool *out)
{
    if (reader->at == reader->end)
        return avro_scan_cut_off(reader);
    if (*reader->at > 1)
        return problem_set(&reader->problem, "a boolean is neither 0 nor 1");
    *out = *reader->at++ == 1;
    return true;
}

bool avro_scan_string(struct reader *reader, weir_bytes *out)
{
    if (!avro_scan_bytes(reader, out))
        return false;
    return text_is_utf8(*out) || problem_set(&reader->problem, "a string is not valid UTF-8");
}

bool avro_scan_json(struct reader *reader, weir_bytes *out)
{
    if (!avro_scan_bytes(reader, out))
        return false;
    return json_valid(*out, NULL) || problem_set(&reader->problem, "a string is not a JSON text");
}

bool avro_scan_decimal(struct reader *reader, size_t fixed, weir_decimal *out)
{
    weir_bytes bytes = {reader->at, fixed};
    if (fixed == 0) {
        if (!avro_scan_bytes(reader, &bytes))
            return false;
    } else {
        if (avro_scan_left(reader) < fixed)
            return avro_scan_cut_off(reader);
        reader->at += fixed;
    }
    return avro_get_decimal(bytes, &out->unscaled) ||
           problem_set(&reader->problem, "not a decimal number of at most 18 digits");
}

bool avro_scan_block(struct reader *reader, int64_t *count, const unsigned char **end)
{
    int64_t size = 0;
    *end = NULL;
    if (!avro_scan_long(reader, count))
        return false;
    if (*count >= 0)
        return true;
    if (*count < -(int64_t)CODEC_ITEMS_MAX)
        return problem_set(&reader->problem, "more than %d items", CODEC_ITEMS_MAX);
    *count = -*count;
    if (!avro_scan_long(reader, &size))
        return false;
    if (size < 0 || (uint64_t)size > avro_scan_left(reader))
        return problem_set(&reader->problem, "a block of %lld bytes, but %zu are left", (long long)size,
                           avro_scan_left(reader));
    *end = reader->at + size;
    return true;
}

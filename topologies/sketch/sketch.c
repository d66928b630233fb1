/* sketch.c: see sketch.h. The bytes are pairs of varints: distance to the bucket before (to -1 at first) and count.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sketch.h"

enum { EXACT = 128, BUCKETS_PER_POWER = 64, VARINT_BYTES_MAX = 10 };

static int64_t bucket_of(int64_t number)
{
    if (number < EXACT)
        return number < 0 ? 0 : number;
    int shift = 63 - __builtin_clzll((unsigned long long)number) - 6; /* leaves the 7 highest bits */
    return EXACT + (int64_t)(shift - 1) * BUCKETS_PER_POWER + ((number >> shift) - BUCKETS_PER_POWER);
}

static int64_t middle_of(int64_t bucket)
{
    if (bucket < EXACT)
        return bucket;
    int shift = (int)((bucket - EXACT) / BUCKETS_PER_POWER) + 1;
    int64_t lowest = ((bucket - EXACT) % BUCKETS_PER_POWER + BUCKETS_PER_POWER) << shift;
    return lowest + ((int64_t)1 << (shift - 1));
}

/* ---- bytes ---- */

struct reader {
    const unsigned char *at, *end;
    int64_t bucket; /* of the pair just read */
    uint64_t count;
};

static struct reader read_sketch(weir_bytes sketch)
{
    const unsigned char *data = sketch.data;
    return (struct reader){.at = data, .end = data ? data + sketch.size : data, .bucket = -1};
}

static bool read_varint(struct reader *reader, uint64_t *value)
{
    *value = 0;
    for (int shift = 0; reader->at < reader->end && shift < 63; shift += 7) {
        unsigned char byte = *reader->at++;
        *value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80)
            return true;
    }
    return false;
}

static bool read_pair(struct reader *reader)
{
    const int64_t bucket_max = EXACT + 56 * BUCKETS_PER_POWER;
    uint64_t distance;
    if (!read_varint(reader, &distance) || distance > (uint64_t)bucket_max || !read_varint(reader, &reader->count))
        return false;
    reader->bucket += (int64_t)distance;
    return reader->bucket >= 0 && reader->bucket < bucket_max;
}

static size_t write_varint(unsigned char *out, uint64_t value)
{
    size_t size = 0;
    for (; value >= 0x80; value >>= 7)
        out[size++] = (unsigned char)(value | 0x80);
    out[size++] = (unsigned char)value;
    return size;
}

static size_t write_pair(unsigned char *out, int64_t *last, int64_t bucket, uint64_t count)
{
    size_t size = write_varint(out, (uint64_t)(bucket - *last));
    *last = bucket;
    return size + write_varint(out + size, count);
}

/* ---- the functions ---- */

size_t sketch_room(weir_bytes sketch)
{
    return sketch.size + 4 * VARINT_BYTES_MAX;
}

size_t sketch_merge(weir_bytes one, weir_bytes two, unsigned char *out)
{
    struct reader left = read_sketch(one), right = read_sketch(two);
    bool has_left = read_pair(&left), has_right = read_pair(&right);
    int64_t last = -1;
    size_t size = 0;
    while (has_left || has_right) {
        bool takes_left = has_left && (!has_right || left.bucket <= right.bucket);
        bool takes_right = has_right && (!has_left || right.bucket <= left.bucket);
        uint64_t count = (takes_left ? left.count : 0) + (takes_right ? right.count : 0);
        size += write_pair(out + size, &last, takes_left ? left.bucket : right.bucket, count);
        has_left = takes_left ? read_pair(&left) : has_left;
        has_right = takes_right ? read_pair(&right) : has_right;
    }
    return size;
}

size_t sketch_add(weir_bytes sketch, int64_t number, unsigned char *out)
{
    unsigned char one[2 * VARINT_BYTES_MAX];
    int64_t last = -1;
    size_t size = write_pair(one, &last, bucket_of(number), 1);
    return sketch_merge(sketch, (weir_bytes){one, size}, out);
}

static uint64_t count_all(weir_bytes sketch)
{
    struct reader reader = read_sketch(sketch);
    uint64_t total = 0;
    while (read_pair(&reader))
        total += reader.count;
    return total;
}

static uint64_t rank_of(uint64_t total, int per_mille)
{
    return (total / 1000) * (uint64_t)per_mille + (total % 1000 * (uint64_t)per_mille + 999) / 1000;
}

/* On from where the reader is, with `below` numbers behind it and the latest of them in *number. */
static void go_to(struct reader *reader, uint64_t rank, uint64_t *below, int64_t *number)
{
    while (*below < rank && read_pair(reader)) {
        *below += reader->count;
        *number = middle_of(reader->bucket);
    }
}

int64_t sketch_quantile(weir_bytes sketch, int per_mille)
{
    struct reader reader = read_sketch(sketch);
    uint64_t below = 0;
    int64_t number = 0;
    go_to(&reader, rank_of(count_all(sketch), per_mille), &below, &number);
    return number;
}

struct sketch_percentiles sketch_percentiles(weir_bytes sketch)
{
    struct reader reader = read_sketch(sketch);
    struct sketch_percentiles found = {0};
    uint64_t total = count_all(sketch), below = 0;
    go_to(&reader, rank_of(total, 500), &below, &found.p50);
    found.p95 = found.p50;
    go_to(&reader, rank_of(total, 950), &below, &found.p95);
    found.p99 = found.p95;
    go_to(&reader, rank_of(total, 990), &below, &found.p99);
    return found;
}

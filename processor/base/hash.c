/* hash.c: see hash.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>

static uint32_t load32(const unsigned char *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static uint64_t load64(const unsigned char *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

uint32_t hash_murmur2(weir_bytes bytes)
{
    const uint32_t m = 0x5bd1e995;
    const unsigned char *data = bytes.data;
    size_t size = bytes.size;
    uint32_t h = 0x9747b28cu ^ (uint32_t)size;
    for (; size >= 4; data += 4, size -= 4) {
        uint32_t k = load32(data) * m;
        k = (k ^ (k >> 24)) * m;
        h = (h * m) ^ k;
    }
    if (size == 3)
        h ^= (uint32_t)data[2] << 16;
    if (size >= 2)
        h ^= (uint32_t)data[1] << 8;
    if (size >= 1)
        h = (h ^ data[0]) * m;
    h = (h ^ (h >> 13)) * m;
    return h ^ (h >> 15);
}

int32_t hash_partition(weir_bytes key, int32_t count)
{
    assert(count > 0);
    return (int32_t)(hash_murmur2(key) & 0x7fffffffu) % count;
}

/* ---- Murmur3 (Austin Appleby, public domain), x64, 128 bits ---- */

static const uint64_t murmur3_c1 = 0x87c37b91114253d5u, murmur3_c2 = 0x4cf5ad432745937fu;

static uint64_t rotate(uint64_t value, int by)
{
    return (value << by) | (value >> (64 - by));
}

static uint64_t murmur3_mix1(uint64_t k)
{
    return rotate(k * murmur3_c1, 31) * murmur3_c2;
}

static uint64_t murmur3_mix2(uint64_t k)
{
    return rotate(k * murmur3_c2, 33) * murmur3_c1;
}

static uint64_t murmur3_end(uint64_t h)
{
    h = (h ^ (h >> 33)) * 0xff51afd7ed558ccdu;
    h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53u;
    return h ^ (h >> 33);
}

void hash_murmur3(weir_bytes bytes, uint64_t *high, uint64_t *low)
{
    const unsigned char *data = bytes.data;
    size_t size = bytes.size;
    uint64_t h1 = 104729, h2 = 104729;
    for (; size >= 16; data += 16, size -= 16) {
        h1 = (rotate(h1 ^ murmur3_mix1(load64(data)), 27) + h2) * 5 + 0x52dce729u;
        h2 = (rotate(h2 ^ murmur3_mix2(load64(data + 8)), 31) + h1) * 5 + 0x38495ab5u;
    }
    unsigned char tail[16] = {0};
    if (size > 0)
        memcpy(tail, data, size);
    h2 ^= murmur3_mix2(load64(tail + 8)); /* of nothing: nothing */
    h1 ^= murmur3_mix1(load64(tail));
    h1 ^= bytes.size;
    h2 ^= bytes.size;
    h1 += h2;
    h2 += h1;
    h1 = murmur3_end(h1);
    h2 = murmur3_end(h2);
    h1 += h2;
    h2 += h1;
    *high = h1;
    *low = h2;
}

static uint64_t mix(uint64_t a, uint64_t b)
{
    __uint128_t product = (__uint128_t)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Multiply-and-fold over 16 bytes at a time, in the manner of wyhash (public domain). */
uint64_t hash_table(weir_bytes bytes)
{
    const uint64_t k0 = 0xa0761d6478bd642fu, k1 = 0xe7037ed1a0b428dbu;
    const unsigned char *data = bytes.data;
    size_t size = bytes.size;
    uint64_t h = k0 ^ size;
    for (; size > 16; data += 16, size -= 16)
        h = mix(load64(data) ^ k1, load64(data + 8) ^ h);
    uint64_t a = 0, b = 0;
    if (size >= 8) {
        a = load64(data);
        b = load64(data + size - 8);
    } else if (size >= 4) {
        a = load32(data);
        b = load32(data + size - 4);
    } else if (size > 0) {
        a = ((uint64_t)data[0] << 16) | ((uint64_t)data[size / 2] << 8) | data[size - 1];
    }
    return mix(k1 ^ bytes.size, mix(a ^ k1, b ^ h));
}

static uint32_t crc_table[8][256];
static pthread_once_t crc_once = PTHREAD_ONCE_INIT;

static void crc_fill(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t crc = i;
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ ((crc & 1) ? 0x82f63b78u : 0);
        crc_table[0][i] = crc;
    }
    for (uint32_t i = 0; i < 256; i++)
        for (int slice = 1; slice < 8; slice++)
            crc_table[slice][i] = (crc_table[slice - 1][i] >> 8) ^ crc_table[0][crc_table[slice - 1][i] & 0xff];
}

static uint32_t crc_slices(uint32_t crc, const unsigned char *data, size_t size)
{
    pthread_once(&crc_once, crc_fill);
    for (; size >= 8; data += 8, size -= 8) {
        uint32_t low = load32(data) ^ crc, high = load32(data + 4);
        crc = crc_table[7][low & 0xff] ^ crc_table[6][(low >> 8) & 0xff] ^ crc_table[5][(low >> 16) & 0xff] ^
              crc_table[4][low >> 24] ^ crc_table[3][high & 0xff] ^ crc_table[2][(high >> 8) & 0xff] ^
              crc_table[1][(high >> 16) & 0xff] ^ crc_table[0][high >> 24];
    }
    for (; size; data++, size--)
        crc = (crc >> 8) ^ crc_table[0][(crc ^ *data) & 0xff];
    return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t crc_hardware(uint32_t crc, const unsigned char *data, size_t size)
{
    uint64_t wide = crc;
    for (; size >= 8; data += 8, size -= 8)
        wide = __builtin_ia32_crc32di(wide, load64(data));
    uint32_t narrow = (uint32_t)wide;
    for (; size; data++, size--)
        narrow = __builtin_ia32_crc32qi(narrow, *data);
    return narrow;
}
#endif

uint32_t hash_crc32c(uint32_t crc, const void *data, size_t size)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("sse4.2"))
        return ~crc_hardware(~crc, data, size);
#endif
    return ~crc_slices(~crc, data, size);
}

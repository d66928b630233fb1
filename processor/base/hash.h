/* hash.h: the three hashes the engine needs. */
#ifndef WEIR_BASE_HASH_H
#define WEIR_BASE_HASH_H
#include "weir.h"

/* 32-bit murmur2 with seed 0x9747b28c over the key bytes, as org.apache.kafka.common.utils.Utils.murmur2. */
uint32_t hash_murmur2(weir_bytes);
/* Kafka's default partition of a key: (murmur2(key) & 0x7fffffff) % count. */
int32_t hash_partition(weir_bytes key, int32_t count);
/* 128-bit Murmur3 with seed 104729, as org.apache.kafka.streams.state.internals.Murmur3.hash128. */
void hash_murmur3(weir_bytes, uint64_t *high, uint64_t *low);
/* 64-bit mix for tables in memory; not stable over versions, never stored. */
uint64_t hash_table(weir_bytes);
/* CRC-32C (Castagnoli, RFC 3720 appendix B.4), continuing from `crc` (0 to start). */
uint32_t hash_crc32c(uint32_t crc, const void *data, size_t size);
#endif

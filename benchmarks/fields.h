/* fields.h: reading and adding a number in a flat JSON text, byte by byte: the least a record can cost a program that
 * looks at it. Weir's workloads, the raw loops and peers/Peer.java do exactly the same. */
#ifndef WEIR_BENCHMARKS_FIELDS_H
#define WEIR_BENCHMARKS_FIELDS_H
#include <stdint.h>
#include <string.h>

enum { FIELDS_ADDED_MAX = 40 }; /* bytes that fields_add adds at most, for names of up to 16 letters */

/* The digits behind `"name":`, or -1. `quoted` is the name with its quotes and colon. */
static inline int64_t fields_number(const char *json, size_t size, const char *quoted)
{
    const char *at = memmem(json, size, quoted, strlen(quoted)), *end = json + size;
    if (!at)
        return -1;
    int64_t number = 0;
    for (at += strlen(quoted); at < end && *at >= '0' && *at <= '9'; at++)
        number = number * 10 + (*at - '0');
    return number;
}

/* {…} becomes {…,"name":number} in out, which has FIELDS_ADDED_MAX bytes more than json; its size. */
static inline size_t fields_add(char *out, const char *json, size_t size, const char *quoted, int64_t number)
{
    char digits[24];
    size_t count = 0, name = strlen(quoted);
    do
        digits[sizeof digits - ++count] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    memcpy(out, json, size - 1);
    out[size - 1] = ',';
    memcpy(out + size, quoted, name);
    memcpy(out + size + name, digits + sizeof digits - count, count);
    out[size + name + count] = '}';
    return size + name + count + 1;
}
#endif

/* resume.c: see resume.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/resume.h"

enum { DIGITS_MAX = 18 };

void resume_write(const int64_t *marks, int32_t partitions, struct buffer *out)
{
    const char *comma = "";
    for (int32_t p = 0; p < partitions; p++) {
        if (marks[p] == WEIR_MARK_NOW)
            continue;
        buffer_format(out, "%s%d:%lld", comma, p, (long long)marks[p]);
        comma = ",";
    }
}

static bool read_number(const char **at, const char *end, int64_t *out)
{
    const char *from = *at;
    for (*out = 0; *at < end && **at >= '0' && **at <= '9' && *at - from < DIGITS_MAX; ++*at)
        *out = *out * 10 + (**at - '0');
    return *at > from;
}

static bool read_one(const char **at, const char *end, int64_t *marks, int32_t partitions)
{
    int64_t partition, mark;
    if (!read_number(at, end, &partition) || *at == end || *(*at)++ != ':' || !read_number(at, end, &mark) ||
        partition >= partitions || marks[partition] != WEIR_MARK_NOW)
        return false;
    marks[partition] = mark;
    return true;
}

bool resume_read(weir_bytes text, int64_t *marks, int32_t partitions)
{
    const char *at = text.data, *end = at + text.size;
    for (int32_t p = 0; p < partitions; p++)
        marks[p] = WEIR_MARK_NOW;
    while (read_one(&at, end, marks, partitions)) {
        if (at == end)
            return true;
        if (*at++ != ',')
            return false;
    }
    return false;
}

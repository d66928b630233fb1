/* accept.c: see accept.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/accept.h"

#include <string.h>
#include <strings.h>

#include "base/bytes.h"

static const char *const media[] = {"application/json", "application/x-ndjson", "text/csv",
                                    "text/plain",       "text/vnd.mermaid",     "text/vnd.graphviz"};

/* Takes what stands before the separator off the front, without blanks around it. */
static weir_bytes take(weir_bytes *rest, char separator)
{
    const char *start = rest->data, *end = start + rest->size;
    const char *stop = memchr(start, separator, rest->size);
    *rest = stop ? (weir_bytes){stop + 1, (size_t)(end - stop - 1)} : (weir_bytes){end, 0};
    stop = stop ? stop : end;
    while (start < stop && (*start == ' ' || *start == '\t'))
        start++;
    while (stop > start && (stop[-1] == ' ' || stop[-1] == '\t'))
        stop--;
    return (weir_bytes){start, (size_t)(stop - start)};
}

/* The weight in thousandths; what is malformed counts as 1000. */
static int weight_of(weir_bytes parameters)
{
    while (parameters.size) {
        weir_bytes parameter = take(&parameters, ';');
        const char *at = parameter.data;
        if (parameter.size < 3 || (at[0] | 0x20) != 'q' || at[1] != '=')
            continue;
        int weight = at[2] == '1' ? 1000 : 0;
        for (size_t i = 4, scale = 100; i < parameter.size && i < 7 && weight < 1000; i++, scale /= 10)
            weight += at[i] >= '0' && at[i] <= '9' ? (at[i] - '0') * (int)scale : 0;
        return weight;
    }
    return 1000;
}

/* 3: the very type, 2: its family, 1: anything, 0: no match. */
static int precision_of(weir_bytes range, weir_bytes type)
{
    const char *slash = memchr(type.data, '/', type.size);
    size_t family = (size_t)(slash - (const char *)type.data) + 1;
    if (range.size == type.size && strncasecmp(range.data, type.data, type.size) == 0)
        return 3;
    if (range.size == family + 1 && strncasecmp(range.data, type.data, family) == 0 &&
        ((const char *)range.data)[family] == '*')
        return 2;
    return range.size == 3 && memcmp(range.data, "*/*", 3) == 0 ? 1 : 0;
}

static int weight_for(weir_bytes type, weir_bytes accept)
{
    int weight = 0, best = 0;
    while (accept.size) {
        weir_bytes item = take(&accept, ',');
        weir_bytes range = take(&item, ';');
        int precision = precision_of(range, type);
        if (precision > best) {
            best = precision;
            weight = weight_of(item);
        }
    }
    return weight;
}

/* What names gzip goes before what names anything. */
bool accept_has_gzip(weir_bytes accept)
{
    int weight = 0, best = 0;
    while (accept.size) {
        weir_bytes item = take(&accept, ',');
        weir_bytes coding = take(&item, ';');
        bool is_gzip = (coding.size == 4 && strncasecmp(coding.data, "gzip", 4) == 0) ||
                       (coding.size == 6 && strncasecmp(coding.data, "x-gzip", 6) == 0);
        int precision = is_gzip ? 2 : coding.size == 1 && *(const char *)coding.data == '*';
        if (precision > best) {
            best = precision;
            weight = weight_of(item);
        }
    }
    return weight > 0;
}

static const char *static_name(weir_bytes type)
{
    for (size_t i = 0; i < sizeof media / sizeof media[0]; i++) {
        if (bytes_equal(type, bytes_of_text(media[i])))
            return media[i];
    }
    return NULL;
}

const char *accept_choose(const char *offered, weir_bytes accept)
{
    weir_bytes rest = bytes_of_text(offered);
    bool any = accept.size == 0 || bytes_equal(accept, bytes_of_text("*/*"));
    const char *chosen = NULL;
    int highest = 0;
    while (rest.size) {
        weir_bytes type = take(&rest, ',');
        int weight = any ? 1000 : weight_for(type, accept);
        if (weight > highest) {
            highest = weight;
            chosen = static_name(type);
        }
        if (any)
            break;
    }
    return chosen;
}

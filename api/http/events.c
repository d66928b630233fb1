/* events.c: see events.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/events.h"

#include <string.h>

#include "base/bytes.h"

static bool take_field(weir_bytes line, const char *name, weir_bytes *value)
{
    size_t size = strlen(name);
    const char *at = line.data;
    if (line.size <= size || memcmp(at, name, size) != 0 || at[size] != ':')
        return false;
    size++;
    if (size < line.size && at[size] == ' ')
        size++;
    *value = (weir_bytes){at + size, line.size - size};
    return true;
}

static void take_line(weir_bytes line, struct event *event)
{
    if (!take_field(line, "event", &event->name) && !take_field(line, "id", &event->id))
        take_field(line, "data", &event->data);
}

size_t events_next(weir_bytes text, struct event *event, size_t *skipped)
{
    const char *begin = text.data, *at = begin, *end = begin + text.size, *line_end;
    *event = (struct event){0};
    *skipped = 0;
    while (at < end && (line_end = memchr(at, '\n', (size_t)(end - at)))) {
        take_line((weir_bytes){at, (size_t)(line_end - at)}, event);
        bool is_blank = line_end == at;
        at = line_end + 1;
        if (is_blank && event->data.data)
            return (size_t)(at - begin);
        if (is_blank) {
            *event = (struct event){0};
            *skipped = (size_t)(at - begin);
        }
    }
    return 0;
}

bool events_partition(weir_bytes data, int32_t partitions, int32_t *out)
{
    static const char before[] = "{\"partition\":";
    const size_t size = sizeof before - 1;
    const char *at = data.data, *end = at + data.size;
    int64_t number = 0;
    if (data.size < size + 2 || memcmp(at, before, size) != 0 || end[-1] != '}')
        return false;
    for (at += size; at < end - 1; at++) {
        if (*at < '0' || *at > '9')
            return false;
        number = number * 10 + (*at - '0');
        if (number >= partitions)
            return false;
    }
    *out = (int32_t)number;
    return true;
}

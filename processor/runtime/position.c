/* position.c: see position.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/position.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum {
    POSITIONS_MAX = 4096,
    ENTRY_BYTES_MAX = 1 + 1 + 10 + 1 + 20, /* of an entry, besides its topic: comma, colons and numbers */
};

/* Every row read says its position, so this is done without printf. */
static char *put_number(char *at, uint64_t number)
{
    char digits[20];
    size_t first = sizeof digits;
    do {
        digits[--first] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    memcpy(at, digits + first, sizeof digits - first);
    return at + (sizeof digits - first);
}

static size_t room_for(const struct task *task)
{
    size_t bytes = 1;
    for (size_t i = 0; i < task->source_count; i++)
        bytes += strlen(task->sources[i].layout->topic) + ENTRY_BYTES_MAX;
    return bytes;
}

/* Returns the end, where a NUL stands. */
static char *put_position(char *at, const struct task *task, bool comma)
{
    for (size_t i = 0; i < task->source_count; i++) {
        int64_t offset = atomic_load(&task->committed[i]);
        if (offset < 0 || task->sources[i].layout->is_shares)
            continue;
        const char *topic = task->sources[i].layout->topic;
        size_t size = strlen(topic);
        if (comma)
            *at++ = ',';
        memcpy(at, topic, size);
        at[size] = ':';
        at = put_number(at + size + 1, (uint64_t)layout_partition(task->sources[i].layout, task->partition));
        *at++ = ':';
        at = put_number(at, (uint64_t)offset);
        comma = true;
    }
    *at = 0;
    return at;
}

void position_write(const struct task *task, struct buffer *text)
{
    buffer_reserve(text, room_for(task));
    text->size = (size_t)(put_position(text->data + text->size, task, text->size > 0) - text->data);
}

const char *position_text(const struct task *task, weir_arena *arena)
{
    char *text = arena_alloc_raw(arena, room_for(task));
    put_position(text, task, false);
    return text;
}

static bool read_number(const char **at, char end_mark, int64_t max, int64_t *out)
{
    char *end = NULL;
    if (**at < '0' || **at > '9')
        return false;
    errno = 0;
    long long number = strtoll(*at, &end, 10);
    if (errno || number > max || (*end != end_mark && *end != 0))
        return false;
    *out = number;
    *at = *end ? end + 1 : end;
    return true;
}

static bool read_one(const char **at, weir_arena *arena, struct position *out)
{
    size_t size = strcspn(*at, ":,");
    int64_t partition;
    if (size == 0 || (*at)[size] != ':')
        return false;
    out->topic = arena_bytes(arena, (weir_bytes){*at, size}).data;
    *at += size + 1;
    const char *before = *at;
    if (!read_number(at, ':', INT32_MAX, &partition) || **at == 0 || strcspn(before, ":") == strlen(before))
        return false;
    out->partition = (int32_t)partition;
    return read_number(at, ',', INT64_MAX, &out->offset);
}

bool position_read(const char *text, weir_arena *arena, struct position **out, size_t *count, struct weir_error *error)
{
    size_t most = 1;
    for (const char *c = text; *c; c++)
        most += *c == ',';
    *count = 0;
    if (most > POSITIONS_MAX)
        return error_set(error, WEIR_INVALID, "position: more than %d entries", POSITIONS_MAX);
    *out = arena_alloc(arena, most * sizeof **out);
    bool more = *text != 0;
    for (const char *at = text; more; more = at[-1] == ',')
        if (!read_one(&at, arena, &(*out)[(*count)++]))
            return error_set(error, WEIR_INVALID, "position: expected topic:partition:offset, separated by commas");
    return *count > 0 || error_set(error, WEIR_INVALID, "position: empty");
}

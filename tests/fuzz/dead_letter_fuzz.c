/* dead_letter_fuzz.c: any headers as those of a dead letter, which anybody may write into its topic. What is understood is
 * in range, and is understood in the same way when a letter is made of it again.
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <string.h>

#include "runtime/dead_letter.h"

enum { HEADERS_MAX = 24 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Lines of "name=value"; a name that begins with '.' stands behind the prefix. */
static size_t read_headers(weir_arena *arena, char *text, struct weir_header *out)
{
    size_t count = 0;
    for (char *line = text, *next; line && count < HEADERS_MAX; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = 0;
        char *value = strchr(line, '=');
        if (value)
            *value++ = 0;
        out[count++] = (struct weir_header){*line == '.' ? arena_format(arena, "__streams.errors%s", line) : line,
                                            {value, value ? strlen(value) : 0}};
    }
    return count;
}

static void read_again(const struct dead_letter *letter, weir_arena *arena)
{
    struct dead_letter again;
    struct weir_error error = {0};
    const struct broker_record record = dead_letter_of(letter, 1, arena);
    const struct broker_message message = {.key = record.key, .value = record.value, .headers = record.headers};
    bool is_read = dead_letter_read(&message, arena, &again, &error);
    assert(is_read && strcmp(letter->topic, again.topic) == 0 && letter->partition == again.partition);
    assert(letter->offset == again.offset && letter->timestamp_ms == again.timestamp_ms);
    assert(!letter->withheld == !again.withheld && again.headers.count <= letter->headers.count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct weir_header headers[HEADERS_MAX];
    struct dead_letter letter;
    struct weir_error error = {0};
    weir_arena arena;
    if (size > 4096)
        return 0;
    arena_init(&arena);
    char *text = arena_text(&arena, arena_bytes(&arena, (weir_bytes){data, size}).data);
    struct broker_message message = {.timestamp_ms = 5, .headers = {headers, read_headers(&arena, text, headers)}};
    if (dead_letter_read(&message, &arena, &letter, &error)) {
        assert(letter.partition >= 0 && letter.offset >= 0 && *letter.topic);
        read_again(&letter, &arena);
    } else {
        assert(error.code == WEIR_INVALID && strstr(error.message, "__streams.errors."));
    }
    arena_done(&arena);
    return 0;
}

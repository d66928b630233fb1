/* 12_streams.c: lines of logs, sorted: errors to one topic, the words of all others, by word, to another.
 *
 * Records are filtered, split, changed one by one and into several, and laid out anew by another key.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "examples.h"

static bool is_empty(weir_context *context, const struct weir_record *line)
{
    const weir_bytes *text = line->value;
    (void)context;
    return !text || text->size == 0;
}

static bool is_error(weir_context *context, const struct weir_record *line)
{
    const weir_bytes *text = line->value;
    (void)context;
    return text->size >= 6 && memcmp(text->data, "error ", 6) == 0;
}

static const void *without_level(weir_context *context, const struct weir_record *line)
{
    const weir_bytes *text = line->value;
    weir_bytes *rest = weir_alloc(context, sizeof *rest);
    *rest = (weir_bytes){(const char *)text->data + 6, text->size - 6};
    return rest;
}

static void each_word(weir_context *context, const struct weir_record *line)
{
    const weir_bytes *text = line->value;
    const char *at = text->data, *end = at + text->size;
    while (at < end) {
        const char *space = memchr(at, ' ', (size_t)(end - at));
        const weir_bytes word = {at, (size_t)((space ? space : end) - at)};
        struct weir_record out = *line;
        out.value = &word;
        if (word.size > 0)
            weir_forward(context, &out);
        at = space ? space + 1 : end;
    }
}

static const void *word_itself(weir_context *context, const struct weir_record *word)
{
    (void)context;
    return word->value;
}

weir_topology *example_streams(void)
{
    weir_topology *t = weir_topology_new("example-streams");
    weir_stream *lines = weir_from(t, "app-lines", &weir_str_type, &weir_str_type, .also = {"system-lines"});
    weir_branches *levels = weir_split(weir_filter_not(lines, is_empty), .name = "level-");
    weir_stream *errors = weir_branch(levels, is_error, .name = "error");
    weir_stream *others = weir_branch_rest(levels, .name = "other");
    weir_to(weir_map_values(errors, &weir_str_type, without_level), "error-lines");
    weir_stream *words = weir_flat_map_values(others, &weir_str_type, each_word);
    weir_to(weir_rekey(words, "line-words", &weir_str_type, word_itself), "line-words");
    return t;
}

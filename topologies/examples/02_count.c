/* 02_count.c: how often each word came. The count is a view: weir query word-counts stream.
 *
 * Words arrive under any key, so they move to the partition of the word first, through a topic with a name. Compiled with
 * EXAMPLE_IS_PLUGIN this file is a plugin: weir run example_count.so.
 * SPDX-License-Identifier: Apache-2.0 */
#include "examples.h"

static bool has_value(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return record->value != NULL;
}

static const void *word_itself(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return record->value; /* borrowed: it lives as long as the record */
}

weir_topology *example_count(void)
{
    weir_topology *t = weir_topology_new("example-count");
    weir_stream *words = weir_from(t, "words", &weir_str_type, &weir_str_type);
    weir_grouped *by_word = weir_group_by(weir_filter(words, has_value), "words-by-word", &weir_str_type, word_itself);
    weir_table *counts = weir_count(by_word, "word-counts");
    weir_to(weir_changes(counts), "word-counts");
    return t;
}

#ifdef EXAMPLE_IS_PLUGIN
WEIR_EXPORT_TOPOLOGIES = {{"count", "counts words", example_count}, {NULL, NULL, NULL}};
#endif

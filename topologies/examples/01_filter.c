/* 01_filter.c: words in, long words out. No state.
 *
 *   echo '{"topic":"words","key":"1","value":"stream","ts":0}' | weir test example-filter
 * SPDX-License-Identifier: Apache-2.0 */
#include "examples.h"

static bool is_long(weir_context *context, const struct weir_record *record)
{
    const weir_bytes *word = record->value;
    (void)context;
    return word && word->size > 4; /* a record may have no value */
}

weir_topology *example_filter(void)
{
    weir_topology *t = weir_topology_new("example-filter");
    weir_stream *words = weir_from(t, "words", &weir_str_type, &weir_str_type);
    weir_to(weir_filter(words, is_long), "long-words");
    return t;
}

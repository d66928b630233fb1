/* functions.h: the functions that generated topologies are made of, by name; java/Functions.java has the same.
 *
 * A function is total and depends on nothing but its arguments. Texts are weir_bytes (weir_str_type or weir_bytes_type),
 * numbers int64_t (weir_i64_type). */
#ifndef WEIR_TESTS_ORACLE_FUNCTIONS_H
#define WEIR_TESTS_ORACLE_FUNCTIONS_H
#include "weir.h"

/* NULL: there is no function of that name. */
weir_predicate *function_test(const char *name);
weir_mapper *function_value(const char *name);
weir_mapper *function_key(const char *name);
bool function_breaks(const struct weir_record *); /* what is called "fragile" fails of it */
weir_visitor *function_flat(const char *name);
weir_visitor *function_flat_values(const char *name);
weir_reducer *function_reduce(const char *name);
weir_aggregator *function_aggregate(const char *name);
weir_joiner *function_join(const char *name);
weir_timestamp_of *function_timestamp(const char *name);
weir_merger function_merge_texts, function_merge_numbers; /* of two sessions that grew together */

/* Its .user is a struct choice: one of the topics, by the value. */
struct choice {
    const char *topics[2];
};
weir_topic_of function_topic;
#endif

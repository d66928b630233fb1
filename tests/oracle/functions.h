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

/* Counts records of a key, forwards every second count; a punctuation forwards all counts and forgets those above two.
 * Its .user is a struct tally. */
struct tally {
    const char *store;
    int64_t every_ms; /* 0: no punctuations */
    enum weir_clock clock;
};
extern const struct weir_processor function_tally;

/* Forwards each value together with the one before it of the same key, and says in a header how long the two are. Its
 * .user is the name of its store. */
extern const struct weir_processor function_recall;

/* A mapper of tables: values together with the ones before them of the same key; its .user is the name of its store. */
weir_mapper function_remember;

/* Keeps the latest value of each key and window, and forwards it together with those of this window and the one before.
 * Its .user is a struct shelf. */
struct shelf {
    const char *store;
    int64_t size_ms; /* of a window */
};
extern const struct weir_processor function_shelve;
extern const struct weir_processor
    function_diary; /* the same with sessions, all of that length; without the one before */

/* Keeps the latest value of each key, and forwards a part of all. Its .user is the name of its store. */
extern const struct weir_processor function_survey;

/* Forwards to one of its children, chosen by the value, and every fifth to all. Its .user is a struct route. */
struct route {
    const char *children[2];
};
extern const struct weir_processor function_route;

/* Its .user is a struct choice: one of the topics, by the value. */
struct choice {
    const char *topics[2];
};
weir_topic_of function_topic;
#endif

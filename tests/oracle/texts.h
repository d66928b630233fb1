/* texts.h: what the functions and processors of generated topologies compute with: texts and weights of records.
 * java/Functions.java has the same. Memory is the context's. */
#ifndef WEIR_TESTS_ORACLE_TEXTS_H
#define WEIR_TESTS_ORACLE_TEXTS_H
#include "weir.h"

weir_bytes text_print(weir_context *, const char *format, ...) WEIR_PRINTF(2, 3);
weir_bytes text_join(weir_context *, const weir_bytes *parts, size_t count);
/* A text as it is, a number in decimal; NULL: "null". */
weir_bytes text_of(weir_context *, const struct weir_type *, const void *value);
weir_bytes text_of_value(weir_context *, const struct weir_record *);
weir_bytes text_of_key(weir_context *, const struct weir_record *); /* the window stands behind the key */
/* A text that grew too long becomes its FNV-1a hash, so that aggregates stay small and still differ. */
weir_bytes text_fold(weir_context *, weir_bytes);

int64_t text_sum(weir_bytes); /* of its bytes */
/* A number as it is, the sum of a text; of no value that of "null". */
int64_t record_weight(const struct weir_record *);
int64_t floor_mod(int64_t n, int64_t by); /* from 0 to by - 1 */

/* Values to forward or to store. */
const void *text_keep(weir_context *, weir_bytes);
const void *text_keep_folded(weir_context *, weir_bytes);
const void *number_keep(weir_context *, int64_t);

#define JOIN(context, ...)                                                                                             \
    text_join(context, (const weir_bytes[]){__VA_ARGS__},                                                              \
              sizeof((const weir_bytes[]){__VA_ARGS__}) / sizeof(weir_bytes))
#define TEXT(literal) ((weir_bytes){"" literal, sizeof(literal) - 1})
#endif

/* scalar.h: values that stand alone in a key or a value, as Kafka's own serializers write them.
 *
 * string: UTF-8; bytes: as they are; int, long, float, double: big-endian; boolean: one byte; timestamp: as long; enum:
 * its symbol; decimal: its text; JSON: its text. */
#ifndef WEIR_SCHEMAS_SCALAR_H
#define WEIR_SCHEMAS_SCALAR_H
#include "schemas/codec.h"

/* Kinds other than record, array and map. */
bool scalar_is(const struct weir_type *);
const void *scalar_read(const struct weir_type *, weir_bytes, weir_arena *, struct weir_error *);
/* Kinds whose values in memory are bytes, the same that are written; and whether a value of one may be written. */
bool scalar_is_bytes(const struct weir_type *);
bool scalar_check(const struct weir_type *, weir_bytes, struct weir_error *);
bool scalar_write(const struct weir_type *, const void *value, struct buffer *, struct weir_error *);
#endif

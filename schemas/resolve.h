/* resolve.h: what another schema wrote, read as a type of ours (Avro specification 1.11, "Schema Resolution").
 *
 * A resolution is compiled once for a schema and a type and then walked for each value, writing our struct directly: fields are
 * found by name, then by alias, those that nobody asks for are skipped, those that are missing have their default; numbers are
 * promoted, strings and bytes are each other, symbols go by name. Where both have the same bytes, avro_read does the work.
 * Stricter than the specification: a decimal must have our scale and a time our unit, because the number alone would be wrong
 * silently. Wider: names of records, enums and fixed are not compared, as in the Java reader of records, and a decimal may
 * stand on bytes or fixed. */
#ifndef WEIR_SCHEMAS_RESOLVE_H
#define WEIR_SCHEMAS_RESOLVE_H
#include "schemas/codec.h"
#include "schemas/schema.h"

struct resolution;

/* Lives in the arena, as the schema and the type must. Never NULL: what cannot be read is refused when it comes.
 * Immutable, thread-safe. */
const struct resolution *resolution_new(const struct schema *, const struct weir_type *, weir_arena *);
/* Whether all that the schema can write can be read. False: WEIR_INVALID, the message names the first field that cannot, and why. */
bool resolution_is_total(const struct resolution *, struct weir_error *);
/* As avro_read: plain binary, no frame. */
const void *resolution_read(const struct resolution *, weir_bytes, weir_arena *, struct weir_error *);
#endif

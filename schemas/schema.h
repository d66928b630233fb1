/* schema.h: an Avro schema as others have written it: parsed from its JSON text (Avro specification 1.11, "Schema
 * Declaration"), so that what was written by it can be read. Our own schemas are type tables (weir.h).
 *
 * The text comes from outside: it is as bounded as any value (codec.h), names may be defined once, sizes are checked.
 * Types that mention each other by name make a graph that may have cycles. Immutable once read; thread-safe. */
#ifndef WEIR_SCHEMAS_SCHEMA_H
#define WEIR_SCHEMAS_SCHEMA_H
#include "base/arena.h"
#include "base/buffer.h"
#include "weir.h"

enum schema_kind {
    SCHEMA_NULL,
    SCHEMA_BOOLEAN,
    SCHEMA_INT,
    SCHEMA_LONG,
    SCHEMA_FLOAT,
    SCHEMA_DOUBLE,
    SCHEMA_BYTES,
    SCHEMA_STRING,
    SCHEMA_RECORD,
    SCHEMA_ENUM,
    SCHEMA_FIXED,
    SCHEMA_ARRAY,
    SCHEMA_MAP,
    SCHEMA_UNION,
};

/* What the bytes stand for, as far as it decides whether they can be read. */
enum schema_logical {
    SCHEMA_PLAIN, /* none, or one that changes nothing here */
    SCHEMA_DECIMAL,
    SCHEMA_MILLIS,     /* timestamp-millis */
    SCHEMA_OTHER_TIME, /* timestamp-micros and -nanos, local ones too */
    SCHEMA_JSON,       /* "json": a string that is a JSON text */
};

struct schema_field {
    const char *name;
    const struct schema *type;
};

struct schema {
    enum schema_kind kind;
    enum schema_logical logical;
    const char *name; /* as messages call it: full name of a record, an enum or a fixed, else "long", "array", … */
    const struct schema_field *fields;    /* of a record */
    const struct schema *const *branches; /* of a union */
    const char *const *symbols;           /* of an enum */
    size_t count;                         /* of fields, branches or symbols */
    const struct schema *item;            /* of an array or a map */
    size_t size;                          /* of a fixed, in bytes */
    int32_t scale;                        /* of a decimal */
};

/* Everything it points to lives in the arena. NULL: WEIR_INVALID; the message says what is wrong, and in which type. */
const struct schema *schema_read(weir_bytes text, weir_arena *, struct weir_error *);

/* Appends the Avro schema of a type table, whole: with logical types, defaults and aliases, which the canonical form in
 * weir_type.schema has not. Decimals say the precision of 18 digits that they are bound to. */
void schema_of_type(const struct weir_type *, struct buffer *);
#endif

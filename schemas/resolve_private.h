/* resolve_private.h: a resolution from the inside; for resolve.c, which makes it, and resolve_read.c, which walks it. */
#ifndef WEIR_SCHEMAS_RESOLVE_PRIVATE_H
#define WEIR_SCHEMAS_RESOLVE_PRIVATE_H
#include "schemas/resolve.h"

enum resolve_how {
    RESOLVE_SAME,    /* the bytes are those of the type */
    RESOLVE_NUMBER,  /* an int, long or float that becomes a wider number */
    RESOLVE_DECIMAL, /* on other bytes than ours */
    RESOLVE_SYMBOL,
    RESOLVE_RECORD,
    RESOLVE_ITEMS, /* of an array or a map */
    RESOLVE_UNION,
    RESOLVE_NULL,   /* of an optional field */
    RESOLVE_REFUSE, /* no value of it can be read */
};

struct resolve_step {          /* one field of the writer's record, in its order */
    const struct schema *skip; /* nobody asks for it; else NULL */
    const struct weir_field *field;
    const struct resolution *value;
};

struct resolve_initial { /* a field that the writer does not have */
    const struct weir_field *field;
    const void *value; /* its default */
};

struct resolution {
    enum resolve_how how;
    const struct schema *writer;
    const struct weir_type *type;
    const struct resolve_step *steps; /* one per field of the writer */
    const struct resolve_initial *initials;
    size_t initial_count;
    const int32_t *symbols; /* by the writer's index; -1: we have no such symbol */
    const struct resolution *item;
    const struct resolution *const *branches; /* one per branch of the writer */
    const char *refusal;
    const struct problem *gap; /* of the whole: what cannot be read first; NULL: nothing */
};
#endif

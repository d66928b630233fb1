/* once.h: passes a record once per identity, however often its producer sends it, until what came of it is taken back. */
#ifndef WEIR_TOPOLOGIES_RECORD_ONCE_H
#define WEIR_TOPOLOGIES_RECORD_ONCE_H
#include "weir.h"

/* The .user of a processor of this kind. In a plain store identities are remembered for ever. In a window store they are for its
 * retention, by the greatest time of what is in the store: a repetition is recognised whose time is at most a window away from the first's; what
 * is too old to be remembered passes, and is counted ("expired"). */
struct once {
    const char *store; /* keys: weir_str_type, values: weir_i64_type (the time of the first) */
    weir_bytes (*identity)(weir_context *, const struct weir_record *); /* empty: cannot be known, passes always */
    weir_duration window; /* of a window store, its .size; 0: it is a plain one */
};
/* What was seen before, or has no value, is counted as dropped ("duplicate", "null_value"). */
extern const struct weir_processor once_processor;

/* Passes everything on, and forgets the identity of it: what was tried in vain may come again, as a replayed dead letter
 * does. Of a plain store. */
extern const struct weir_processor forget_processor;
#endif

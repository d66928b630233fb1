/* once.h: passes a record once per identity, however often its producer sends it. */
#ifndef WEIR_TOPOLOGIES_RECORD_ONCE_H
#define WEIR_TOPOLOGIES_RECORD_ONCE_H
#include "weir.h"

/* The .user of a processor of this kind. */
struct once {
    const char *store; /* keys: weir_str_type, values: weir_i64_type (the time of the first) */
    weir_bytes (*identity)(weir_context *, const struct weir_record *); /* empty: cannot be known, passes always */
};
/* What was seen before, or has no value, is counted as dropped ("duplicate", "null_value"). */
extern const struct weir_processor once_processor;
#endif

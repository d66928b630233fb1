/* mask.h: a type as someone sees it from whom fields are hidden.
 *
 * Values are written by their type tables, everywhere: JSON, CSV, SQL columns, schemas. A type with fewer fields over the
 * same bytes therefore hides a field in all of them. */
#ifndef WEIR_GUARD_MASK_H
#define WEIR_GUARD_MASK_H
#include "guard/access.h"

/* `type` itself when nothing of it is hidden; otherwise a copy in the arena without those fields and without a schema. */
const struct weir_type *mask_type(const struct grant *, weir_bytes view, const struct weir_type *type, weir_arena *);
/* Whether a value of that type has the field that such a path ("address.street") hides. */
bool mask_has_field(const struct weir_type *, const char *path);
#endif

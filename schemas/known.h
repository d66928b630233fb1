/* known.h: the schemas that this process knows others by, and how each is read as a type of ours. [any thread]
 *
 * Schemas are found by fingerprint (CRC-64-AVRO of the canonical form), which is what a single object says of itself. Once there,
 * a schema and its resolutions stay until the process ends: they are few, and reading them takes no lock. A type of a
 * plugin must be there as long as anything is read as it. */
#ifndef WEIR_SCHEMAS_KNOWN_H
#define WEIR_SCHEMAS_KNOWN_H
#include "schemas/resolve.h"

/* Remembers a copy of the text. The first schema of a fingerprint stays. False: WEIR_INVALID, as schema_read. */
bool known_add(uint64_t fingerprint, weir_bytes text, struct weir_error *);
/* NULL: no schema of that fingerprint is known. */
const struct schema *known_schema(uint64_t fingerprint);
/* How the schema is read as the type; made when it is asked for first. The schema must live as long as the process. */
const struct resolution *known_resolution(const struct schema *, const struct weir_type *);
/* Parses a schema that lives as long as the process. NULL: as schema_read, and nothing is kept. */
const struct schema *known_read(weir_bytes text, struct weir_error *);
#endif

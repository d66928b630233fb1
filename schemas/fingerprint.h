/* fingerprint.h: CRC-64-AVRO (Avro specification, "Schema Fingerprints") of a schema in Parsing Canonical Form. */
#ifndef WEIR_SCHEMAS_FINGERPRINT_H
#define WEIR_SCHEMAS_FINGERPRINT_H
#include "weir.h"

uint64_t fingerprint_of(weir_bytes schema);
#endif

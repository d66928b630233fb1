/* schema.h: a type table as JSON Schema (2020-12, the dialect of OpenAPI 3.1). */
#ifndef WEIR_HTTP_SCHEMA_H
#define WEIR_HTTP_SCHEMA_H
#include "base/buffer.h"
#include "weir.h"

void schema_write(struct buffer *, const struct weir_type *, int depth); /* depth: 0 at the top; bounded */
#endif

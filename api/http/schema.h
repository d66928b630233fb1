/* schema.h: a type table as JSON Schema (2020-12, the dialect of OpenAPI 3.1). */
#ifndef WEIR_HTTP_SCHEMA_H
#define WEIR_HTTP_SCHEMA_H
#include "base/buffer.h"
#include "weir.h"

/* uri.c refuses control characters in URIs, in whatever way they are written. */
#define URI_TEXT_SCHEMA "{\"type\":\"string\",\"pattern\":\"^[^\\\\x00-\\\\x1f\\\\x7f]*$\"}"
/* What time.c reads: RFC 3339, or milliseconds since 1970 of up to 18 characters. */
#define TIME_TEXT_SCHEMA                                                                                               \
    "{\"anyOf\":[{\"type\":\"string\",\"format\":\"date-time\"},{\"type\":\"integer\",\"minimum\":-99999999999999999," \
    "\"maximum\":999999999999999999}]}"

enum schema_use {
    SCHEMA_ANSWERED,
    SCHEMA_SENT, /* by a client: nothing that is not there, and times as milliseconds, too */
};

void schema_write(struct buffer *, const struct weir_type *, enum schema_use);
#endif

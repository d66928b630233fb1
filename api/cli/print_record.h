/* print_record.h: keys, values and headers of records as members of a JSON line. */
#ifndef WEIR_CLI_PRINT_RECORD_H
#define WEIR_CLI_PRINT_RECORD_H
#include <stdio.h>

#include "weir.h"

/* Bytes nobody knows the type of: an object or array of JSON as it is, other UTF-8 as a string, anything else as
 * base64url, which a member `<name>_encoding` says. */
void print_bytes(FILE *, weir_arena *, const char *name, weir_bytes);
/* The member "headers", unless there are none. */
void print_headers(FILE *, weir_arena *, struct weir_headers);
/* A typed value: texts as strings, numbers as numbers, records as objects, NULL as null. */
void print_value(FILE *, weir_arena *, const char *name, const struct weir_type *, const void *value);
#endif

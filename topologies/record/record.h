/* record.h: what callbacks of the systems often do: texts in the memory of a record, a record under another key. */
#ifndef WEIR_TOPOLOGIES_RECORD_RECORD_H
#define WEIR_TOPOLOGIES_RECORD_RECORD_H
#include "weir.h"

/* As printf; lives as long as the record in hand. */
WEIR_PRINTF(2, 3) weir_bytes record_text(weir_context *, const char *format, ...);
/* For "%.*s". */
#define RECORD_CHARS(bytes) (int)(bytes).size, (const char *)(bytes).data
/* Forwards a value under a text as key, with the time and the headers of the record in hand. */
void record_forward(weir_context *, const struct weir_record *cause, weir_bytes key, const void *value);
bool record_is_same(weir_bytes, weir_bytes);
/* The key must be a text; a record without one is keyed by nothing. */
bool record_is_keyed_by(const struct weir_record *, weir_bytes);
#endif

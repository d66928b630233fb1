/* text.h: texts made of a record, in its memory. */
#ifndef WEIR_TOPOLOGIES_TRADEX_TEXT_H
#define WEIR_TOPOLOGIES_TRADEX_TEXT_H
#include "weir.h"

/* As printf; lives as long as the record in hand. */
WEIR_PRINTF(2, 3) weir_bytes tradex_text(weir_context *, const char *format, ...);
/* For "%.*s". */
#define TRADEX_CHARS(bytes) (int)(bytes).size, (const char *)(bytes).data
/* Forwards a value under a text as key, with the time and the headers of the record in hand. */
void tradex_forward(weir_context *, const struct weir_record *cause, weir_bytes key, const void *value);
#endif

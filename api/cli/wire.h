/* wire.h: JSON on the command's side, bytes on the wire: how `weir test` writes the records of a topology.
 *
 * Numbers become what Kafka's serializers write, texts their UTF-8, records stay JSON (which the engine reads). */
#ifndef WEIR_CLI_WIRE_H
#define WEIR_CLI_WIRE_H
#include "weir.h"

/* Bytes of a value; json data NULL or null: the absent value. Lives in the arena. False: the JSON does not fit. */
bool wire_write(weir_arena *, const struct weir_type *, weir_bytes json, weir_bytes *out, struct weir_error *);
#endif

/* evolution.h: schemas change while what they have written stays: rows of stores, changelogs, records in repartition topics.
 *
 * Each such value says by which schema it was written (fingerprint), not what that schema is. So an app keeps the schemas of all it has
 * ever written in a compacted topic, "<application>-schemas", before it writes anything by them:
 *   key    "store|topic|type <name> key|value <fingerprint, 16 digits>"
 *   value  the Avro schema, whole
 * and reads them all when it starts. Old values are then resolved when they are read (schemas/known.h). A topology all of whose types
 * are scalars keeps none. */
#ifndef WEIR_RUNTIME_EVOLUTION_H
#define WEIR_RUNTIME_EVOLUTION_H
#include "runtime/layout.h"

/* False: WEIR_INVALID, something that is kept cannot be read by the topology's types; the message names the store or topic, the field
 * and why, and nothing was changed. WEIR_RETRY: the broker does not answer. Waits for the broker. */
bool evolution_settle(const struct layout *, struct broker *, struct weir_error *);

/* The topic of the schemas; in the arena. */
const char *evolution_topic(const struct layout *, weir_arena *);
#endif

/* registry.h: schemas that are kept by a Schema Registry (Confluent's REST interface, which Apicurio and Karapace speak too).
 *
 * A record in Confluent's frame says only the number of its schema. Whoever reads one asks here: a schema that is known is
 * found without a lock; one that is not is asked for by a thread of its own, so that nobody waits for a network. While the registry
 * cannot be reached, what is known keeps being found and the rest stays WEIR_RETRY: that is asked for again, less and less often
 * (0.1 s to 5 s), for ever. What the registry does not have is remembered for schema.registry.unknown.ms, then asked for again. */
#ifndef WEIR_REGISTRY_REGISTRY_H
#define WEIR_REGISTRY_REGISTRY_H
#include "base/config.h"
#include "schemas/schema.h"

struct registry;

/* NULL and WEIR_OK: schema.registry.url is empty. NULL and WEIR_INVALID: a setting is malformed. Asks nothing yet. */
struct registry *registry_open(const struct config *, struct weir_error *);
void registry_close(struct registry *); /* NULL is fine; nobody may be asking any more */

/* The schema with that number; it lives as long as the process. Never waits. NULL: WEIR_RETRY, it is being asked for; WEIR_POISON, the
 * registry has none of that number, or one that is not Avro or cannot be read. [any thread] */
const struct schema *registry_find(struct registry *, int32_t id, struct weir_error *);

/* The number of our schema under the subject, which it is registered under if need be (unless auto.register.schemas is false).
 * Waits, up to three times schema.registry.request.timeout.ms. False: WEIR_RETRY, the registry does not answer; WEIR_INVALID, it
 * refuses the schema (the message says why), or does not know it and nothing may be registered. */
bool registry_register(struct registry *, const char *subject, weir_bytes schema, int32_t *id, struct weir_error *);
#endif

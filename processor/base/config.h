/* config.h: the settings of an app, from one table: name, kind, range, default, prose.
 *
 * The table is the only list of settings; parsing, --help, --print-config and docs/configuration.md come from it. A key
 * that is not in it and does not belong to librdkafka ("kafka.", "consumer.", "producer.", "admin." prefixes, and the
 * bare security keys security.protocol, sasl.*, ssl.*) is an error that proposes the nearest name. Later calls
 * override earlier ones. Not thread-safe while it is being filled; afterwards read-only and shared. */
#ifndef WEIR_BASE_CONFIG_H
#define WEIR_BASE_CONFIG_H
#include "base/buffer.h"
#include "weir.h"

struct config;

struct config *config_new(void); /* all defaults */
void config_free(struct config *);
bool config_set(struct config *, const char *key, const char *value, struct weir_error *);
bool config_load(struct config *, const char *path, struct weir_error *); /* Java properties; errors name the line */
bool config_environment(struct config *, struct weir_error *);            /* WEIR_COMMIT_INTERVAL_MS=… */
bool config_fill(struct config *, const struct weir_config *,
                 struct weir_error *); /* file, environment, pairs, in that order */

/* Known keys only (asserted); values were checked against kind and range when they were set. */
const char *config_text(const struct config *, const char *key); /* "" when empty; lives as long as the config */
int64_t config_integer(const struct config *, const char *key);  /* sizes and milliseconds too */
bool config_is_set(const struct config *, const char *key);      /* not left at its default */
bool config_flag(const struct config *, const char *key);
bool config_has_word(const struct config *, const char *key, const char *word); /* of a list with commas */
const char *config_shown(const struct config *,
                         const char *key); /* as config_text, secrets as "****"; NULL: unknown key */

/* Visits the settings meant for librdkafka, prefix taken off: those for all clients first, then those for `role`
 * ("consumer", "producer", "admin"), so that setting them in this order lets the special one win. */
void config_each_kafka(const struct config *, const char *role,
                       void (*visit)(void *self, const char *key, const char *value), void *self);
/* "topic." prefixed settings: configuration of internal topics. */
void config_each_topic(const struct config *, void (*visit)(void *self, const char *key, const char *value),
                       void *self);

void config_print(const struct config *, FILE *); /* effective values, secrets masked */
void config_print_help(FILE *);                   /* for --help */
void config_print_reference(FILE *);              /* docs/configuration.md */
#endif

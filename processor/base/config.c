/* config.c: holds the settings. See config.h.
 *
 * A value is checked when it is set, so that readers never fail. What is not in the table is either librdkafka's (kept as
 * it came, librdkafka checks it), a topic setting, or an error.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/config_check.h"
#include "base/config_table.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/nearest.h"

enum { NAMES_MAX = 128 };

struct pair {
    char *key, *value;
};

struct pairs { /* in the order of first setting */
    struct pair *items;
    size_t count, capacity;
};

struct config {
    char **values;   /* in the order of the table; NULL: not set */
    char *state_dir; /* defaults that depend on the machine and on other settings */
    char *log_dir;
    struct pairs kafka, topic;
};

static const char *const kafka_prefixes[] = {"kafka.", "consumer.", "producer.", "admin."};
static const char *const security_prefixes[] = {"sasl.", "ssl."};

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool starts_with_any(const char *text, const char *const *prefixes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (starts_with(text, prefixes[i]) && text[strlen(prefixes[i])])
            return true;
    return false;
}

static bool is_security(const char *key)
{
    return strcmp(key, "security.protocol") == 0 || starts_with_any(key, security_prefixes, 2);
}

static bool is_kafka(const char *key)
{
    return is_security(key) || starts_with_any(key, kafka_prefixes, 4);
}

static bool is_topic(const char *key)
{
    return starts_with(key, "topic.") && key[6];
}

static bool is_secret(const char *key)
{
    static const char *const words[] = {"password",           "secret",        "key.pem", "token", "credential", "jaas",
                                        "oauthbearer.config", "auth.user.info"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strstr(key, words[i]))
            return true;
    return false;
}

static const struct setting *find(const char *key)
{
    for (size_t i = 0; i < config_table_count; i++)
        if (strcmp(config_table[i].name, key) == 0)
            return &config_table[i];
    return NULL;
}

static const struct setting *find_known(const char *key)
{
    const struct setting *setting = find(key);
    assert(setting && "a setting that the table does not have");
    return setting;
}

/* ---- pairs ---- */

static void pairs_set(struct pairs *pairs, const char *key, const char *value)
{
    for (size_t i = 0; i < pairs->count; i++)
        if (strcmp(pairs->items[i].key, key) == 0) {
            memory_free(pairs->items[i].value);
            pairs->items[i].value = memory_text(value);
            return;
        }
    pairs->items = memory_grow(pairs->items, &pairs->capacity, pairs->count + 1, sizeof *pairs->items);
    pairs->items[pairs->count++] = (struct pair){memory_text(key), memory_text(value)};
}

static const char *pairs_get(const struct pairs *pairs, const char *key)
{
    for (size_t i = 0; i < pairs->count; i++)
        if (strcmp(pairs->items[i].key, key) == 0)
            return pairs->items[i].value;
    return NULL;
}

static void pairs_done(struct pairs *pairs)
{
    for (size_t i = 0; i < pairs->count; i++) {
        memory_free(pairs->items[i].key);
        memory_free(pairs->items[i].value);
    }
    memory_free(pairs->items);
}

/* ---- life ---- */

static char *default_state_dir(void)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    if (state && state[0] == '/')
        return memory_format("%s/weir", state);
    if (home && home[0] == '/' && home[1])
        return memory_format("%s/.local/state/weir", home);
    return memory_text("/var/lib/weir");
}

/* log.dir follows state.dir, and is empty where a Kafka broker is used. */
static void derive_log_dir(struct config *config)
{
    memory_free(config->log_dir);
    bool embedded = config_text(config, "bootstrap.servers")[0] == 0;
    config->log_dir = embedded ? memory_format("%s/log", config_text(config, "state.dir")) : memory_text("");
}

struct config *config_new(void)
{
    struct config *config = memory_new(sizeof *config);
    config->values = memory_new(config_table_count * sizeof *config->values);
    config->state_dir = default_state_dir();
    derive_log_dir(config);
    return config;
}

void config_free(struct config *config)
{
    if (!config)
        return;
    for (size_t i = 0; i < config_table_count; i++)
        memory_free(config->values[i]);
    memory_free(config->values);
    memory_free(config->state_dir);
    memory_free(config->log_dir);
    pairs_done(&config->kafka);
    pairs_done(&config->topic);
    memory_free(config);
}

static bool refuse_unknown(const char *key, struct weir_error *error)
{
    const char *names[NAMES_MAX];
    assert(config_table_count <= NAMES_MAX);
    for (size_t i = 0; i < config_advice_count; i++)
        if (strcmp(config_advice[i].name, key) == 0)
            return error_set(error, WEIR_INVALID, "unknown setting %s: %s", key, config_advice[i].advice);
    for (size_t i = 0; i < config_table_count; i++)
        names[i] = config_table[i].name;
    const char *nearest = nearest_name(key, names, config_table_count);
    if (nearest)
        return error_set(error, WEIR_INVALID, "unknown setting %.80s; did you mean %s?", key, nearest);
    return error_set(error, WEIR_INVALID, "unknown setting %.80s (librdkafka's own settings need \"kafka.\" in front)",
                     key);
}

bool config_set(struct config *config, const char *key, const char *value, struct weir_error *error)
{
    const struct setting *setting = find(key);
    if (setting) {
        if (!config_check(setting, value, error))
            return false;
        char **slot = &config->values[setting - config_table];
        memory_free(*slot);
        *slot = memory_text(value);
        derive_log_dir(config);
        return true;
    }
    if (!is_kafka(key) && !is_topic(key))
        return refuse_unknown(key, error);
    pairs_set(is_topic(key) ? &config->topic : &config->kafka, key, value);
    return true;
}

bool config_fill(struct config *config, const struct weir_config *given, struct weir_error *error)
{
    if (given->application && !config_set(config, "application.id", given->application, error))
        return false;
    if (given->file && !config_load(config, given->file, error))
        return false;
    if (given->environment && !config_environment(config, error))
        return false;
    for (size_t i = 0; given->set && given->set[i][0]; i++)
        if (!config_set(config, given->set[i][0], given->set[i][1] ? given->set[i][1] : "", error))
            return false;
    return true;
}

/* ---- readers ---- */

static const char *effective(const struct config *config, const struct setting *setting)
{
    const char *value = config->values[setting - config_table];
    bool is_log_dir = strcmp(setting->name, "log.dir") == 0;
    if (value && (value[0] || !is_log_dir))
        return value;
    if (is_log_dir)
        return config->log_dir ? config->log_dir : "";
    return strcmp(setting->name, "state.dir") == 0 ? config->state_dir : setting->initial;
}

const char *config_text(const struct config *config, const char *key)
{
    return effective(config, find_known(key));
}

int64_t config_integer(const struct config *config, const char *key)
{
    const struct setting *setting = find_known(key);
    int64_t number = 0;
    bool is_number = config_read_integer(setting, effective(config, setting), &number);
    assert(is_number && "a setting that is not a number");
    return number;
}

bool config_is_set(const struct config *config, const char *key)
{
    return config->values[find_known(key) - config_table] != NULL;
}

bool config_flag(const struct config *config, const char *key)
{
    return strcmp(config_text(config, key), "true") == 0;
}

bool config_has_word(const struct config *config, const char *key, const char *word)
{
    size_t size = strlen(word);
    const char *at = config_text(config, key);
    while ((at = strstr(at, word)) && at[size] != 0 && at[size] != ',')
        at += size;
    return at != NULL;
}

const char *config_shown(const struct config *config, const char *key)
{
    const struct setting *setting = find(key);
    const char *value =
        setting ? effective(config, setting) : pairs_get(is_topic(key) ? &config->topic : &config->kafka, key);
    return value && value[0] && is_secret(key) ? "****" : value;
}

typedef void visitor(void *self, const char *key, const char *value);

static void each_with_prefix(const struct pairs *pairs, const char *prefix, visitor *visit, void *self)
{
    for (size_t i = 0; i < pairs->count; i++)
        if (starts_with(pairs->items[i].key, prefix))
            visit(self, pairs->items[i].key + strlen(prefix), pairs->items[i].value);
}

void config_each_kafka(const struct config *config, const char *role, visitor *visit, void *self)
{
    char prefix[32];
    for (size_t i = 0; i < config->kafka.count; i++)
        if (is_security(config->kafka.items[i].key))
            visit(self, config->kafka.items[i].key, config->kafka.items[i].value);
    each_with_prefix(&config->kafka, "kafka.", visit, self);
    snprintf(prefix, sizeof prefix, "%s.", role);
    each_with_prefix(&config->kafka, prefix, visit, self);
}

void config_each_topic(const struct config *config, visitor *visit, void *self)
{
    each_with_prefix(&config->topic, "topic.", visit, self);
}

void config_print(const struct config *config, FILE *out)
{
    for (size_t i = 0; i < config_table_count; i++)
        fprintf(out, "%s=%s\n", config_table[i].name, config_shown(config, config_table[i].name));
    for (size_t i = 0; i < config->kafka.count; i++)
        fprintf(out, "%s=%s\n", config->kafka.items[i].key, config_shown(config, config->kafka.items[i].key));
    for (size_t i = 0; i < config->topic.count; i++)
        fprintf(out, "%s=%s\n", config->topic.items[i].key, config->topic.items[i].value);
}

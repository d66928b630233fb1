/* settings.c: librdkafka's configuration. Order: our defaults, the user's settings as far as rules.c lets them, what Weir cannot
 * live without.
 *
 * Many defaults of librdkafka lose or repeat data here (auto.offset.reset=largest, enable.auto.commit, CRC32 placement,
 * idempotence off), so every one that matters is set although it may be today's default.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "kafka.h"

struct setting {
    const char *key, *value;
};

static const struct setting for_all[] = {
    {"allow.auto.create.topics", "false"}, /* a misspelt topic must not come into being */
    {"topic.metadata.refresh.interval.ms", "60000"},
    {"reconnect.backoff.ms", "100"},
    {"reconnect.backoff.max.ms", "5000"},
    {"log.connection.close", "false"},
    {"socket.keepalive.enable", "true"},
    {"message.max.bytes", "17825792"}, /* records of 16 MiB and their envelope */
};

static const struct setting for_consumers[] = {
    {"enable.auto.commit", "false"},
    {"enable.auto.offset.store", "false"},
    {"auto.offset.reset", "error"}, /* a group without offsets begins where we say; anything else is a loss */
    {"isolation.level", "read_committed"},
    {"check.crcs", "true"},
    {"partition.assignment.strategy", "roundrobin,range"}, /* eager: #4059 before 2.10; even over all sub-topologies */
    {"heartbeat.interval.ms", "500"}, /* how soon a member learns of a rebalance; the default is 3 s */
    {"fetch.wait.max.ms", "20"},      /* the default of 500 delays a new partition and every query on the handle */
    {"enable.partition.eof", "true"}, /* the only sign that behind the last record there are but markers */
    {"fetch.error.backoff.ms", "100"},
    {"fetch.max.bytes", "52428800"},            /* a first batch larger than its limits still comes (KIP-74) */
    {"receive.message.max.bytes", "104857600"}, /* so this must hold fetch.max.bytes and one such batch */
};

static const struct setting for_producers[] = {
    {"enable.idempotence", "true"},    {"acks", "all"},
    {"partitioner", "murmur2_random"}, /* Java's placement, also of empty keys */
    {"message.timeout.ms", "0"},       /* never: giving up is the runtime's decision */
    {"compression.codec", "lz4"},      {"queue.buffering.max.messages", "500000"},
};

enum {
    QUEUED_MIN = 2000,
    QUEUED_LANE_MIN = 250,
    QUEUED_KBYTES_MIN = 256,
    MESSAGE_TYPICAL = KAFKA_FETCHED_BYTES + 128,
    ANSWER_GROWTH = 20, /* four times by lz4, then librdkafka's own bytes for every message of a hundred or so */
    FETCH_MIN = 16 * 1024,
    FETCH_MAX = 256 * 1024,
    PARTITIONS_ASSUMED = 4,
};

#define THREAD_MARK "-StreamThread-"

struct build {
    rd_kafka_conf_t *conf;
    const struct kafka_settings *settings;
    struct weir_error *error;
    bool failed;
};

static void set(struct build *build, const char *key, const char *value)
{
    char reason[200];
    rd_kafka_conf_res_t result = rd_kafka_conf_set(build->conf, key, value, reason, sizeof reason);
    if (result == RD_KAFKA_CONF_OK)
        return;
    build->failed = true;
    if (result == RD_KAFKA_CONF_UNKNOWN)
        error_set(build->error, WEIR_INVALID, "setting %s: librdkafka %s has no such property", key,
                  rd_kafka_version_str());
    else
        error_set(build->error, WEIR_INVALID, "setting %s: %s", key, reason);
}

static void set_all(struct build *build, const struct setting *settings, size_t count)
{
    for (size_t i = 0; i < count; i++)
        set(build, settings[i].key, settings[i].value);
}
#define SET_ALL(build, table) set_all((build), (table), sizeof(table) / sizeof *(table))

static void set_number(struct build *build, const char *key, int64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, value);
    set(build, key, text);
}

static int64_t known_integer(const struct config *config, const char *key, int64_t otherwise)
{
    const char *shown = config_shown(config, key);
    return shown && shown[0] ? config_integer(config, key) : otherwise;
}

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* The queues are small (waker.c says why that is fast) and counted in messages; for large ones the bytes bound them. A fetch
 * goes out while one is not full, so what one answer brings comes on top: so much of every partition. fetch.max.bytes could
 * bound it for all of them, but not below message.max.bytes, which decompression needs. */
static void set_fetching(struct build *build, int64_t share)
{
    int64_t part = share / KAFKA_FETCHED_PARTS;
    int64_t lanes = build->settings->lanes > 0 ? (int64_t)build->settings->lanes : 1;
    int64_t queued = clamp(part / MESSAGE_TYPICAL, QUEUED_MIN, KAFKA_QUEUED_MESSAGES);
    int64_t partitions = build->settings->partitions > 0 ? build->settings->partitions : PARTITIONS_ASSUMED;
    set_number(build, "queued.max.messages.kbytes", clamp(part / 1024 / lanes, QUEUED_KBYTES_MIN, 65536));
    set_number(build, "queued.min.messages", clamp(queued / lanes, QUEUED_LANE_MIN, queued));
    set_number(build, "fetch.message.max.bytes", clamp(part / ANSWER_GROWTH / partitions, FETCH_MIN, FETCH_MAX));
}

/* The producer counts for itself (producer.c); a record of the largest size must find room. */
static void set_budgets(struct build *build, const struct config *config)
{
    if (strcmp(build->settings->role, "consumer") == 0)
        set_fetching(build, (int64_t)kafka_memory_share(config, SHARE_FETCHED));
    else if (strcmp(build->settings->role, "producer") == 0)
        set_number(build, "queue.buffering.max.kbytes",
                   clamp((int64_t)kafka_memory_share(config, SHARE_SENT) / 1024, 32768, 262144));
}

/* A process has one configuration but several members: each gets the end of its name, or the number of its thread. */
static void set_instance(struct build *build, const char *id)
{
    if (!build->settings->joins || !id[0])
        return;
    const char *client = build->settings->client, *thread = strstr(client, THREAD_MARK), *dash = strrchr(client, '-');
    const char *end = thread ? thread + strlen(THREAD_MARK) : dash ? dash + 1 : client;
    int size = thread ? (int)strspn(end, "0123456789") : (int)strlen(end);
    char *instance = memory_format("%s-%.*s", id, size, end);
    set(build, "group.instance.id", instance);
    free(instance);
}

/* A thread's client id begins with a name that survives a restart (runtime/peers.h); an address may follow. */
static void set_own_instance(struct build *build)
{
    const char *client = build->settings->client, *thread = strstr(client, THREAD_MARK), *at = strchr(client, '@');
    if (!thread)
        return;
    char *name = memory_format("%.*s", (int)((at && at < thread ? at : thread) - client), client);
    set_instance(build, name);
    free(name);
}

static void note_instance(void *self, const char *key, const char *value)
{
    bool *is_given = self;
    *is_given = *is_given || (strcmp(key, "group.instance.id") == 0 && value[0]);
}

bool kafka_settings_name_instance(const struct config *config)
{
    const char *given = config_shown(config, "group.instance.id");
    bool is_given = given && given[0];
    config_each_kafka(config, "consumer", note_instance, &is_given);
    return is_given;
}

static void set_from_user(void *self, const char *key, const char *value)
{
    struct build *build = self;
    if (!kafka_rules_allow(build->settings->role, key, value, build->error)) {
        build->failed = true;
    } else if (strcmp(key, "partition.assignment.strategy") == 0 && strstr(value, "cooperative")) {
        build->failed = true;
        error_set(build->error, WEIR_INVALID,
                  "setting %s: %s needs librdkafka 2.10 (issue 4059); use range or roundrobin", key, value);
    } else if (strcmp(key, "group.instance.id") == 0) {
        set_instance(build, value);
    } else {
        bool is_java_name = strcmp(key, "auto.offset.reset") == 0 && strcmp(value, "none") == 0;
        set(build, key, is_java_name ? "error" : value);
    }
}

static void set_role(struct build *build, const struct config *config)
{
    if (strcmp(build->settings->role, "consumer") == 0) {
        SET_ALL(build, for_consumers);
        const char *instance = config_shown(config, "group.instance.id");
        if (kafka_settings_name_instance(config))
            set_instance(build, instance ? instance : "");
        else
            set_own_instance(build);
    } else if (strcmp(build->settings->role, "producer") == 0) {
        SET_ALL(build, for_producers);
        set_number(build, "linger.ms", known_integer(config, "linger.ms", 5));
        if (build->settings->transactional_id)
            set_number(build, "transaction.timeout.ms", KAFKA_TRANSACTION_TIMEOUT_MS);
    }
}

/* A transaction that is committed too late was aborted by its coordinator before. */
static void check_interval(struct build *build, const struct config *config)
{
    char timeout[24];
    size_t size = sizeof timeout;
    if (rd_kafka_conf_get(build->conf, "transaction.timeout.ms", timeout, &size) != RD_KAFKA_CONF_OK)
        return;
    int64_t interval_ms = known_integer(config, "commit.interval.ms", 0);
    if (interval_ms < strtoll(timeout, NULL, 10))
        return;
    build->failed = true;
    error_set(build->error, WEIR_INVALID,
              "setting commit.interval.ms: %" PRId64 " is not below producer.transaction.timeout.ms, which is %s",
              interval_ms, timeout);
}

rd_kafka_conf_t *kafka_settings_build(const struct config *config, struct kafka_settings settings,
                                      struct weir_error *error)
{
    struct build build = {rd_kafka_conf_new(), &settings, error, false};
    SET_ALL(&build, for_all);
    set(&build, "bootstrap.servers", config_text(config, "bootstrap.servers"));
    set_role(&build, config);
    set_budgets(&build, config);
    config_each_kafka(config, settings.role, set_from_user, &build);
    set(&build, "client.id", settings.client);
    if (settings.group)
        set(&build, "group.id", settings.group);
    if (settings.transactional_id) {
        set(&build, "transactional.id", settings.transactional_id);
        check_interval(&build, config);
    }
    if (!build.failed)
        return build.conf;
    rd_kafka_conf_destroy(build.conf);
    return NULL;
}

bool kafka_settings_check(const struct config *config, struct weir_error *error)
{
    static const char *const roles[] = {"consumer", "producer"};
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
        struct kafka_settings settings = {.role = roles[i], .client = "check"};
        rd_kafka_conf_t *conf = kafka_settings_build(config, settings, error);
        if (!conf)
            return false;
        rd_kafka_conf_destroy(conf);
    }
    return true;
}

static void take_log_line(const rd_kafka_t *client, int level, const char *facility, const char *text)
{
    enum log_level ours = level <= 3 ? LOG_ERROR : level == 4 ? LOG_WARNING : level <= 6 ? LOG_INFO : LOG_DEBUG;
    log_line(ours, "kafka", "%s: %s: %s", client ? rd_kafka_name(client) : "", facility, text);
}

static void take_error(rd_kafka_t *client, int code, const char *reason, void *opaque)
{
    (void)opaque;
    if (code == RD_KAFKA_RESP_ERR__TRANSPORT || code == RD_KAFKA_RESP_ERR__RESOLVE)
        return; /* librdkafka has written a log line about it */
    log_warning("kafka", "%s: %s: %s", rd_kafka_name(client), rd_kafka_err2name((rd_kafka_resp_err_t)code), reason);
}

rd_kafka_t *kafka_client_new(struct kafka_broker *broker, rd_kafka_conf_t *conf, const char *role,
                             struct weir_error *error)
{
    char reason[200];
    rd_kafka_conf_set_log_cb(conf, take_log_line);
    rd_kafka_conf_set_error_cb(conf, strcmp(role, "admin") == 0 ? kafka_admin_take_error : take_error);
    bool consumes = strcmp(role, "consumer") == 0;
    rd_kafka_t *client = rd_kafka_new(consumes ? RD_KAFKA_CONSUMER : RD_KAFKA_PRODUCER, conf, reason, sizeof reason);
    if (!client) {
        rd_kafka_conf_destroy(conf);
        error_set(error, WEIR_INVALID, "kafka %s: %s", role, reason);
        return NULL;
    }
    if (consumes)
        rd_kafka_poll_set_consumer(client);
    kafka_admin_introduce(broker, client);
    return client;
}

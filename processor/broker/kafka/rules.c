/* rules.c: which of librdkafka's settings may be changed, and to what.
 *
 * All of its properties were gone through (CONFIGURATION.md of 2.0.2 to 2.11) with one question: can it lose a record, repeat one where
 * that is promised not to happen, or send a key elsewhere? What can is here; what cannot, like sizes, pauses and security, is
 * passed on. docs/configuration.md says the same for readers.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "kafka.h"

enum { ALLOWED_MAX = 4 };

struct rule {
    const char *key;
    const char *allowed[ALLOWED_MAX]; /* the first is how it is told; none, and no range: it is Weir's to say */
    int64_t least, most;              /* also a number in this range; 0 and 0: none */
    const char *why;
    bool is_free_for_consumers;
};

#define YES                                                                                                            \
    {                                                                                                                  \
        "true", "t", "1"                                                                                               \
    }
#define NO                                                                                                             \
    {                                                                                                                  \
        "false", "f", "0"                                                                                              \
    }
#define ALL                                                                                                            \
    {                                                                                                                  \
        "all", "-1"                                                                                                    \
    }

static const char duplicates[] = "a retry could write a record twice, or in another order";
static const char acks[] = "a record is lost when the broker that has it fails";
static const char other_cluster[] = "all clients must ask the same cluster: say bootstrap.servers without a prefix";
static const char positions[] = "positions are committed with what was made of the records before them";
static const char reports[] = "positions of changelogs come from the reports of what was delivered";

static const struct rule rules[] = {
    /* Who a client is, and whom it asks. */
    {.key = "client.id", .why = "instances find each other by it"},
    {.key = "group.id", .why = "it is application.id"},
    {.key = "group.protocol", .why = "shares are dealt by partitions of lead topics, which needs the classic protocol"},
    {.key = "group.protocol.type", .why = "shares are dealt by the protocol of consumers"},
    {.key = "transactional.id", .why = "a thread's name is what fences its predecessor"},
    {.key = "bootstrap.servers", .why = other_cluster},
    {.key = "metadata.broker.list", .why = other_cluster},
    {.key = "test.mock.num.brokers", .why = "what is written to a mock cluster is gone with the process"},
    {.key = "topic.blacklist", .why = "a topic that is not seen is not read"},
    {.key = "allow.auto.create.topics", .why = "a misspelt topic must not come into being"},
    {.key = "api.version.request", .allowed = YES, .why = "without it records have neither headers nor times"},
    {.key = "enabled_events", .why = "what is not told cannot be heeded"},
    {.key = "log.queue", .why = "nobody would read its lines"},
    /* What is read. */
    {.key = "enable.auto.commit", .why = positions},
    {.key = "auto.commit.enable", .why = positions},
    {.key = "enable.auto.offset.store", .why = positions},
    {.key = "offset.store.method", .why = positions},
    {.key = "enable.partition.eof", .why = "it is the only sign that behind the last record there are but markers"},
    {.key = "isolation.level",
     .allowed = {"read_committed"},
     .why = "what a transaction took back would be processed, and restored"},
    {.key = "check.crcs", .allowed = YES, .why = "a damaged record would be taken for what was sent"},
    /* What is written. */
    {.key = "acks", .allowed = ALL, .why = acks},
    {.key = "request.required.acks", .allowed = ALL, .why = acks},
    {.key = "enable.idempotence", .allowed = YES, .why = duplicates},
    {.key = "max.in.flight", .least = 1, .most = 5, .why = duplicates, .is_free_for_consumers = true},
    {.key = "max.in.flight.requests.per.connection",
     .least = 1,
     .most = 5,
     .why = duplicates,
     .is_free_for_consumers = true},
    {.key = "queuing.strategy", .allowed = {"fifo"}, .why = "records of a key would be written in another order"},
    {.key = "retries", .least = 1, .most = INT32_MAX, .why = "every pause of a broker would undo a commit"},
    {.key = "message.send.max.retries",
     .least = 1,
     .most = INT32_MAX,
     .why = "every pause of a broker would undo a commit"},
    {.key = "message.timeout.ms",
     .allowed = {"0"},
     .least = 5000,
     .most = INT32_MAX,
     .why = "records would be given up, and their commits undone, before a broker can answer"},
    {.key = "delivery.timeout.ms",
     .allowed = {"0"},
     .least = 5000,
     .most = INT32_MAX,
     .why = "records would be given up, and their commits undone, before a broker can answer"},
    {.key = "partitioner",
     .allowed = {"murmur2_random", "murmur2"},
     .why = "keys would be looked for, and joined, in other partitions than they are in"},
    {.key = "delivery.report.only.error", .why = reports},
    {.key = "produce.offset.report", .allowed = YES, .why = reports},
};

static const struct rule *find(const char *key)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (strcmp(rules[i].key, key) == 0)
            return &rules[i];
    return NULL;
}

static bool is_in_range(const struct rule *rule, const char *value)
{
    char *end = NULL;
    errno = 0;
    long long number = strtoll(value, &end, 10);
    return rule->most > 0 && *value && !*end && errno == 0 && number >= rule->least && number <= rule->most;
}

static bool is_allowed(const struct rule *rule, const char *value)
{
    for (size_t i = 0; i < ALLOWED_MAX && rule->allowed[i]; i++)
        if (strcasecmp(rule->allowed[i], value) == 0)
            return true;
    return is_in_range(rule, value);
}

static bool refuse(const struct rule *rule, const char *value, struct weir_error *error)
{
    if (rule->most == 0)
        return error_set(error, WEIR_INVALID, "setting %s: %s is refused, it must be %s: %s", rule->key, value,
                         rule->allowed[0], rule->why);
    return error_set(error, WEIR_INVALID, "setting %s: %s is refused, it must be %s%sfrom %lld to %lld: %s", rule->key,
                     value, rule->allowed[0] ? rule->allowed[0] : "", rule->allowed[0] ? " or " : "",
                     (long long)rule->least, (long long)rule->most, rule->why);
}

bool kafka_rules_allow(const char *role, const char *key, const char *value, struct weir_error *error)
{
    const struct rule *rule = find(key);
    if (!rule || is_allowed(rule, value) || (rule->is_free_for_consumers && strcmp(role, "consumer") == 0))
        return true;
    if (!rule->allowed[0] && rule->most == 0)
        return error_set(error, WEIR_INVALID, "setting %s: decided by Weir, cannot be changed: %s", key, rule->why);
    return refuse(rule, value, error);
}

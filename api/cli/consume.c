/* consume.c: `weir consume`: records of a topic as JSON lines.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "commands.h"
#include "exit.h"
#include "log_access.h"
#include "print_record.h"
#include "settings.h"
#include "signals.h"

enum { BATCH = 256, WAIT_MS = 100 };

struct consume {
    const char *topic;
    bool from_end, follow;
    int64_t left; /* records still to print; negative: no limit */
    struct broker *broker;
    struct broker_reader *reader;
    int32_t partitions;
    int64_t *ends; /* per partition, when we began */
};

static void print_message(const char *topic, weir_arena *arena, const struct broker_message *message)
{
    weir_arena_clear(arena);
    printf("{\"topic\":\"%s\",\"partition\":%d,\"offset\":%" PRId64 ",\"timestamp\":%" PRId64, topic,
           message->partition, message->offset, message->timestamp_ms);
    print_bytes(stdout, arena, "key", message->key);
    print_bytes(stdout, arena, "value", message->value);
    print_headers(stdout, arena, message->headers);
    fputs("}\n", stdout);
}

static bool add_partitions(struct consume *consume, struct weir_error *error)
{
    const struct broker_ops *ops = consume->broker->ops;
    for (int32_t p = 0; p < consume->partitions; p++) {
        int64_t begin;
        if (!ops->range(consume->broker, consume->topic, p, &begin, &consume->ends[p], error) ||
            !ops->reader_add(consume->reader, consume->topic, p, consume->from_end ? consume->ends[p] : begin, p,
                             error))
            return false;
    }
    return true;
}

static bool is_finished(const struct consume *consume)
{
    if (consume->left == 0)
        return true;
    for (int32_t p = 0; p < consume->partitions && !consume->follow; p++)
        if (consume->broker->ops->reader_position(consume->reader, p) < consume->ends[p])
            return false;
    return !consume->follow;
}

static bool print_batch(struct consume *consume, weir_arena *arena, struct weir_error *error)
{
    const struct broker_ops *ops = consume->broker->ops;
    struct broker_message messages[BATCH];
    int count = ops->reader_poll(consume->reader, messages, BATCH, WAIT_MS, error);
    for (int i = 0; i < count; i++) {
        bool is_wanted = consume->follow || messages[i].offset < consume->ends[messages[i].group];
        if (is_wanted && consume->left != 0) {
            print_message(consume->topic, arena, &messages[i]);
            consume->left--;
        }
        ops->reader_release(consume->reader, &messages[i]);
    }
    if (consume->follow)
        fflush(stdout);
    if (count < 0 && error->code == WEIR_RETRY)
        *error = (struct weir_error){0};
    return error->code == WEIR_OK && !ferror(stdout);
}

static bool consume_all(struct consume *consume, struct weir_error *error)
{
    consume->partitions = log_access_partitions(consume->broker, consume->topic, error);
    if (consume->partitions == 0)
        return false;
    consume->reader = consume->broker->ops->reader_open(consume->broker, error);
    if (!consume->reader)
        return false;
    consume->ends = memory_new((size_t)consume->partitions * sizeof *consume->ends);
    weir_arena *arena = weir_arena_new();
    bool ok = add_partitions(consume, error);
    while (ok && !is_finished(consume) && !signals_wait(0))
        ok = print_batch(consume, arena, error);
    weir_arena_free(arena);
    memory_free(consume->ends);
    consume->broker->ops->reader_close(consume->reader);
    return ok;
}

static int consume_with(struct consume *consume, const struct settings *settings)
{
    struct config *config = settings_fill(settings, NULL);
    struct weir_error error = {0};
    if (!config)
        return EXIT_CONFIG;
    signals_hold();
    consume->broker = broker_open(config, &error);
    bool ok = consume->broker && consume_all(consume, &error);
    if (consume->broker)
        consume->broker->ops->close(consume->broker);
    config_free(config);
    return ok || error.code == WEIR_OK ? exit_after_output() : exit_with_error(&error);
}

static bool take_from(void *target, const char *value, struct weir_error *error)
{
    *(bool *)target = strcmp(value, "end") == 0;
    return *(bool *)target || strcmp(value, "beginning") == 0 ||
           error_set(error, WEIR_INVALID, "\"%.60s\" is not one of beginning, end", value);
}

static int consume_run(const struct command *command, int argc, char **argv)
{
    struct settings settings = {0};
    struct consume consume = {0};
    struct integer_option max = {.least = 0, .most = INT64_MAX};
    const struct option options[] = {
        {"--from", "WHERE", "beginning (the default) or end", take_from, &consume.from_end},
        {"--max", "N", "ends after so many records", option_integer, &max},
        {"--follow", NULL, "waits for more instead of ending at the end", option_flag, &consume.follow},
        SETTINGS_OPTIONS(&settings),
    };
    struct operands operands = {.least = 1, .most = 1};
    int status = options_read(command, options, OPTION_COUNT(options), &operands, argc, argv);
    if (status == OPTIONS_GO_ON) {
        consume.topic = operands.items[0];
        consume.left = max.given ? max.value : -1;
        status = consume_with(&consume, &settings);
    }
    settings_done(&settings);
    return status;
}

const struct command consume_command = {
    "consume",
    "TOPIC",
    "prints the records of a topic as JSON lines",
    "Objects and arrays of JSON are printed as they are, other texts as strings, other bytes as base64url with\n"
    "\"key_encoding\" or \"value_encoding\" beside them.",
    consume_run,
};

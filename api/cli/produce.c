/* produce.c: `weir produce`: lines of standard input become records.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "commands.h"
#include "exit.h"
#include "json_text.h"
#include "lines.h"
#include "log_access.h"
#include "settings.h"

enum { FLUSH_MS = 60000 };

struct produce {
    const char *topic, *key;
    bool create;
    struct broker *broker;
    struct broker_producer *producer;
    weir_arena *arena; /* of one line */
    long sent;
};

static bool read_json(struct produce *produce, weir_bytes text, struct broker_record *out, struct weir_error *error)
{
    struct line_record line;
    if (!lines_read_record(produce->arena, text, &line, error))
        return false;
    if (line.topic.data && !bytes_equal(json_text_plain(produce->arena, line.topic), bytes_of_text(produce->topic)))
        return error_set(error, WEIR_INVALID, "the line is for another topic");
    out->timestamp_ms = line.timestamp_ms;
    if (line.key.data && !json_text_is_null(line.key))
        out->key = json_text_plain(produce->arena, line.key);
    if (line.value.data && !json_text_is_null(line.value))
        out->value = json_text_plain(produce->arena, line.value);
    return lines_read_headers(produce->arena, line.headers, &out->headers, error);
}

static bool read_pair(weir_bytes text, struct broker_record *out, struct weir_error *error)
{
    const char *data = text.data, *tab = memchr(data, '\t', text.size);
    if (!tab)
        return error_set(error, WEIR_INVALID,
                         "neither key<TAB>value nor a JSON object (--key gives all lines one key)");
    size_t size = (size_t)(tab - data);
    out->key = (weir_bytes){size ? data : NULL, size};
    out->value = (weir_bytes){tab + 1, text.size - size - 1};
    return true;
}

static bool read_record(struct produce *produce, weir_bytes text, struct broker_record *out, struct weir_error *error)
{
    *out = (struct broker_record){.partition = -1, .timestamp_ms = -1};
    if (produce->key) {
        out->key = bytes_of_text(produce->key);
        out->value = text;
        return true;
    }
    return *(const char *)text.data == '{' ? read_json(produce, text, out, error) : read_pair(text, out, error);
}

/* A full queue is emptied first. */
static bool send(struct produce *produce, const struct broker_record *record, struct weir_error *error)
{
    const struct broker_ops *ops = produce->broker->ops;
    for (;;) {
        struct weir_error full = {0};
        if (ops->producer_send(produce->producer, produce->topic, record, &full)) {
            produce->sent++;
            return true;
        }
        if (full.code != WEIR_RETRY)
            return error_set(error, full.code, "%s", full.message);
        if (!ops->producer_flush(produce->producer, FLUSH_MS, error))
            return false;
    }
}

static bool send_lines(struct produce *produce, struct lines *lines, struct weir_error *error)
{
    weir_bytes text;
    while (lines_next(lines, &text)) {
        struct broker_record record;
        struct weir_error cause = {0};
        weir_arena_clear(produce->arena);
        if (!read_record(produce, text, &record, &cause) || !send(produce, &record, &cause))
            return error_set(error, cause.code == WEIR_INVALID ? WEIR_POISON : cause.code, "line %ld: %s",
                             lines->number, cause.message);
    }
    return true;
}

static bool have_topic(struct produce *produce, const struct config *config, struct weir_error *error)
{
    if (!produce->create)
        return log_access_partitions(produce->broker, produce->topic, error) > 0;
    struct broker_topic_spec spec = {.name = produce->topic,
                                     .partitions = -(int32_t)config_integer(config, "embedded.partitions")};
    return produce->broker->ops->ensure(produce->broker, &spec, 1, error);
}

static bool produce_all(struct produce *produce, const struct config *config, struct weir_error *error)
{
    if (!have_topic(produce, config, error))
        return false;
    produce->producer = produce->broker->ops->producer_open(produce->broker, "weir-produce", error);
    if (!produce->producer)
        return false;
    struct lines lines = {.file = stdin};
    bool sent = send_lines(produce, &lines, error);
    bool flushed =
        produce->broker->ops->producer_flush(produce->producer, FLUSH_MS, error); /* what came before an error too */
    lines_done(&lines);
    produce->broker->ops->producer_close(produce->producer);
    return sent && flushed;
}

static int produce_with(struct produce *produce, const struct settings *settings)
{
    struct config *config = settings_fill(settings, NULL);
    struct weir_error error = {0};
    if (!config)
        return EXIT_CONFIG;
    produce->arena = weir_arena_new();
    produce->broker = broker_open(config, &error);
    bool ok = produce->broker && produce_all(produce, config, &error);
    if (produce->broker)
        produce->broker->ops->close(produce->broker);
    weir_arena_free(produce->arena);
    config_free(config);
    if (!ok)
        return exit_with_error(&error);
    fprintf(stderr, "%ld records\n", produce->sent);
    return EXIT_DONE;
}

static int produce_run(const struct command *command, int argc, char **argv)
{
    struct settings settings = {0};
    struct produce produce = {0};
    const struct option options[] = {
        {"--key", "KEY", "key of all records; lines are values", option_text, &produce.key},
        {"--create", NULL, "creates the topic when it is missing", option_flag, &produce.create},
        SETTINGS_OPTIONS(&settings),
    };
    struct operands operands = {.least = 1, .most = 1};
    int status = options_read(command, options, OPTION_COUNT(options), &operands, argc, argv);
    if (status == OPTIONS_GO_ON) {
        produce.topic = operands.items[0];
        status = produce_with(&produce, &settings);
    }
    settings_done(&settings);
    return status;
}

const struct command produce_command = {
    "produce",
    "TOPIC",
    "writes the lines of standard input to a topic",
    "A line is key<TAB>value, or a JSON object {\"key\",\"value\",\"ts\",\"headers\"} as `weir consume` and `weir "
    "generate`\n"
    "print it. The embedded log belongs to one process at a time: while an instance runs on it, send records to\n"
    "its REST interface (POST /v1/topics/TOPIC/records).",
    produce_run,
};

/* test_command.c: `weir test`: JSON lines through a topology, without broker, threads or waiting.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "catalog.h"
#include "commands.h"
#include "exit.h"
#include "json_text.h"
#include "lines.h"
#include "print_record.h"
#include "settings.h"
#include "wire.h"

struct run {
    weir_test *driver;
    weir_arena *arena; /* of one line */
    bool stats, views;
    long in, out;
};

/* ---- out ---- */

/* The key as text, so that the line can be read by any tool; of a window: key@start/end. */
static void print_key(weir_arena *arena, const struct weir_record *record, bool is_windowed)
{
    fputs(",\"key\":", stdout);
    if (!record->key) {
        fputs("null", stdout);
        return;
    }
    weir_bytes text = weir_key_to_text(arena, record->key_type, record->key);
    if (is_windowed) {
        char *windowed = weir_arena_alloc(arena, text.size + 48);
        memcpy(windowed, text.data, text.size);
        int more =
            snprintf(windowed + text.size, 48, "@%" PRId64 "/%" PRId64, record->window.start_ms, record->window.end_ms);
        text = (weir_bytes){windowed, text.size + (size_t)more};
    }
    json_text_write(stdout, arena, text);
}

/* A topic that the topology writes has types; a dead letter topic has not. */
static void print_output(struct run *run, const char *topic, const struct weir_raw_record *raw)
{
    struct weir_record record = {0};
    bool is_typed = weir_test_recv(run->driver, topic, &record) && record.key_type && record.value_type;
    fputs("{\"topic\":", stdout);
    json_text_write(stdout, run->arena, (weir_bytes){topic, strlen(topic)});
    if (is_typed) {
        print_key(run->arena, &record, weir_test_topic_is_windowed(run->driver, topic));
        print_value(stdout, run->arena, "value", record.value_type, record.value);
    } else {
        print_bytes(stdout, run->arena, "key", raw->key);
        print_bytes(stdout, run->arena, "value", raw->value);
    }
    printf(",\"ts\":%" PRId64, raw->timestamp_ms);
    print_headers(stdout, run->arena, raw->headers);
    fputs("}\n", stdout);
    run->out++;
}

static void print_outputs(struct run *run)
{
    const char *topic;
    struct weir_raw_record raw;
    while (weir_test_recv_any(run->driver, &topic, &raw))
        print_output(run, topic, &raw);
}

/* ---- in ---- */

static bool advance(struct run *run, weir_bytes json, struct weir_error *error)
{
    const int64_t *ms = weir_from_json(run->arena, &weir_i64_type, json, error);
    if (!ms)
        return false;
    if (*ms < 0)
        return error_set(error, WEIR_INVALID, "advance_ms: time does not go back");
    weir_test_advance(run->driver, weir_millis(*ms));
    return true;
}

static bool send(struct run *run, const struct line_record *line, struct weir_error *error)
{
    if (!line->topic.data)
        return error_set(error, WEIR_INVALID, "no \"topic\"");
    const char *topic = json_text_plain(run->arena, line->topic).data;
    const struct weir_type *key_type = weir_test_topic_type(run->driver, topic, true);
    const struct weir_type *value_type = weir_test_topic_type(run->driver, topic, false);
    if (!key_type || !value_type)
        return error_set(error, WEIR_INVALID, "the topology does not read the topic \"%.100s\"", topic);
    struct weir_raw_record record = {.timestamp_ms = line->timestamp_ms};
    if (!wire_write(run->arena, key_type, line->key, &record.key, error) ||
        !wire_write(run->arena, value_type, line->value, &record.value, error) ||
        !lines_read_headers(run->arena, line->headers, &record.headers, error))
        return false;
    weir_test_send_raw(run->driver, topic, record);
    return !weir_test_failed(run->driver, error);
}

static bool take_line(struct run *run, weir_bytes text, struct weir_error *error)
{
    struct line_record line;
    if (!lines_read_record(run->arena, text, &line, error))
        return false;
    bool ok = line.advance.data ? advance(run, line.advance, error) : send(run, &line, error);
    run->in++;
    return ok && !weir_test_failed(run->driver, error);
}

/* Reasons are words of the engine, and of topologies (weir_drop). */
static void print_stats(const struct run *run)
{
    enum { REASONS_MAX = 64 };
    struct weir_drop_info drops[REASONS_MAX];
    size_t count = weir_test_drops(run->driver, drops, REASONS_MAX);
    fprintf(stderr, "{\"in\":%ld,\"out\":%ld,\"dropped\":{", run->in, run->out);
    for (size_t i = 0; i < count && i < REASONS_MAX; i++) {
        weir_bytes reason = {drops[i].reason, strlen(drops[i].reason)};
        weir_bytes text = weir_to_json(run->arena, &weir_str_type, &reason);
        fprintf(stderr, "%s%.*s:%" PRIu64, i ? "," : "", (int)text.size, (const char *)text.data, drops[i].records);
    }
    fputs("}}\n", stderr);
}

/* ---- views ---- */

struct printed_view {
    struct run *run;
    const struct weir_view_info *info;
};

static void print_row(void *self, const struct weir_record *row)
{
    const struct printed_view *view = self;
    weir_arena *arena = view->run->arena;
    weir_arena_clear(arena);
    fputs("{\"view\":", stdout);
    json_text_write(stdout, arena, (weir_bytes){view->info->name, strlen(view->info->name)});
    print_key(arena, row, view->info->kind == WEIR_VIEW_WINDOW || view->info->kind == WEIR_VIEW_SESSION);
    print_value(stdout, arena, "value", row->value_type, row->value);
    printf(",\"ts\":%" PRId64 "}\n", row->timestamp_ms);
}

static void print_views(struct run *run)
{
    enum { VIEWS_MAX = 256 };
    struct weir_view_info views[VIEWS_MAX];
    size_t count = weir_test_views(run->driver, views, VIEWS_MAX);
    for (size_t i = 0; i < count && i < VIEWS_MAX; i++)
        weir_test_each(run->driver, views[i].name, print_row, &(struct printed_view){run, &views[i]});
}

/* ---- all lines ---- */

static int take_lines(struct run *run)
{
    struct lines lines = {.file = stdin};
    struct weir_error error = {0};
    weir_bytes text;
    while (error.code == WEIR_OK && lines_next(&lines, &text)) {
        weir_arena_clear(run->arena);
        bool ok = take_line(run, text, &error);
        if (!run->views)
            print_outputs(run);
        if (!ok)
            error_set(&error, WEIR_FATAL, "the record could not be processed");
    }
    lines_done(&lines);
    if (error.code != WEIR_OK)
        return exit_with(EXIT_FAILED, "line %ld: %s", lines.number, error.message);
    if (run->views)
        print_views(run);
    if (run->stats)
        print_stats(run);
    return exit_after_output();
}

static int test(weir_topology *topology, const struct settings *settings, struct run run)
{
    struct weir_error error = {0};
    struct weir_config given = settings_config(settings, weir_topology_name(topology));
    run.driver = weir_test_new(topology, given, &error);
    if (!run.driver)
        return exit_with_error(&error);
    run.arena = weir_arena_new();
    int status = take_lines(&run);
    weir_arena_free(run.arena);
    weir_test_free(run.driver);
    return status;
}

static int test_run(const struct command *command, int argc, char **argv)
{
    struct settings settings = {0};
    struct run run = {0};
    const struct option options[] = {
        SETTINGS_OPTIONS(&settings),
        {"--stats", NULL, "counts records on standard error at the end", option_flag, &run.stats},
        {"--views", NULL, "prints the rows of all views at the end, instead of what is written", option_flag,
         &run.views},
    };
    struct operands operands = {.least = 1, .most = 1};
    int status = options_read(command, options, OPTION_COUNT(options), &operands, argc, argv);
    if (status == OPTIONS_GO_ON) {
        weir_topology *topology = catalog_build(operands.items[0], &status);
        if (topology)
            status = test(topology, &settings, run);
    }
    settings_done(&settings);
    return status;
}

const struct command test_command = {
    "test",
    "TOPOLOGY|FILE.so[:NAME]",
    "runs JSON lines from standard input through a topology",
    "Lines in and out: {\"topic\":\"words\",\"key\":\"k\",\"value\":…,\"ts\":0}, with \"headers\" where there are "
    "some.\n"
    "A null value is a tombstone. Keys are texts, those of windows key@start/end. The value is JSON of the\n"
    "topic's type; a string in place of a record stands for bytes that need not be JSON.\n"
    "{\"advance_ms\":1000} turns the wall clock, which begins at 0.",
    test_run,
};

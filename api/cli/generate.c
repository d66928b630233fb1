/* generate.c: `weir generate`: events to play with, from the generator of the demo.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "commands.h"
#include "exit.h"
#include "json_text.h"
#include "systems.h"

static const int64_t start_of_events_ms = 1733308200000; /* 2024-12-04T10:30:00Z */

struct generate {
    const struct system *system;
    const char *topic; /* NULL: all */
    bool pairs;
    struct integer_option events, seed, start_ms, rate;
};

/* What is broken need not be JSON, so it travels as a string. */
static void print_json(weir_arena *arena, const struct generator_event *event)
{
    weir_arena_clear(arena);
    printf("{\"topic\":\"%s\",\"key\":", event->topic);
    if (event->key)
        json_text_write(stdout, arena, bytes_of_text(event->key));
    else
        fputs("null", stdout);
    fputs(",\"value\":", stdout);
    if (event->broken)
        json_text_write(stdout, arena, bytes_of_text(event->value));
    else
        fputs(event->value, stdout);
    printf(",\"ts\":%" PRId64 "}\n", event->timestamp_ms);
}

static int print_events(const struct generate *generate)
{
    struct system_events *events = system_events_new(generate->system, (uint64_t)generate->seed.value,
                                                     generate->start_ms.value, (double)generate->rate.value);
    weir_arena *arena = weir_arena_new();
    struct generator_event event;
    for (int64_t i = 0; i < generate->events.value && system_events_next(events, INT64_MAX, &event); i++) {
        if (generate->topic && strcmp(generate->topic, event.topic) != 0)
            continue;
        if (generate->pairs)
            printf("%s\t%s\n", event.key ? event.key : "", event.value);
        else
            print_json(arena, &event);
    }
    weir_arena_free(arena);
    system_events_free(events);
    return exit_after_output();
}

static bool take_format(void *target, const char *value, struct weir_error *error)
{
    *(bool *)target = strcmp(value, "kcat") == 0;
    return *(bool *)target || strcmp(value, "jsonl") == 0 ||
           error_set(error, WEIR_INVALID, "\"%.60s\" is not one of jsonl, kcat", value);
}

static bool is_topic(const struct system *system, const char *name)
{
    for (size_t i = 0; system->topics[i]; i++)
        if (strcmp(system->topics[i], name) == 0)
            return true;
    return false;
}

static const char *names_of_systems(char out[256])
{
    size_t size = 0;
    for (const struct system *system = systems_all; system->topology; system++)
        size += (size_t)snprintf(out + size, 256 - size, "%s%s", size ? ", " : "", system->topology);
    return out;
}

static int generate_run(const struct command *command, int argc, char **argv)
{
    struct generate generate = {
        .events = {.value = 1000, .least = 0, .most = INT64_MAX},
        .seed = {.value = 1, .least = 0, .most = INT64_MAX},
        .start_ms = {.value = start_of_events_ms, .least = 0, .most = INT64_MAX / 2},
        .rate = {.value = 200, .least = 1, .most = 1000000},
    };
    const struct option options[] = {
        {"--events", "N", "how many, over all topics (1000)", option_integer, &generate.events},
        {"--seed", "N", "the same seed gives the same events (1)", option_integer, &generate.seed},
        {"--rate", "N", "events per second of their own time (200)", option_integer, &generate.rate},
        {"--start", "MS", "time of the first one, milliseconds since 1970 (2024-12-04T10:30:00Z)", option_integer,
         &generate.start_ms},
        {"--topic", "TOPIC", "prints only those of one topic", option_text, &generate.topic},
        {"--format", "FORMAT", "jsonl, or kcat: key<TAB>value for kcat -K '\\t' -Z", take_format, &generate.pairs},
    };
    struct operands operands = {.least = 1, .most = 1};
    int status = options_read(command, options, OPTION_COUNT(options), &operands, argc, argv);
    if (status != OPTIONS_GO_ON)
        return status;
    generate.system = systems_find(operands.items[0]);
    if (!generate.system)
        return exit_with(EXIT_MISUSED, "generate: there are no events of \"%s\"; the systems are %s", operands.items[0],
                         names_of_systems((char[256]){0}));
    if (generate.topic && !is_topic(generate.system, generate.topic))
        return exit_with(EXIT_MISUSED, "generate: %s has no events of \"%s\"", operands.items[0], generate.topic);
    if (generate.pairs && !generate.topic)
        return exit_with(EXIT_MISUSED, "generate: --format kcat needs --topic");
    return print_events(&generate);
}

const struct command generate_command = {
    "generate",
    "SYSTEM",
    "prints events of a system to play with: commerce, tradex and so on",
    "Some come late, some twice, a few are broken: lines {\"topic\",\"key\",\"value\",\"ts\"}, where the value of a "
    "broken\n"
    "one is a string.",
    generate_run,
};

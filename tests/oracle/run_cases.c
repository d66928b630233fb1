/* run_cases.c: run_cases FILE: runs generated cases, one JSON text a line, in the test driver and prints all that can be
 * seen of them. java/Run.java prints the same.
 *
 *   describe LINE                                the topology
 *   told STAGE NODE TOPIC PARTITION OFFSET TIME   what a handler was told
 *   out INPUT TOPIC KEY VALUE TIME [HEADER=…]    a record of a topic, and the input that caused it
 *   log INPUT STORE KEY VALUE TIME               a row of a changelog
 *   row STORE KEY VALUE TIME                     a row of a store at the end
 *   dropped N
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "oracle/build.h"
#include "oracle/choosing.h"
#include "oracle/print.h"
#include "runtime/lineage.h"
#include "state/keys.h"
#include "state/packed.h"

#define APPLICATION "oracle"
#define LETTERS "letters"
enum { ROWS_MAX = 4096, NAME_BYTES = 256 };

struct run {
    struct build build;
    weir_test *test;
    bool keeps_letters; /* what fails goes to the topic LETTERS, and is not only counted */
    int input;          /* -1: none yet */
};

/* ---- bytes of the description: one byte for each character ---- */

static weir_bytes bytes_of(weir_arena *arena, const json_t *text)
{
    const char *from = json_string_value(text);
    size_t size = json_string_length(text), count = 0;
    if (!from)
        return (weir_bytes){NULL, 0};
    unsigned char *bytes = weir_arena_alloc(arena, size + 1);
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)from[i];
        bytes[count++] = c < 0x80 ? c : (unsigned char)((c & 0x03) * 64 + ((unsigned char)from[++i] & 0x3f));
    }
    return (weir_bytes){bytes, count};
}

static struct weir_headers headers_of(weir_arena *arena, const json_t *array)
{
    size_t count = json_array_size(array);
    struct weir_header *items = weir_arena_alloc(arena, (count + 1) * sizeof *items);
    for (size_t i = 0; i < count; i++) {
        const json_t *pair = json_array_get(array, i);
        items[i] =
            (struct weir_header){json_string_value(json_array_get(pair, 0)), bytes_of(arena, json_array_get(pair, 1))};
    }
    return (struct weir_headers){items, count};
}

/* ---- records ---- */

static void print_key_and_value(const char *label, int input, const char *topic, const struct weir_raw_record *record)
{
    printf("%s %d %s ", label, input, topic);
    print_bytes(stdout, record->key);
    putchar(' ');
    print_bytes(stdout, record->value);
}

static void print_record(const char *label, int input, const char *topic, const struct weir_raw_record *record)
{
    print_key_and_value(label, input, topic, record);
    printf(" %" PRId64, record->timestamp_ms);
    for (size_t i = 0; i < record->headers.count; i++) {
        if (strcmp(record->headers.items[i].name, LINEAGE_HEADER) == 0)
            continue;
        printf(" %s=", record->headers.items[i].name);
        print_bytes(stdout, record->headers.items[i].value);
    }
    putchar('\n');
}

/* How many of them have no key. */
static uint64_t print_topic(struct run *run, const char *shown, const char *topic)
{
    struct weir_raw_record record;
    uint64_t missing = 0;
    while (weir_test_recv_raw(run->test, topic, &record)) {
        print_record("out", run->input, shown, &record);
        missing += record.key.data == NULL;
    }
    return missing;
}

static int compare_keys(const void *a, const void *b)
{
    const struct weir_raw_record *left = a, *right = b;
    size_t size = left->key.size < right->key.size ? left->key.size : right->key.size;
    int order = memcmp(left->key.data, right->key.data, size);
    return order ? order : (left->key.size > right->key.size) - (left->key.size < right->key.size);
}

static size_t place_of(const struct weir_raw_record *rows, size_t count, const struct weir_raw_record *row)
{
    for (size_t i = 0; i < count; i++)
        if (compare_keys(&rows[i], row) == 0)
            return i;
    return count;
}

/* Kafka Streams uses up a number also for a record without a value. */
static void print_row_of_log(const struct run *run, const struct build_store *store, struct weir_raw_record row)
{
    if (store->is_numbered && !row.value.data)
        return;
    row.key.size -= store->is_numbered ? 4 : 0;
    if (!store->is_held) {
        print_record("log", run->input, store->name, &row);
        return;
    }
    print_key_and_value("log", run->input, store->name, &row);
    putchar('\n');
}

struct log {
    struct weir_raw_record rows[ROWS_MAX];
    size_t count;
};

/* What one commit behind the input would write: the last row of each key; of a versioned store all. */
static void add_row_of_log(struct log *log, const struct build_store *store, const struct weir_raw_record *row)
{
    size_t place = store->is_versioned ? log->count : place_of(log->rows, log->count, row);
    if (place == ROWS_MAX)
        return;
    log->rows[place] = *row;
    log->count += place == log->count;
}

/* Rows that share a record have their times in their keys. */
static void add_record_of_log(struct log *log, const struct build_store *store, const struct weir_raw_record *record)
{
    const struct store_row packed = {record->key, record->value, record->timestamp_ms};
    weir_bytes rows, key;
    struct store_row logged;
    uint32_t sequence;
    if (!store->is_numbered || !packed_read(&packed, &rows)) {
        add_row_of_log(log, store, record);
        return;
    }
    while (packed_next(&rows, &logged)) {
        struct weir_raw_record row = {.key = logged.key, .value = logged.value};
        keys_join_log_read(logged.key, &key, &row.timestamp_ms, &sequence);
        add_row_of_log(log, store, &row);
    }
}

static void print_changelog(struct run *run, const struct build_store *store)
{
    struct log log = {.count = 0};
    struct weir_raw_record record;
    char topic[NAME_BYTES];
    snprintf(topic, sizeof topic, APPLICATION "-%s-changelog", store->name);
    while (weir_test_recv_raw(run->test, topic, &record))
        add_record_of_log(&log, store, &record);
    if (!store->is_versioned)
        qsort(log.rows, log.count, sizeof *log.rows, compare_keys);
    for (size_t i = 0; i < log.count; i++)
        print_row_of_log(run, store, log.rows[i]);
}

static void print_internal(struct run *run, struct build_internal *internal)
{
    char topic[NAME_BYTES];
    snprintf(topic, sizeof topic, APPLICATION "-%s", internal->topic);
    uint64_t missing = print_topic(run, internal->topic, topic);
    if (internal->map)
        internal->missing -= missing;
}

/* Dead letters, with what says where they came from; message and time are each engine's own. */
static bool is_of_letter(const char *header)
{
    static const char prefix[] = "__streams.errors.";
    if (strncmp(header, prefix, sizeof prefix - 1) != 0)
        return strcmp(header, LINEAGE_HEADER) != 0;
    const char *what = header + sizeof prefix - 1;
    return strcmp(what, "topic") == 0 || strcmp(what, "partition") == 0 || strcmp(what, "offset") == 0;
}

/* Kafka Streams forgets key and value of one that was processed, when something was sent before it failed. */
static bool is_unreadable(const struct weir_raw_record *letter)
{
    static const char reading[] = "weir.reading";
    for (size_t i = 0; i < letter->headers.count; i++) {
        const struct weir_header *header = &letter->headers.items[i];
        if (strcmp(header->name, "__streams.errors.exception") == 0)
            return header->value.size == sizeof reading - 1 &&
                   memcmp(header->value.data, reading, sizeof reading - 1) == 0;
    }
    return false;
}

static void print_letters(struct run *run)
{
    struct weir_raw_record letter;
    while (weir_test_recv_raw(run->test, LETTERS, &letter)) {
        printf("out %d " LETTERS, run->input);
        if (is_unreadable(&letter)) {
            putchar(' ');
            print_bytes(stdout, letter.key);
            putchar(' ');
            print_bytes(stdout, letter.value);
        }
        for (size_t i = 0; i < letter.headers.count; i++)
            if (is_of_letter(letter.headers.items[i].name)) {
                printf(" %s=", letter.headers.items[i].name);
                print_bytes(stdout, letter.headers.items[i].value);
            }
        putchar('\n');
    }
}

static void print_outputs(struct run *run)
{
    struct build *build = &run->build;
    if (run->keeps_letters)
        print_letters(run);
    for (size_t i = 0; i < build->output_count; i++)
        print_topic(run, build->outputs[i], build->outputs[i]);
    for (size_t i = 0; i < build->internal_count; i++)
        print_internal(run, &build->internals[i]);
    for (size_t i = 0; i < build->store_count; i++)
        print_changelog(run, &build->stores[i]);
}

static void send(struct run *run, const json_t *record)
{
    weir_arena *arena = run->build.arena;
    if (json_array_size(record) == 1) {
        weir_test_advance(run->test, weir_millis(json_integer_value(json_array_get(record, 0))));
        return;
    }
    const struct weir_raw_record raw = {
        .key = bytes_of(arena, json_array_get(record, 1)),
        .value = bytes_of(arena, json_array_get(record, 2)),
        .timestamp_ms = json_integer_value(json_array_get(record, 3)),
        .headers = headers_of(arena, json_array_get(record, 4)),
    };
    weir_test_send_raw(run->test, json_string_value(json_array_get(record, 0)), raw);
}

/* ---- stores ---- */

static weir_bytes wire(const struct weir_type *type, const void *value, unsigned char number[8])
{
    if (!value || type != &weir_i64_type)
        return value ? *(const weir_bytes *)value : (weir_bytes){NULL, 0};
    uint64_t bits = (uint64_t) * (const int64_t *)value;
    for (int i = 0; i < 8; i++)
        number[i] = (unsigned char)(bits >> (56 - 8 * i));
    return (weir_bytes){number, 8};
}

static void print_row(void *self, const struct weir_record *row)
{
    const struct build_store *store = self;
    unsigned char number[8];
    printf("row %s ", store->name);
    print_bytes(stdout, wire(row->key_type, row->key, number));
    if (store->is_session)
        printf("@%" PRId64 "/%" PRId64, row->window.start_ms, row->window.end_ms);
    else if (row->window.end_ms != 0)
        printf("@%" PRId64, row->window.start_ms);
    putchar(' ');
    print_bytes(stdout, wire(row->value_type, row->value, number));
    if (store->has_times)
        printf(" %" PRId64 "\n", row->timestamp_ms);
    else
        puts(" -");
}

static void print_version(struct run *run, const struct build_store *store, weir_bytes key, int64_t as_of_ms)
{
    unsigned char number[8];
    struct weir_version version;
    const void *value = weir_test_get_as_of(run->test, store->name, &key, as_of_ms, &version);
    if (!value)
        return;
    printf("version %s ", store->name);
    print_bytes(stdout, key);
    printf(" %" PRId64 " ", as_of_ms);
    print_bytes(stdout, wire(store->is_number ? &weir_i64_type : &weir_str_type, value, number));
    printf(" %" PRId64 "\n", version.from_ms);
}

/* What each key of the input was at each time of the input. */
static void print_versions(struct run *run, const struct build_store *store, const json_t *input)
{
    for (size_t k = 0; k < json_array_size(input); k++)
        for (size_t t = 0; t < json_array_size(input); t++) {
            const json_t *key = json_array_get(json_array_get(input, k), 1);
            const json_t *time = json_array_get(json_array_get(input, t), 3);
            if (json_is_string(key) && time)
                print_version(run, store, bytes_of(run->build.arena, key), json_integer_value(time));
        }
}

static void print_store(struct run *run, struct build_store *store, const json_t *input)
{
    if (store->is_versioned)
        print_versions(run, store, input);
    else if (store->has_rows)
        weir_test_each(run->test, store->name, print_row, store);
}

/* ---- a case ---- */

/* Where a topic is computed is said in each engine's own words. */
static void print_description(const char *line)
{
    const char *extractor = strstr(line, "(extractor class"), *end = extractor ? strchr(extractor, ')') : NULL;
    if (end)
        printf("describe %.*s(extractor class%s\n", (int)(extractor - line), line, end);
    else
        printf("describe %s\n", line);
}

static void describe(struct run *run)
{
    struct weir_error error = {0};
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    bool is_described = weir_topology_describe(run->build.topology, WEIR_DESCRIBE_TEXT, file, &error);
    fclose(file);
    char *rest = text;
    for (char *line; is_described && (line = strsep(&rest, "\n")) && rest;)
        print_description(line);
    free(text);
}

/* Kafka Streams counts neither what lies in front of an unlimited window nor what a repartition drops. */
static uint64_t dropped(const struct run *run)
{
    uint64_t dropped = weir_test_dropped(run->test, NULL) - weir_test_dropped(run->test, "early");
    for (size_t i = 0; i < run->build.internal_count; i++)
        dropped -= run->build.internals[i].missing;
    return dropped;
}

static void run_input(struct run *run, const json_t *input)
{
    struct weir_error error;
    run->input = -1;
    print_outputs(run);
    for (size_t i = 0; i < json_array_size(input) && !weir_test_failed(run->test, &error); i++) {
        run->input = (int)i;
        send(run, json_array_get(input, i));
        print_outputs(run);
    }
    for (size_t i = 0; i < run->build.store_count; i++)
        print_store(run, &run->build.stores[i], input);
    if (run->build.is_uncounted)
        puts("dropped -");
    else
        printf("dropped %" PRIu64 "\n", dropped(run));
    if (weir_test_failed(run->test, &error))
        printf("failed %s\n", error.message);
}

static void say_policies(struct run *run, bool has_handlers)
{
    enum weir_policy policy = run->keeps_letters ? WEIR_DEAD_LETTER : WEIR_SKIP;
    weir_error_handler *handler = has_handlers ? choosing : NULL;
    weir_on_error(run->build.topology, .reading = policy, .processing = policy, .reading_handler = handler,
                  .processing_handler = handler, .dead_letters = run->keeps_letters ? LETTERS : NULL);
}

static void run_case(json_t *test)
{
    struct weir_error error = {0};
    bool is_binary = json_is_true(json_object_get(test, "binary"));
    struct run run = {.build = {.topology = weir_topology_new(APPLICATION),
                                .text = is_binary ? &weir_bytes_type : &weir_str_type,
                                .arena = weir_arena_new()},
                      .keeps_letters = json_is_true(json_object_get(test, "dead_letters"))};
    printf("case %s\n", json_string_value(json_object_get(test, "name")));
    say_policies(&run, json_is_true(json_object_get(test, "handlers")));
    build_case(&run.build, json_object_get(test, "ops"));
    describe(&run);
    const bool reuses = json_is_true(json_object_get(test, "reuse_topics"));
    const char *const set[][2] = {{"topology.optimization", reuses ? "reuse.ktable.source.topics" : "none"}, {NULL}};
    run.test = weir_test_new(run.build.topology, (struct weir_config){.application = APPLICATION, .set = set}, &error);
    if (run.test)
        run_input(&run, json_object_get(test, "input"));
    else
        printf("failed %s\n", error.message);
    weir_test_free(run.test);
    weir_arena_free(run.build.arena);
}

int main(int argc, char **argv)
{
    FILE *file = argc == 2 ? fopen(argv[1], "r") : NULL;
    char *line = NULL;
    size_t capacity = 0;
    if (!file) {
        fprintf(stderr, "run_cases FILE: the file cannot be read\n");
        return 2;
    }
    while (getline(&line, &capacity, file) > 0) {
        json_error_t problem;
        json_t *test = json_loads(line, JSON_ALLOW_NUL, &problem);
        if (!test) {
            fprintf(stderr, "%s\n", problem.text);
            return 2;
        }
        run_case(test);
        json_decref(test);
    }
    free(line);
    fclose(file);
    return fflush(stdout) == 0 ? 0 : 1;
}

/* Processors: their order, times, places and failures are those of Kafka Streams' TopologyTestDriver 4.3.1, from which the
 * expected lines were taken. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "weir.h"

static weir_bytes text(const char *s)
{
    return (weir_bytes){s, strlen(s)};
}

static bool is(const void *bytes, const char *expected)
{
    const weir_bytes *value = bytes;
    return value->size == strlen(expected) && memcmp(value->data, expected, value->size) == 0;
}

static weir_test *drive_with(weir_topology *topology, const char *const (*set)[2])
{
    struct weir_error error = {0};
    weir_test *test = weir_test_new(topology, (struct weir_config){.application = "app", .set = set}, &error);
    cr_assert_not_null(test, "%s", error.message);
    return test;
}

static weir_test *drive(weir_topology *topology)
{
    return drive_with(topology, NULL);
}

static void send(weir_test *test, const char *key, const char *value, int64_t ts)
{
    const struct weir_header header = {"h", text("0")};
    weir_test_send_raw(test, "in", (struct weir_raw_record){text(key), text(value), ts, {&header, 1}});
}

static weir_stream *texts(weir_topology *t)
{
    return weir_from(t, "in", &weir_str_type, &weir_str_type);
}

static int print(char *out, size_t room, const struct weir_raw_record *record)
{
    int size = snprintf(out, room, "%.*s %.*s @%" PRId64, (int)record->key.size, (const char *)record->key.data,
                        (int)record->value.size, (const char *)record->value.data, record->timestamp_ms);
    for (size_t i = 0; i < record->headers.count; i++)
        size += snprintf(out + size, room - (size_t)size, " %s=%.*s", record->headers.items[i].name,
                         (int)record->headers.items[i].value.size, (const char *)record->headers.items[i].value.data);
    return size;
}

/* All that was written to the topic since the last call, a line each. */
static void expect(weir_test *test, const char *topic, const char *lines)
{
    static char found[8192];
    struct weir_raw_record record;
    int size = 0;
    found[0] = 0;
    while (weir_test_recv_raw(test, topic, &record)) {
        size += print(found + size, sizeof found - (size_t)size, &record);
        found[size++] = '\n';
        found[size] = 0;
    }
    cr_expect_str_eq(found, lines);
}

/* ---- punctuators ---- */

static void say(weir_context *context, const char *what, int64_t now_ms)
{
    struct weir_metadata from = weir_record_metadata(context);
    char line[96];
    int size = snprintf(line, sizeof line, "st%" PRId64 " sys%" PRId64 " meta%s%d%" PRId64, weir_stream_time(context),
                        weir_system_time(context), from.topic ? from.topic : "null", from.partition, from.offset);
    const weir_bytes key = text(what), value = {line, (size_t)size};
    weir_forward(context, &(struct weir_record){.key = &key, .value = &value, .timestamp_ms = now_ms});
}

struct timers {
    weir_timer once;
};

#define SAYS(name)                                                                                                     \
    static void say_##name(weir_context *context, int64_t now_ms)                                                      \
    {                                                                                                                  \
        say(context, #name, now_ms);                                                                                   \
    }
SAYS(s0)
SAYS(s1)
SAYS(s2)
SAYS(s3)
SAYS(s4)
SAYS(w0)
SAYS(w1)
SAYS(w2)
SAYS(inner)
SAYS(anchored)

static void say_once(weir_context *context, int64_t now_ms)
{
    struct timers *self = weir_self(context);
    say(context, "once", now_ms);
    weir_cancel(context, self->once);
    weir_cancel(context, self->once);
    weir_schedule(context, WEIR_STREAM_TIME, weir_millis(20), say_inner);
}

static void timers_open(weir_context *context)
{
    static weir_punctuator *const stream[] = {say_s0, say_s1, say_s2, say_s3, say_s4};
    static weir_punctuator *const wall[] = {say_w0, say_w1, say_w2};
    struct timers *self = weir_self(context);
    for (int i = 0; i < 5; i++)
        weir_schedule(context, WEIR_STREAM_TIME, weir_millis(10 + 5 * (i % 2)), stream[i]);
    self->once = weir_schedule(context, WEIR_STREAM_TIME, weir_millis(7), say_once);
    for (int i = 0; i < 3; i++)
        weir_schedule(context, WEIR_WALL_CLOCK, weir_millis(100), wall[i]);
    weir_schedule_from(context, WEIR_STREAM_TIME, 3, weir_millis(10), say_anchored);
}

static void timers_process(weir_context *context, const struct weir_record *record)
{
    say(context, "k", record->timestamp_ms);
}

static weir_test *drive_timers(void)
{
    static const struct weir_processor processor = {
        .self_size = sizeof(struct timers), .open = timers_open, .process = timers_process};
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_process(texts(t), &processor, .key = &weir_str_type), "out");
    return drive(t);
}

static void send_bare(weir_test *test, int64_t ts)
{
    weir_test_send_raw(test, "in", (struct weir_raw_record){.key = text("k"), .value = text("v"), .timestamp_ms = ts});
}

Test(processor, punctuators_of_stream_time_fire_as_in_kafka_streams)
{
    weir_test *test = drive_timers();
    send_bare(test, 0);
    expect(test, "out",
           "k st0 sys0 metain00 @0\n"
           "s0 st0 sys0 metanull-1-1 @0\n"
           "s1 st0 sys0 metanull-1-1 @0\n"
           "s3 st0 sys0 metanull-1-1 @0\n"
           "s4 st0 sys0 metanull-1-1 @0\n"
           "s2 st0 sys0 metanull-1-1 @0\n"
           "once st0 sys0 metanull-1-1 @0\n"
           "inner st0 sys0 metanull-1-1 @0\n");
    send_bare(test, 31);
    expect(test, "out",
           "k st31 sys0 metain01 @31\n"
           "anchored st31 sys0 metanull-1-1 @31\n"
           "s2 st31 sys0 metanull-1-1 @31\n"
           "s0 st31 sys0 metanull-1-1 @31\n"
           "s4 st31 sys0 metanull-1-1 @31\n"
           "s1 st31 sys0 metanull-1-1 @31\n"
           "s3 st31 sys0 metanull-1-1 @31\n"
           "inner st31 sys0 metanull-1-1 @31\n");
    weir_test_free(test);
}

Test(processor, punctuators_of_the_wall_clock_fire_as_in_kafka_streams)
{
    weir_test *test = drive_timers();
    weir_test_advance(test, weir_millis(99));
    expect(test, "out", "");
    weir_test_advance(test, weir_millis(1));
    expect(test, "out",
           "w0 st-1 sys100 metanull-1-1 @100\n"
           "w2 st-1 sys100 metanull-1-1 @100\n"
           "w1 st-1 sys100 metanull-1-1 @100\n");
    weir_test_advance(test, weir_millis(350));
    expect(test, "out",
           "w2 st-1 sys450 metanull-1-1 @450\n"
           "w1 st-1 sys450 metanull-1-1 @450\n"
           "w0 st-1 sys450 metanull-1-1 @450\n");
    weir_test_advance(test, weir_millis(50));
    expect(test, "out",
           "w1 st-1 sys500 metanull-1-1 @500\n"
           "w0 st-1 sys500 metanull-1-1 @500\n"
           "w2 st-1 sys500 metanull-1-1 @500\n");
    weir_test_free(test);
}

static void anchored_open(weir_context *context)
{
    weir_schedule_from(context, WEIR_WALL_CLOCK, 30, weir_millis(100), say_anchored);
}

static void swallow(weir_context *context, const struct weir_record *record)
{
    (void)context, (void)record;
}

Test(processor, a_start_that_lies_ahead_is_kept_to)
{
    static const struct weir_processor processor = {.open = anchored_open, .process = swallow};
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_process(texts(t), &processor), "out");
    weir_test *test = drive(t);
    weir_test_advance(test, weir_millis(30));
    expect(test, "out", "anchored st-1 sys30 metanull-1-1 @30\n");
    weir_test_advance(test, weir_millis(99));
    expect(test, "out", "");
    weir_test_advance(test, weir_millis(1));
    expect(test, "out", "anchored st-1 sys130 metanull-1-1 @130\n");
    weir_test_free(test);
}

/* ---- forwarding, headers and failures ---- */

static void route(weir_context *context, const struct weir_record *record)
{
    struct weir_record out = *record;
    const weir_bytes again = text("again");
    if (is(record->value, "bad"))
        weir_fail(context, "bad here");
    if (is(record->value, "left")) {
        out.timestamp_ms += 1000;
        weir_forward_to(context, "left", &out);
        return;
    }
    out.headers = weir_headers_with(context, record->headers, "more", text("1"));
    weir_forward(context, &out);
    out = *record;
    out.value = &again;
    weir_forward(context, &out);
}

static const void *with_prefix(weir_context *context, const struct weir_record *record)
{
    const weir_bytes *value = record->value;
    const char *prefix = weir_user(context);
    char *out = weir_alloc(context, value->size + strlen(prefix) + 1);
    int size = sprintf(out, "%s%.*s", prefix, (int)value->size, (const char *)value->data);
    weir_bytes *result = weir_alloc(context, sizeof *result);
    *result = (weir_bytes){out, (size_t)size};
    return result;
}

static const void *not_again(weir_context *context, const struct weir_record *record)
{
    if (is(record->value, "again"))
        weir_fail(context, "again?");
    return with_prefix(context, record);
}

static weir_topology *three_ways(void)
{
    static const struct weir_processor processor = {.process = route};
    static char l[] = "L", r[] = "R", third[] = "third ";
    weir_topology *t = weir_topology_new("t");
    weir_stream *s = weir_process(texts(t), &processor, .key = &weir_str_type);
    weir_to(weir_map_values(s, &weir_str_type, with_prefix, .name = "left", .user = l), "out");
    weir_to(weir_map_values(s, &weir_str_type, not_again, .name = "right", .user = r), "out");
    weir_to(weir_map_values(s, &weir_str_type, with_prefix, .user = third), "out");
    return t;
}

static const char *const skipping[][2] = {{"processing.exception.handler", "skip"}, {NULL, NULL}};

Test(processor, a_record_goes_to_every_child_or_to_the_one_that_is_named)
{
    weir_test *test = drive_with(three_ways(), skipping);
    send(test, "k", "x", 5);
    expect(test, "out",
           "k Lx @5 h=0 more=1\n"
           "k Rx @5 h=0 more=1\n"
           "k third x @5 h=0 more=1\n"
           "k Lagain @5 h=0\n"
           "k third again @5 h=0\n");
    send(test, "k", "left", 5);
    expect(test, "out", "k Lleft @1005 h=0\n");
    weir_test_free(test);
}

Test(processor, a_node_that_fails_leaves_the_nodes_beside_it_alone)
{
    weir_test *test = drive_with(three_ways(), skipping);
    send(test, "k", "x", 5);
    cr_expect_eq(weir_test_dropped(test, "failed"), 1);
    expect(test, "in.dlq", "");
    weir_test_free(test);
}

Test(processor, what_fails_is_a_dead_letter_with_the_headers_of_kafka_streams)
{
    static const char *const settings[][2] = {{"errors.dead.letter.queue.topic.name", "dlq"}, {NULL, NULL}};
    weir_test *test = drive_with(three_ways(), settings);
    send(test, "k", "bad", 5);
    expect(test, "out", "");
    struct weir_raw_record letter;
    cr_assert(weir_test_recv_raw(test, "dlq", &letter));
    cr_expect(is(&letter.key, "k") && is(&letter.value, "bad"));
    const struct weir_record record = {.headers = letter.headers};
    const struct {
        const char *name, *value;
    } expected[] = {{"h", "0"},
                    {"__streams.errors.exception", "weir.processing"},
                    {"__streams.errors.message", "bad here"},
                    {"__streams.errors.topic", "in"},
                    {"__streams.errors.partition", "0"},
                    {"__streams.errors.offset", "0"},
                    {"__streams.errors.reason", "failed"},
                    {"__streams.errors.record.timestamp", "5"},
                    {"__streams.errors.retries", "0"}};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        weir_bytes value = weir_header(&record, expected[i].name);
        cr_expect(is(&value, expected[i].value), "%s: %.*s", expected[i].name, (int)value.size,
                  (const char *)value.data);
    }
    weir_bytes trace = weir_header(&record, "__streams.errors.stacktrace");
    cr_expect_eq(strncmp(trace.data, "weir.processing: bad here\n\tat KSTREAM-PROCESSOR-0000000001(", 58), 0, "%.*s",
                 (int)trace.size, (const char *)trace.data);
    weir_test_free(test);
}

Test(processor, two_nodes_that_fail_are_two_dead_letters)
{
    weir_topology *t = weir_topology_new("t");
    static char l[] = "L";
    weir_stream *in = texts(t);
    weir_map_values(in, &weir_str_type, not_again, .user = l);
    weir_map_values(in, &weir_str_type, not_again, .user = l);
    weir_test *test = drive(t);
    send(test, "k", "again", 5);
    struct weir_raw_record letter;
    cr_expect(weir_test_recv_raw(test, "in.dlq", &letter));
    cr_expect(weir_test_recv_raw(test, "in.dlq", &letter));
    cr_expect_not(weir_test_recv_raw(test, "in.dlq", &letter));
    cr_expect_eq(weir_test_dropped(test, "dead_letter"), 2);
    weir_test_free(test);
}

Test(processor, the_policy_fail_stops_in_front_of_the_record)
{
    weir_topology *t = three_ways();
    weir_on_error(t, .processing = WEIR_FAIL);
    weir_test *test = drive(t);
    send(test, "k", "bad", 5);
    struct weir_error error = {0};
    cr_assert(weir_test_failed(test, &error));
    cr_expect(strstr(error.message, "topic in, partition 0, offset 0: KSTREAM-PROCESSOR-0000000001"), "%s",
              error.message);
    cr_expect(strstr(error.message, "bad here (processing.exception.handler is fail)"), "%s", error.message);
    expect(test, "in.dlq", "");
    weir_test_free(test);
}

Test(processor, fail_writes_a_dead_letter_once_there_is_a_topic_for_them)
{
    weir_topology *t = three_ways();
    weir_on_error(t, .processing = WEIR_FAIL, .dead_letters = "letters");
    weir_test *test = drive(t);
    send(test, "k", "bad", 5);
    struct weir_raw_record letter;
    cr_expect(weir_test_failed(test, NULL));
    cr_expect(weir_test_recv_raw(test, "letters", &letter));
    weir_test_free(test);
}

static void tick_and_fail(weir_context *context, int64_t now_ms)
{
    const weir_bytes key = text("p"), value = text("q");
    weir_forward(context, &(struct weir_record){.key = &key, .value = &value, .timestamp_ms = now_ms});
    weir_fail(context, "tick");
}

static void failing_open(weir_context *context)
{
    weir_schedule(context, WEIR_WALL_CLOCK, weir_millis(10), tick_and_fail);
}

Test(processor, a_punctuator_that_fails_is_a_dead_letter_without_a_place)
{
    static const struct weir_processor processor = {.open = failing_open, .process = weir_forward};
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_process(texts(t), &processor, .key = &weir_str_type), "out");
    weir_test *test = drive(t);
    weir_test_advance(test, weir_millis(10));
    expect(test, "out", "p q @10\n");
    struct weir_raw_record letter;
    cr_assert(weir_test_recv_raw(test, "in.dlq", &letter));
    const struct weir_record record = {.headers = letter.headers};
    cr_expect_null(letter.key.data);
    cr_expect_null(letter.value.data);
    cr_expect_eq(letter.timestamp_ms, 10);
    cr_expect_null(weir_header(&record, "__streams.errors.topic").data);
    weir_bytes partition = weir_header(&record, "__streams.errors.partition");
    cr_expect(is(&partition, "-1"));
    cr_expect_not(weir_test_failed(test, NULL));
    weir_test_free(test);
}

static void to_nobody(weir_context *context, const struct weir_record *record)
{
    weir_forward_to(context, "nobody", record);
}

Test(processor, a_child_that_is_not_there_stops_the_task)
{
    static const struct weir_processor processor = {.process = to_nobody};
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_process(texts(t), &processor), "out");
    weir_test *test = drive(t);
    send(test, "k", "v", 5);
    struct weir_error error = {0};
    cr_assert(weir_test_failed(test, &error));
    cr_expect(strstr(error.message, "there is no node 'nobody' behind it"), "%s", error.message);
    weir_test_free(test);
}

/* ---- keys ---- */

static void twice(weir_context *context, const struct weir_record *record)
{
    struct weir_record out = *record;
    weir_forward(context, record);
    out.timestamp_ms = 9;
    weir_forward(context, &out);
}

Test(processor, without_a_key_the_stream_may_be_grouped_as_it_is)
{
    static const struct weir_processor processor = {.process = twice};
    weir_topology *t = weir_topology_new("t");
    weir_stream *s = weir_process(texts(t), &processor);
    weir_to(weir_changes(weir_count(weir_group(s), "counts")), "out");
    weir_test *test = drive(t);
    send(test, "k", "v", 5);
    struct weir_record out;
    cr_assert(weir_test_recv(test, "out", &out) && weir_test_recv(test, "out", &out));
    cr_expect_eq(*(const int64_t *)out.value, 2);
    cr_expect_eq(out.timestamp_ms, 9);
    weir_test_free(test);
}

static void change_key(weir_context *context, const struct weir_record *record)
{
    struct weir_record out = *record;
    const weir_bytes key = text(is(record->value, "same") ? "k" : "another");
    out.key = &key;
    weir_forward(context, &out);
}

Test(processor, without_a_key_the_key_must_stay)
{
    static const struct weir_processor processor = {.process = change_key};
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_process(texts(t), &processor), "out");
    weir_test *test = drive(t);
    send(test, "k", "same", 5);
    expect(test, "out", "k same @5 h=0\n");
    send(test, "k", "v", 6);
    struct weir_error error = {0};
    cr_assert(weir_test_failed(test, &error));
    cr_expect(strstr(error.message, "a processor without .key keeps the record's key"), "%s", error.message);
    weir_test_free(test);
}

/* ---- headers ---- */

static void strip(weir_context *context, const struct weir_record *record)
{
    struct weir_record out = *record;
    out.headers = is(record->value, "all") ? WEIR_NO_HEADERS : weir_headers_without(context, record->headers, "h");
    weir_forward(context, &out);
}

Test(processor, headers_are_taken_off)
{
    static const struct weir_processor processor = {.process = strip};
    const struct weir_header headers[] = {{"h", text("0")}, {"i", text("1")}, {"h", text("2")}};
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_process(texts(t), &processor), "out");
    weir_test *test = drive(t);
    weir_test_send_raw(test, "in", (struct weir_raw_record){text("k"), text("one"), 1, {headers, 3}});
    weir_test_send_raw(test, "in", (struct weir_raw_record){text("k"), text("all"), 2, {headers, 3}});
    expect(test, "out", "k one @1 i=1\nk all @2\n");
    weir_test_free(test);
}

Test(processor, the_latest_header_of_a_name_counts)
{
    const struct weir_header headers[] = {{"h", text("0")}, {"i", text("1")}, {"h", text("2")}};
    const struct weir_record record = {.headers = {headers, 3}};
    weir_bytes value = weir_header(&record, "h");
    cr_expect(is(&value, "2"));
    cr_expect_null(weir_header(&record, "none").data);
}

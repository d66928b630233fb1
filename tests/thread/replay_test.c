/* Dead letters on the embedded log that are sent again: where they go, in what order, how often. A plain program, so that
 * it runs under ThreadSanitizer too. */
#include <stdatomic.h>

#include "base/bytes.h"
#include "base/error.h"
#include "broker/broker.h"
#include "running.h"

static atomic_bool broken;

static const void *pass_unless_broken(weir_context *context, const struct weir_record *record)
{
    if (atomic_load(&broken) && *(const char *)((const weir_bytes *)record->value)->data == '!')
        weir_fail(context, "broken for now");
    return record->value;
}

static weir_topology *build(void)
{
    weir_topology *t = weir_topology_new("replay");
    weir_stream *in = weir_from(t, "in", &weir_str_type, &weir_str_type);
    weir_to(weir_map_values(in, &weir_str_type, pass_unless_broken), "out");
    weir_to(weir_from(t, "secret", &weir_str_type, &weir_i64_type, .confidential = true), "numbers");
    return t;
}

static void send(weir_app *app, const char *topic, const char *key, const char *value, int64_t timestamp_ms)
{
    const struct weir_header header = {"correlation-id", bytes_of_text("c-1")};
    const struct weir_raw_record record = {.key = bytes_of_text(key),
                                           .value = bytes_of_text(value),
                                           .timestamp_ms = timestamp_ms,
                                           .headers = {&header, 1}};
    struct weir_error error = {0};
    CHECK(weir_produce(app, topic, &record, 1, NULL, &error), "weir_produce: %s", error.message);
}

struct found {
    char text[512]; /* "key=value@timestamp/headers " of each record, in order */
};

static void add_message(struct found *found, const struct broker_message *message)
{
    size_t used = strlen(found->text);
    snprintf(found->text + used, sizeof found->text - used, "%.*s=%.*s@%lld/%zu ", (int)message->key.size,
             (const char *)message->key.data, (int)message->value.size, (const char *)message->value.data,
             (long long)message->timestamp_ms, message->headers.count);
}

static struct found read_topic(struct broker *log, const char *topic, int expected)
{
    struct weir_error error = {0};
    struct found found = {0};
    struct broker_reader *reader = log->ops->reader_open(log, &error);
    CHECK(reader && log->ops->reader_add(reader, topic, 0, 0, 0, &error), "%s", error.message);
    for (int tries = 0, count = 0; count < expected && tries < 400; tries++) {
        struct broker_message messages[16];
        int got = log->ops->reader_poll(reader, messages, 16, 50, &error);
        for (int i = 0; i < got; i++) {
            add_message(&found, &messages[i]);
            log->ops->reader_release(reader, &messages[i]);
        }
        count += got > 0 ? got : 0;
    }
    log->ops->reader_close(reader);
    return found;
}

static void expect(struct broker *log, const char *topic, int records, const char *text)
{
    struct found found = read_topic(log, topic, records);
    CHECK(strcmp(found.text, text) == 0, "%s: \"%s\", expected \"%s\"", topic, found.text, text);
}

static void expect_replay(weir_app *app, const char *letters, int64_t max, int64_t sent, int64_t left)
{
    struct weir_error error = {0};
    struct weir_replayed replayed;
    CHECK(weir_app_replay(app, letters, max, &replayed, &error), "%s", error.message);
    CHECK(replayed.sent == sent && replayed.left == left, "%s: sent %lld, left %lld, expected %lld and %lld", letters,
          (long long)replayed.sent, (long long)replayed.left, (long long)sent, (long long)left);
}

static void letters_go_back_once_as_they_came(weir_app *app, struct broker *log)
{
    atomic_store(&broken, true);
    send(app, "in", "a", "!1", 1001);
    send(app, "in", "b", "2", 1002);
    send(app, "in", "a", "!3", 1003);
    read_topic(log, "in.dlq", 2);
    expect(log, "out", 1, "b=2@1002/1 ");
    atomic_store(&broken, false);
    expect_replay(app, "in.dlq", -1, 2, 0);
    expect(log, "out", 3, "b=2@1002/1 a=!1@1001/1 a=!3@1003/1 ");
    expect_replay(app, "in.dlq", -1, 0, 0);
}

static void what_fails_again_is_a_new_letter_for_the_next_replay(weir_app *app, struct broker *log)
{
    atomic_store(&broken, true);
    send(app, "in", "c", "!4", 1004);
    read_topic(log, "in.dlq", 3);
    expect_replay(app, "in.dlq", -1, 1, 0);
    read_topic(log, "in.dlq", 4);
    atomic_store(&broken, false);
    expect_replay(app, "in.dlq", -1, 1, 0);
    expect(log, "out", 4, "b=2@1002/1 a=!1@1001/1 a=!3@1003/1 c=!4@1004/1 ");
}

static void a_limit_is_kept_and_the_rest_waits(weir_app *app, struct broker *log)
{
    atomic_store(&broken, true);
    for (int i = 0; i < 5; i++)
        send(app, "in", "d", "!5", 1005);
    read_topic(log, "in.dlq", 9);
    atomic_store(&broken, false);
    expect_replay(app, "in.dlq", 2, 2, 0);
    expect_replay(app, "in.dlq", 2, 2, 0);
    expect_replay(app, "in.dlq", 2, 1, 0);
}

static void a_letter_without_its_value_is_left(weir_app *app, struct broker *log)
{
    send(app, "secret", "k", "no number", 1006);
    read_topic(log, "secret.dlq", 1);
    expect_replay(app, "secret.dlq", -1, 0, 1);
}

static void only_topics_of_dead_letters_are_replayed(weir_app *app)
{
    struct weir_error error = {0};
    struct weir_replayed replayed;
    CHECK(!weir_app_replay(app, "in", -1, &replayed, &error) && error.code == WEIR_ABSENT, "it was replayed");
}

int main(void)
{
    begin();
    struct weir_error error = {0};
    struct broker *log = broker_embedded_open(log_directory, NULL, &error);
    const struct broker_topic_spec topics[] = {{.name = "in", .partitions = 1}, {.name = "secret", .partitions = 1}};
    CHECK(log && log->ops->ensure(log, topics, 2, &error), "%s", error.message);
    if (log) {
        weir_app *app = start_as("replay", build(), "1");
        letters_go_back_once_as_they_came(app, log);
        what_fails_again_is_a_new_letter_for_the_next_replay(app, log);
        a_limit_is_kept_and_the_rest_waits(app, log);
        a_letter_without_its_value_is_left(app, log);
        only_topics_of_dead_letters_are_replayed(app);
        stop(app);
        log->ops->close(log);
    }
    return end();
}

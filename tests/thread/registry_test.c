/* A whole app on the embedded log beside a Schema Registry that answers, does not answer, and does not know. A plain program, so
 * that it runs under ThreadSanitizer too. */
#include "base/error.h"
#include "broker/broker.h"
#include "fake_registry.h"
#include "running.h"

struct line {
    weir_bytes sku;
    int64_t quantity;
    bool urgent;
};

static const struct weir_type flag_type = {.name = "boolean", .kind = WEIR_KIND_BOOL, .size = sizeof(bool)};
static const struct weir_field line_fields[] = {
    {.name = "sku", .type = &weir_str_type, .offset = offsetof(struct line, sku), .presence = WEIR_NO_PRESENCE},
    {.name = "quantity",
     .type = &weir_i64_type,
     .offset = offsetof(struct line, quantity),
     .presence = WEIR_NO_PRESENCE},
    {.name = "urgent",
     .type = &flag_type,
     .offset = offsetof(struct line, urgent),
     .presence = WEIR_NO_PRESENCE,
     .initial = "false"},
};
static const struct weir_type line_type = {.name = "test.line",
                                           .kind = WEIR_KIND_RECORD,
                                           .size = sizeof(struct line),
                                           .fields = line_fields,
                                           .field_count = 3,
                                           .schema = "\"line\"",
                                           .fingerprint = 42};

/* Another order, a narrower number, a field that we do not have, none of one that we have. */
#define OLD_SCHEMA                                                                                                     \
    "{\\\"type\\\":\\\"record\\\",\\\"name\\\":\\\"line\\\",\\\"fields\\\":[{\\\"name\\\":\\\"quantity\\\","           \
    "\\\"type\\\":"                                                                                                    \
    "\\\"int\\\"},{\\\"name\\\":\\\"note\\\",\\\"type\\\":[\\\"null\\\",\\\"string\\\"]},{\\\"name\\\":\\\"sku\\\","   \
    "\\\"type\\\":\\\"string\\\"}]}"

static struct fake_registry fake;

static void add_quantity(weir_context *context, const struct weir_record *record, void *sum)
{
    (void)context;
    *(int64_t *)sum += ((const struct line *)record->value)->quantity;
}

static weir_topology *build(void)
{
    weir_topology *t = weir_topology_new("registry");
    weir_stream *lines = weir_from(t, "lines", &weir_str_type, &line_type);
    weir_aggregate(weir_group(lines), "quantities", add_quantity, .value = &weir_i64_type);
    weir_to(lines, "out", .format = WEIR_FORMAT_AVRO);
    return t;
}

static weir_app *start_by(const char *key, const char *value, struct weir_error *error)
{
    return weir_start(
        build(),
        (struct weir_config){.application = "registry",
                             .set = (const char *const[][2]){{"log.dir", log_directory},
                                                             {"state.dir", state_directory},
                                                             {"commit.interval.ms", "20"},
                                                             {"schema.registry.url", fake.url},
                                                             {"schema.registry.basic.auth.user.info", "user:secret"},
                                                             {"schema.registry.unknown.ms", "200"},
                                                             {key, value},
                                                             {NULL}}},
        error);
}

static weir_app *start(void)
{
    struct weir_error error = {0};
    weir_app *app = start_by("embedded.partitions", "4", &error);
    if (!app) {
        fprintf(stderr, "weir_start: %s\n", error.message);
        exit(1);
    }
    wait_until_running(app);
    return app;
}

/* A line of OLD_SCHEMA. Returns its partition. */
static int32_t send_line(weir_app *app, const char *key, int32_t schema, char quantity)
{
    const char value[] = {0, 0, 0, (char)(schema >> 8), (char)schema, (char)(quantity * 2), 0, 2, 'x'};
    const struct weir_raw_record record = {{key, strlen(key)}, {value, sizeof value}, 1, {NULL, 0}};
    struct weir_produced produced = {0};
    struct weir_error error = {0};
    CHECK(weir_produce(app, "lines", &record, 1, &produced, &error), "weir_produce: %s", error.message);
    return produced.partition;
}

/* A key of another partition than that one. */
static const char *key_beside(weir_app *app, int32_t partition)
{
    static char key[16];
    for (int i = 0; i < 1000; i++) {
        snprintf(key, sizeof key, "k%d", i);
        if (send_line(app, key, 1, 0) != partition)
            return key;
    }
    exit(1);
}

static uint64_t dead_letters(weir_app *app)
{
    struct weir_drop_info drops[16];
    uint64_t letters = 0;
    size_t count = weir_app_drops(app, drops, 16);
    for (size_t i = 0; i < count && i < 16; i++)
        letters += drops[i].records;
    return letters;
}

static void wait_for_dead_letters(weir_app *app, uint64_t expected)
{
    for (int tries = 0; tries < 1500 && dead_letters(app) != expected; tries++)
        usleep(20 * 1000);
    CHECK(dead_letters(app) == expected, "%llu dead letters, expected %llu", (unsigned long long)dead_letters(app),
          (unsigned long long)expected);
}

static void expect_old_lines_are_read(weir_app *app)
{
    send_line(app, "a", 1, 3);
    send_line(app, "a", 1, 4);
    wait_for(app, "quantities", 7);
    CHECK(strstr(fake.request, "Authorization: Basic dXNlcjpzZWNyZXQ=") != NULL, "no credentials: %s", fake.request);
}

/* The registry is asked for a schema once, then never again. */
static void expect_schemas_are_kept(weir_app *app)
{
    int before = fake_requests(&fake);
    for (int i = 0; i < 20; i++)
        send_line(app, "a", 1, 1);
    wait_for(app, "quantities", 27);
    CHECK(fake_requests(&fake) == before, "%d requests more", fake_requests(&fake) - before);
}

static void expect_an_outage_holds_up_one_partition(weir_app *app)
{
    int32_t partition = send_line(app, "a", 1, 0);
    const char *other = key_beside(app, partition);
    fake_set_schema(&fake, 2, OLD_SCHEMA);
    fake_set_status(&fake, 503);
    int before = fake_requests(&fake);
    send_line(app, "a", 2, 5);
    for (int tries = 0; tries < 1500 && fake_requests(&fake) < before + 2; tries++)
        usleep(20 * 1000);
    CHECK(fake_requests(&fake) >= before + 2, "it is not asked for again");
    send_line(app, "a", 1, 50);
    send_line(app, other, 1, 10);
    wait_for(app, "quantities", 37);
    CHECK(dead_letters(app) == 0, "a good record is a dead letter");
    fake_set_status(&fake, 404); /* of a server that knows nothing of schemas */
    before = fake_requests(&fake);
    for (int tries = 0; tries < 1500 && fake_requests(&fake) < before + 2; tries++)
        usleep(20 * 1000);
    CHECK(dead_letters(app) == 0, "a 404 that says nothing made a good record a dead letter");
    fake_set_status(&fake, 200);
    wait_for(app, "quantities", 92);
    CHECK(dead_letters(app) == 0, "a good record is a dead letter");
}

/* What it does not have is a dead letter, and asked for again after a while. */
static void expect_unknown_schemas_are_dead_letters(weir_app *app)
{
    send_line(app, "a", 3, 1);
    wait_for_dead_letters(app, 1);
    fake_set_schema(&fake, 3, OLD_SCHEMA);
    usleep(250 * 1000); /* schema.registry.unknown.ms */
    send_line(app, "a", 3, 1);
    wait_for(app, "quantities", 93);
}

static void expect_bad_schemas_are_dead_letters(weir_app *app)
{
    fake_set_schema(&fake, 4, "{\\\"type\\\":\\\"fixed\\\",\\\"name\\\":\\\"F\\\",\\\"size\\\":-2}");
    send_line(app, "a", 4, 1);
    wait_for_dead_letters(app, 2);
    fake_set_schema(&fake, 5, "\\\"long\\\"");
    send_line(app, "a", 5, 1);
    wait_for_dead_letters(app, 3);
}

static void expect_what_is_written_is_registered(void)
{
    CHECK(strncmp(fake.registered, "POST /base/subjects/out-value/versions ", 39) == 0, "%s", fake.registered);
    CHECK(strstr(fake.registered, "{\\\"name\\\":\\\"urgent\\\",\\\"type\\\":\\\"boolean\\\",\\\"default\\\":false}") !=
              NULL,
          "the whole schema is not registered: %s", fake.registered);
}

/* Each record of the topic "out" has the frame of the schema that was registered. */
static void expect_frames(int expected)
{
    struct weir_error error = {0};
    struct config *config = config_new();
    struct broker *log = broker_embedded_open(log_directory, config, &error);
    struct broker_reader *reader = log ? log->ops->reader_open(log, &error) : NULL;
    int count = 0;
    for (int32_t p = 0; p < 4 && reader; p++)
        CHECK(log->ops->reader_add(reader, "out", p, 0, p, &error), "%s", error.message);
    for (int tries = 0; reader && tries < 1500 && count < expected; tries++) {
        struct broker_message messages[16];
        int got = log->ops->reader_poll(reader, messages, 16, 20, &error);
        for (int i = 0; i < got; i++, count++) {
            const char *bytes = messages[i].value.data;
            CHECK(messages[i].value.size > 5 && memcmp(bytes, "\0\0\0\0\x07\x02x", 7) == 0, "another frame");
            log->ops->reader_release(reader, &messages[i]);
        }
    }
    CHECK(count >= expected, "%d records were written, expected %d", count, expected);
    if (reader)
        log->ops->reader_close(reader);
    if (log)
        log->ops->close(log);
    config_free(config);
}

static void expect_refused(const char *key, const char *value, enum weir_code code, const char *message)
{
    struct weir_error error = {0};
    weir_app *app = start_by(key, value, &error);
    CHECK(!app && error.code == code && strstr(error.message, message), "%s=%s: %s", key, value, error.message);
    if (app)
        stop(app);
}

static void expect_starts_are_refused(void)
{
    expect_refused("schema.registry.url", "ftp://somewhere", WEIR_INVALID, "schema.registry.url: 'ftp://somewhere'");
    fake.register_status = 404;
    expect_refused("auto.register.schemas", "false", WEIR_INVALID, "subject out-value: our schema is not registered");
    CHECK(strncmp(fake.registered, "POST /base/subjects/out-value ", 30) == 0, "%s", fake.registered);
    fake.register_status = 409;
    expect_refused("auto.register.schemas", "true", WEIR_INVALID,
                   "subject out-value: incompatible with an earlier schema");
    fake_set_status(&fake, 503);
    expect_refused("auto.register.schemas", "true", WEIR_RETRY, "answers 503");
    fake_set_status(&fake, 200);
}

int main(void)
{
    begin();
    fake_start(&fake);
    fake_set_schema(&fake, 1, OLD_SCHEMA);
    weir_app *app = start();
    expect_what_is_written_is_registered();
    expect_old_lines_are_read(app);
    expect_schemas_are_kept(app);
    expect_an_outage_holds_up_one_partition(app);
    expect_unknown_schemas_are_dead_letters(app);
    expect_bad_schemas_are_dead_letters(app);
    stop(app);
    expect_frames(20);
    expect_starts_are_refused();
    fake_stop(&fake);
    return end();
}

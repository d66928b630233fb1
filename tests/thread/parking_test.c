/* Keys that wait for the replay of a dead letter, on the embedded log: three partitions, two threads, replays while records
 * come and while they fail, restarts that lose the state. In the end every record was processed once, those of a key in
 * their order. A plain program, so that it runs under ThreadSanitizer too. */
#include <pthread.h>
#include <stdatomic.h>

#include "base/bytes.h"
#include "base/error.h"
#include "broker/broker.h"
#include "running.h"

enum { KEYS = 24, RECORDS = 30, ROUNDS = 3, DEADLINE_TRIES = 600 };

static atomic_bool broken;

struct self {
    weir_store *last, *wrong;
};

static void open(weir_context *context)
{
    struct self *self = weir_self(context);
    self->last = weir_store_named(context, "last");
    self->wrong = weir_store_named(context, "wrong");
}

/* The records of a key are numbered from 1; while it is broken, every fifth fails. */
static void take(weir_context *context, const struct weir_record *record)
{
    const struct self *self = weir_self(context);
    int64_t number = *(const int64_t *)record->value;
    if (atomic_load(&broken) && number % 5 == 3) {
        weir_fail(context, "broken for now");
        return;
    }
    const int64_t *last = weir_get(self->last, record->key);
    const int64_t *wrong = weir_get(self->wrong, record->key);
    int64_t is_wrong = (wrong ? *wrong : 0) + (number != (last ? *last : 0) + 1);
    weir_put(self->wrong, record->key, &is_wrong);
    weir_put(self->last, record->key, &number);
}

static weir_topology *build(void)
{
    static const struct weir_processor processor = {.self_size = sizeof(struct self), .open = open, .process = take};
    weir_topology *t = weir_topology_new("parking");
    weir_add_store(t, "last", &weir_str_type, &weir_i64_type);
    weir_add_store(t, "wrong", &weir_str_type, &weir_i64_type);
    weir_process(weir_from(t, "in", &weir_str_type, &weir_i64_type, .park = "parked"), &processor,
                 .stores = {"last", "wrong"});
    return t;
}

static weir_app *start(const char *guarantee)
{
    weir_app *app = start_with("parking", build(), "2", "processing.guarantee", guarantee);
    wait_until_running(app);
    return app;
}

static void send_round(weir_app *app, int round)
{
    for (int i = 0; i < RECORDS; i++) {
        char keys[KEYS][8];
        unsigned char values[KEYS][8];
        struct weir_raw_record records[KEYS];
        struct weir_error error = {0};
        for (int k = 0; k < KEYS; k++) {
            int size = snprintf(keys[k], sizeof keys[k], "k%d", k);
            bytes_put_u64(values[k], (uint64_t)round * RECORDS + (uint64_t)i + 1);
            records[k] = (struct weir_raw_record){{keys[k], (size_t)size}, {values[k], 8}, 1000 + i, {NULL, 0}};
        }
        CHECK(weir_produce(app, "in", records, KEYS, NULL, &error), "weir_produce: %s", error.message);
    }
}

static int64_t replay(weir_app *app)
{
    struct weir_error error = {0};
    struct weir_replayed replayed;
    bool ok = weir_app_replay(app, "in.dlq", -1, &replayed, &error);
    CHECK(ok || error.code == WEIR_FENCED || error.code == WEIR_RETRY, "replay: %s", error.message);
    CHECK(replayed.left == 0, "%lld letters were left", (long long)replayed.left);
    return replayed.sent;
}

static atomic_bool replaying;

static void *replay_along(void *self)
{
    while (atomic_load(&replaying))
        replay(self);
    return NULL;
}

/* Records come while letters are sent again, most of which fail again. */
static void fail_and_replay(weir_app *app, int round)
{
    pthread_t thread;
    atomic_store(&replaying, true);
    pthread_create(&thread, NULL, replay_along, app);
    send_round(app, round);
    atomic_store(&replaying, false);
    pthread_join(thread, NULL);
}

static bool is_done(weir_app *app, int64_t expected)
{
    return total(app, "last") == expected && weir_app_parked_keys(app) == 0;
}

static void replay_until_done(weir_app *app, int64_t expected)
{
    for (int tries = 0; tries < DEADLINE_TRIES && !is_done(app, expected); tries++)
        if (replay(app) == 0)
            usleep(50 * 1000);
    CHECK(total(app, "last") == expected, "last: %lld, expected %lld", (long long)total(app, "last"),
          (long long)expected);
    CHECK(weir_app_parked_keys(app) == 0, "%lld keys are still parked", (long long)weir_app_parked_keys(app));
    CHECK(total(app, "wrong") == 0, "%lld records came out of turn", (long long)total(app, "wrong"));
}

static void keys_are_parked_when_they_come_back(weir_app *app)
{
    for (int tries = 0; tries < DEADLINE_TRIES && weir_app_parked_keys(app) != KEYS; tries++)
        usleep(50 * 1000);
    CHECK(weir_app_parked_keys(app) == KEYS, "%lld keys are parked", (long long)weir_app_parked_keys(app));
}

static void test_every_record_is_processed_in_its_turn(struct broker *log, const char *guarantee)
{
    struct weir_error error = {0};
    const struct broker_topic_spec topic = {.name = "in", .partitions = 3};
    CHECK(log->ops->ensure(log, &topic, 1, &error), "%s", error.message);
    weir_app *app = start(guarantee);
    atomic_store(&broken, true);
    for (int round = 0; round < ROUNDS; round++) {
        fail_and_replay(app, round);
        stop(app);
        if (round == 1)
            lose_state();
        app = start(guarantee);
        keys_are_parked_when_they_come_back(app);
    }
    atomic_store(&broken, false);
    replay_until_done(app, (int64_t)KEYS * ROUNDS * RECORDS);
    stop(app);
}

int main(void)
{
    static const char *const guarantees[] = {"at_least_once", "exactly_once_v2"};
    for (size_t i = 0; i < sizeof guarantees / sizeof *guarantees; i++) {
        begin();
        struct weir_error error = {0};
        struct broker *log = broker_embedded_open(log_directory, NULL, &error);
        CHECK(log, "%s", error.message);
        if (log)
            test_every_record_is_processed_in_its_turn(log, guarantees[i]);
        if (log)
            log->ops->close(log);
        if (end() != 0)
            return 1;
    }
    return 0;
}

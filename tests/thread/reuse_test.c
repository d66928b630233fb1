/* A table whose topic is its changelog (topology.optimization), in a whole app on the embedded log: restored from it when the
 * state is lost, up to what was committed; and what becomes of a store when the setting is changed. */
#include <time.h>

#include "running.h"

enum { KEYS = 50 };

static weir_topology *build(void)
{
    weir_topology *topology = weir_topology_new("stock");
    weir_table_from(topology, "stock", "stock", &weir_str_type, &weir_i64_type);
    return topology;
}

static weir_app *start(const char *optimization)
{
    weir_app *app = start_with("stock", build(), "2", "topology.optimization", optimization);
    wait_until_running(app);
    return app;
}

static void send(weir_app *app, weir_bytes key, weir_bytes value)
{
    struct weir_error error = {0};
    const struct weir_raw_record record = {key, value, (int64_t)time(NULL) * 1000, {NULL, 0}};
    CHECK(weir_produce(app, "stock", &record, 1, NULL, &error), "weir_produce: %s", error.message);
}

/* Each item has that many pieces. */
static void stock(weir_app *app, unsigned char pieces)
{
    for (int i = 0; i < KEYS; i++) {
        char key[16];
        const unsigned char value[8] = {0, 0, 0, 0, 0, 0, 0, pieces};
        int size = snprintf(key, sizeof key, "item%d", i);
        send(app, (weir_bytes){key, (size_t)size}, (weir_bytes){value, sizeof value});
    }
}

static void expect_failure(weir_app *app, const char *part)
{
    struct weir_error error = {0};
    for (int tries = 0; tries < 1500 && !weir_app_failure(app, &error); tries++)
        usleep(10 * 1000);
    CHECK(strstr(error.message, part), "expected '%s' in: %s", part, error.message);
    struct weir_error ignored = {0};
    bool is_clean = weir_stop(app, weir_seconds(30), &ignored);
    (void)is_clean;
}

int main(void)
{
    begin();
    weir_app *app = start("none");
    stock(app, 1);
    wait_for(app, "stock", KEYS);
    stop(app);

    app = start("all"); /* the store held positions of the changelog */
    wait_for(app, "stock", KEYS);
    stock(app, 2);
    send(app, (weir_bytes){"item0", 5}, (weir_bytes){NULL, 0});
    send(app, (weir_bytes){"item1", 5}, (weir_bytes){"no number", 9}); /* a dead letter then, and left out again */
    send(app, (weir_bytes){NULL, 0}, (weir_bytes){"12345678", 8});
    wait_for(app, "stock", 2 * (KEYS - 1));
    stop(app);

    lose_state();
    app = start("reuse.ktable.source.topics");
    wait_for(app, "stock", 2 * (KEYS - 1));
    stop(app);

    app = start_with("stock", build(), "2", "topology.optimization", "none");
    expect_failure(app, "has no changelog; start with that again");
    app = start("all");
    wait_for(app, "stock", 2 * (KEYS - 1));
    stop(app);
    return end();
}

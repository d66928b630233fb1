/* Global tables of a whole app on the embedded log: loaded before anything is joined, followed while two stream threads
 * join with them and a reader looks on, and found again after a restart. A plain program, so that it runs under
 * ThreadSanitizer too. */
#include <ftw.h>
#include <pthread.h>
#include <stdatomic.h>

#include "running.h"

enum { CUSTOMERS = 100, ORDERS = 600 };

static const void *customer_of(weir_context *context, const struct weir_record *order)
{
    (void)context;
    return order->value;
}

/* 1 where the customer was known, 0 where not. */
static const void *is_known(weir_context *context, const struct weir_record *order, const struct weir_record *customer)
{
    (void)order;
    int64_t *known = weir_alloc(context, sizeof *known);
    *known = customer != NULL;
    return known;
}

static void add(weir_context *context, const struct weir_record *record, void *sum)
{
    (void)context;
    *(int64_t *)sum += *(const int64_t *)record->value;
}

static weir_topology *build(void)
{
    weir_topology *topology = weir_topology_new("shop");
    weir_global_table *customers = weir_global(topology, "customers", "customers", &weir_str_type, &weir_str_type);
    weir_stream *orders = weir_from(topology, "orders", &weir_str_type, &weir_str_type);
    weir_stream *known =
        weir_join_global(orders, customers, customer_of, is_known, .value = &weir_i64_type, .kind = WEIR_LEFT);
    weir_grouped *by_order = weir_group(known);
    weir_count(by_order, "all");
    weir_aggregate(by_order, "known", add, .value = &weir_i64_type);
    return topology;
}

static weir_app *start(void)
{
    return start_as("shop", build(), "2");
}

static void put(weir_app *app, const char *topic, const char *key, const char *value, struct weir_produced *produced)
{
    struct weir_error error = {0};
    const struct weir_raw_record record = {{key, strlen(key)}, {value, value ? strlen(value) : 0}, 1, {NULL, 0}};
    CHECK(weir_produce(app, topic, &record, 1, produced, &error), "weir_produce: %s", error.message);
}

static void put_customers(weir_app *app, int from, int to)
{
    for (int i = from; i < to; i++) {
        char key[16];
        snprintf(key, sizeof key, "c%d", i);
        put(app, "customers", key, "somebody", NULL);
    }
}

static void put_orders(weir_app *app, int count)
{
    for (int i = 0; i < count; i++) {
        char key[16], customer[16];
        snprintf(key, sizeof key, "o%d", i % 100);
        snprintf(customer, sizeof customer, "c%d", i % CUSTOMERS);
        put(app, "orders", key, customer, NULL);
    }
}

static void count(void *self, const struct weir_row *row)
{
    (void)row;
    ++*(int64_t *)self;
}

static int64_t count_customers(weir_app *app)
{
    int64_t customers = 0;
    each_row(app, "customers", count, &customers);
    return customers;
}

static void wait_for_customers(weir_app *app, int64_t expected)
{
    for (int tries = 0; tries < 500 && count_customers(app) != expected; tries++)
        usleep(20 * 1000);
    CHECK(count_customers(app) == expected, "%lld customers, expected %lld", (long long)count_customers(app),
          (long long)expected);
}

static atomic_bool reading;

static void *read_along(void *self)
{
    while (atomic_load(&reading))
        count_customers(self);
    return NULL;
}

static void *change_along(void *self)
{
    put_customers(self, 0, CUSTOMERS / 2); /* known already: nothing changes but the rows */
    return NULL;
}

static void expect_global_view(weir_app *app)
{
    struct weir_error error = {0};
    weir_view *view = weir_view_open(app, "customers", &error);
    struct weir_view_info info = weir_view_describe(view);
    CHECK(info.kind == WEIR_VIEW_GLOBAL && info.partitions == 1 && info.partitions_here == 1,
          "kind %d, %d of %d partitions", (int)info.kind, info.partitions_here, info.partitions);
    struct weir_produced produced;
    char position[64];
    put(app, "customers", "new", "own write", &produced);
    snprintf(position, sizeof position, "customers:%d:%lld", produced.partition, (long long)produced.offset + 1);
    weir_arena *arena = weir_arena_new();
    struct weir_row row;
    CHECK(weir_view_wait(view, position, 10000, &error), "weir_view_wait: %s", error.message);
    CHECK(weir_view_get(view, arena, WEIR_STR("new"), &row, &error), "own write is not there: %s", error.message);
    put(app, "customers", "new", NULL, &produced);
    snprintf(position, sizeof position, "customers:%d:%lld", produced.partition, (long long)produced.offset + 1);
    CHECK(weir_view_wait(view, position, 10000, &error), "weir_view_wait: %s", error.message);
    CHECK(!weir_view_get(view, arena, WEIR_STR("new"), &row, &error) && error.code == WEIR_ABSENT,
          "a deleted row is there");
    weir_arena_free(arena);
    weir_view_close(view);
}

static void expect_restarted(int64_t known)
{
    weir_app *app = start();
    put_orders(app, ORDERS); /* at once: they must wait for the table */
    wait_until_running(app);
    wait_for(app, "known", known);
    wait_for_customers(app, CUSTOMERS);
    stop(app);
}

/* ---- what Kafka Streams once stumbled over (tests/README.md) ---- */

static int empty_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status, (void)walk;
    return kind == FTW_F ? remove(path) : 0;
}

static int damaged, set_aside;

static int damage_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    FILE *file = kind == FTW_F && strcmp(path + walk->base, "CURRENT") == 0 ? fopen(path, "w") : NULL;
    if (file) {
        damaged++;
        fputs("nonsense\n", file);
        fclose(file);
    }
    return 0;
}

static int count_set_aside(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    set_aside += kind == FTW_D && strstr(path + walk->base, ".damaged") != NULL;
    return 0;
}

static void look_for_set_aside(void)
{
    set_aside = 0;
    nftw(state_directory, count_set_aside, 16, FTW_PHYS);
}

static int lose_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status, (void)kind, (void)walk;
    return strstr(path, ".damaged") ? remove(path) : 0;
}

/* KAFKA-10166: there, and empty. */
static void empty_directories_are_no_damage(int64_t known)
{
    nftw(state_directory, empty_one, 16, FTW_DEPTH | FTW_PHYS);
    expect_restarted(known);
    look_for_set_aside();
    CHECK(set_aside == 0, "%d stores were set aside that had nothing", set_aside);
}

/* KAFKA-20396, KAFKA-21034: also that of a global table. */
static void damaged_stores_are_made_anew_once(int64_t known)
{
    nftw(state_directory, damage_one, 16, FTW_PHYS);
    CHECK(damaged >= 3, "only %d stores were damaged", damaged);
    expect_restarted(known);
    look_for_set_aside();
    int before = set_aside;
    CHECK(before == damaged, "%d stores were damaged, %d set aside", damaged, before);
    nftw(state_directory, lose_one, 16, FTW_DEPTH | FTW_PHYS);
    expect_restarted(known + ORDERS);
    look_for_set_aside();
    CHECK(set_aside == 0, "%d stores were set aside again", set_aside);
}

int main(void)
{
    begin();

    weir_app *app = start();
    wait_until_running(app);
    put_orders(app, 10);
    wait_for(app, "all", 10);
    CHECK(total(app, "known") == 0, "somebody was known who was not there");
    put_customers(app, 0, CUSTOMERS);
    wait_for_customers(app, CUSTOMERS);
    pthread_t reader, writer;
    atomic_store(&reading, true);
    pthread_create(&reader, NULL, read_along, app);
    pthread_create(&writer, NULL, change_along, app);
    put_orders(app, ORDERS);
    wait_for(app, "all", ORDERS + 10);
    wait_for(app, "known", ORDERS);
    pthread_join(writer, NULL);
    atomic_store(&reading, false);
    pthread_join(reader, NULL);
    expect_global_view(app);
    stop(app);

    expect_restarted(2 * ORDERS);
    lose_state();
    expect_restarted(3 * ORDERS);
    empty_directories_are_no_damage(4 * ORDERS);
    damaged_stores_are_made_anew_once(5 * ORDERS);

    return end();
}

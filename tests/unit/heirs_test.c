/* heirs_test.c: the first standby of a task is with the instance that has the task when its own is gone, by a model of how librdkafka's leader
 * deals (rdkafka_roundrobin_assignor.c): topics by name, partition after partition, to one member after the other, by name.
 * SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/tree.h"
#include "runtime/app.h"
#include "runtime/peers.h"

enum { INSTANCES = 4, THREADS_MAX = 12, PARTITIONS = 5, PARTS = 3, NOBODY = -1 };

static char folder[64];
static weir_arena arena;
static weir_app *app;
static int threads;

static void set_up(void)
{
    strcpy(folder, "/tmp/weir-heirs-XXXXXX");
    cr_assert(mkdtemp(folder));
    arena_init(&arena);
}

static void tear_down(void)
{
    app_close(app);
    arena_done(&arena);
    tree_remove(folder);
}

TestSuite(heirs, .init = set_up, .fini = tear_down, .timeout = 60);

/* ---- the group ---- */

struct seat {
    int instance;
    const char *name;
};

static int compare_seats(const void *a, const void *b)
{
    return strcmp(((const struct seat *)a)->name, ((const struct seat *)b)->name);
}

static size_t take_seats(int gone, struct seat *seats)
{
    size_t count = 0;
    for (int i = 0; i < INSTANCES; i++)
        for (int t = 1; i != gone && t <= threads; t++)
            seats[count++] = (struct seat){i, arena_format(&arena, "heirs-%c-%d", "qahb"[i], t)};
    qsort(seats, count, sizeof *seats, compare_seats);
    return count;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Without the one that is gone; visit is told which seat has which partition. */
static void deal(int gone, void (*visit)(void *self, const struct seat *, const char *topic, int32_t partition),
                 void *self)
{
    struct seat seats[INSTANCES * THREADS_MAX];
    const char *topics[PARTS];
    size_t count = take_seats(gone, seats), next = 0;
    for (size_t i = 0; i < PARTS; i++)
        topics[i] = app->layout.parts[i].sources[0].topic;
    qsort(topics, PARTS, sizeof *topics, compare_texts);
    for (size_t i = 0; i < PARTS; i++)
        for (int32_t p = 0; p < PARTITIONS; p++)
            visit(self, &seats[next++ % count], topics[i], p);
}

static void describe(void *self, const struct seat *seat, const char *topic, int32_t partition)
{
    struct broker_member *members = self, *member = members;
    while (strcmp(member->name, seat->name) != 0)
        member++;
    member->places[member->place_count++] = (struct broker_place){topic, partition};
}

static bool members(struct broker *broker, const char *group, weir_arena *members_arena, struct broker_member **out,
                    size_t *count, struct weir_error *error)
{
    (void)broker, (void)group, (void)error;
    *count = 0;
    *out = arena_alloc(members_arena, INSTANCES * THREADS_MAX * sizeof **out);
    for (int i = 0; i < INSTANCES; i++)
        for (int t = 1; t <= threads; t++)
            (*out)[(*count)++] = (struct broker_member){
                .client = arena_format(members_arena, "heirs-%d@host-%d:1-StreamThread-%d-consumer", i, i, t),
                .name = arena_format(members_arena, "heirs-%c-%d", "qahb"[i], t),
                .places = arena_alloc(members_arena, PARTS * PARTITIONS * sizeof(struct broker_place))};
    deal(NOBODY, describe, *out);
    return true;
}

/* ---- the instance that looks ---- */

static weir_topology *topology(void)
{
    weir_topology *t = weir_topology_new("heirs");
    weir_stream *zebras = weir_from(t, "zebras", &weir_str_type, &weir_str_type);
    weir_count(weir_group(zebras), "zebra-counts");
    weir_count(weir_group(weir_repartition(zebras, "moved")), "moved-counts");
    weir_count(weir_group(weir_from(t, "apes", &weir_str_type, &weir_str_type)), "ape-counts");
    return t;
}

static void open_app(int thread_count)
{
    static struct broker_ops ops;
    struct weir_error error = {0};
    threads = thread_count;
    app = app_open(topology(),
                   (struct weir_config){.set = (const char *const[][2]){{"state.dir", folder},
                                                                        {"num.standby.replicas", "1"},
                                                                        {"embedded.partitions", "5"},
                                                                        {NULL}}},
                   broker_embedded_open(NULL, NULL, &error), &error);
    cr_assert(app, "%s", error.message);
    cr_assert_eq(app->layout.part_count, PARTS);
    ops = *app->broker->ops;
    ops.members = members;
    app->broker->ops = &ops;
    app->peers = peers_new(app);
    cr_assert(peers_look(app->peers));
}

static const struct peer *peer_of(struct peer *peers, size_t count, int instance)
{
    const char *id = arena_format(&arena, "heirs-%d@host-%d:1", instance, instance);
    for (size_t i = 0; i < count; i++)
        if (strcmp(peers[i].id, id) == 0)
            return &peers[i];
    cr_assert_fail("%s is not known", id);
    return NULL;
}

struct check {
    struct peer *peers;
    size_t count;
    const struct peer *gone;
    size_t inherited;
};

static void is_kept_by_the_heir(void *self, const struct seat *heir, const char *topic, int32_t partition)
{
    struct check *check = self;
    struct peer_share share = {0, partition};
    while (strcmp(app->layout.parts[share.part].sources[0].topic, topic) != 0)
        share.part++;
    if (!peer_is_active(check->gone, share))
        return;
    check->inherited++;
    cr_expect(peer_has_standby(peer_of(check->peers, check->count, heir->instance), share),
              "%s partition %d: not with heirs-%d", topic, (int)partition, heir->instance);
}

static void check_all(void)
{
    struct check check = {0};
    check.count = peers_known(app->peers, &arena, &check.peers);
    cr_assert_eq(check.count, INSTANCES);
    for (int i = 0; i < INSTANCES; i++) {
        check.gone = peer_of(check.peers, check.count, i);
        deal(i, is_kept_by_the_heir, &check);
    }
    cr_expect_eq(check.inherited, PARTS * PARTITIONS);
}

Test(heirs, keep_the_standbys_of_several_subtopologies)
{
    open_app(1);
    check_all();
}

Test(heirs, are_found_where_names_end_with_numbers_of_threads)
{
    open_app(THREADS_MAX);
    check_all();
}

Test(heirs, are_found_where_instances_have_several_tasks_and_threads)
{
    open_app(2);
    check_all();
}

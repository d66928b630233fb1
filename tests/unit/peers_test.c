/* What instances know of each other: from client ids to addresses, and where standbys belong. */
#include <criterion/criterion.h>

#include "base/arena.h"
#include "runtime/peers.h"

enum { INSTANCES = 5, PARTITIONS = 200 };

static weir_arena arena;
static void open_arena(void)
{
    arena_init(&arena);
}
static void close_arena(void)
{
    arena_done(&arena);
}

TestSuite(client_ids, .init = open_arena, .fini = close_arena);
TestSuite(standbys, .init = open_arena, .fini = close_arena);

static struct peer read_id(const char *text)
{
    struct peer peer = {0};
    cr_assert(peers_read_client_id(text, &arena, &peer), "%s", text);
    return peer;
}

Test(client_ids, say_the_instance_and_its_address)
{
    struct peer peer = read_id("shop-1b4e28ba-2fa1-4d3b-8d2e-000000000001@10.0.0.7:8080-StreamThread-2-consumer");
    cr_expect_str_eq(peer.id, "shop-1b4e28ba-2fa1-4d3b-8d2e-000000000001@10.0.0.7:8080");
    cr_expect_str_eq(peer.address, "10.0.0.7:8080");
}

Test(client_ids, of_the_threads_of_an_instance_name_the_same_one)
{
    cr_expect_str_eq(read_id("a@h:1-StreamThread-1-consumer").id, read_id("a@h:1-StreamThread-12-consumer").id);
}

Test(client_ids, without_an_address_have_none)
{
    cr_expect_null(read_id("shop-1-StreamThread-1-consumer").address);
    cr_expect_null(read_id("shop@-StreamThread-1-consumer").address);
}

Test(client_ids, of_an_application_that_is_called_like_a_thread_are_read_from_the_end)
{
    cr_expect_str_eq(read_id("x-StreamThread-9@h:1-StreamThread-1-consumer").address, "h:1");
}

Test(client_ids, of_other_programs_are_no_instances)
{
    struct peer peer;
    cr_expect_not(peers_read_client_id("rdkafka", &arena, &peer));
    cr_expect_not(peers_read_client_id("", &arena, &peer));
}

/* Instance i has the partitions that leave the remainder i. */
static void deal(struct peer *peers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        peers[i] = (struct peer){.id = arena_format(&arena, "instance-%zu", i)};
        peers[i].shares = arena_alloc(&arena, PARTITIONS * sizeof(struct peer_share));
        for (int32_t p = 0; p < PARTITIONS; p++)
            if ((size_t)p % count == i)
                peers[i].shares[peers[i].share_count++] = (struct peer_share){0, p};
    }
}

static void place(struct peer *peers, size_t count, size_t replicas)
{
    struct standby_wish wishes[PARTITIONS];
    for (int32_t p = 0; p < PARTITIONS; p++)
        wishes[p] = (struct standby_wish){{0, p}, (size_t)p};
    peers_place_standbys(peers, count, wishes, PARTITIONS, replicas, &arena);
}

static size_t copies_of(const struct peer *peers, size_t count, int32_t partition)
{
    size_t copies = 0;
    for (size_t i = 0; i < count; i++)
        copies += peer_has_standby(&peers[i], (struct peer_share){0, partition});
    return copies;
}

Test(standbys, are_never_where_the_task_is_active_and_never_twice_in_one_place)
{
    struct peer peers[INSTANCES];
    deal(peers, INSTANCES);
    place(peers, INSTANCES, 3);
    for (int32_t p = 0; p < PARTITIONS; p++) {
        cr_expect_eq(copies_of(peers, INSTANCES, p), 3);
        cr_expect_not(peer_has_standby(&peers[p % INSTANCES], (struct peer_share){0, p}));
    }
}

Test(standbys, are_as_many_as_there_are_other_instances)
{
    struct peer peers[2];
    deal(peers, 2);
    place(peers, 2, 3);
    cr_expect_eq(copies_of(peers, 2, 0), 1);
    deal(peers, 1);
    place(peers, 1, 1);
    cr_expect_eq(copies_of(peers, 1, 0), 0);
}

static const struct peer *peer_with(const struct peer *peers, int32_t partition)
{
    for (size_t i = 0; i < INSTANCES; i++)
        if (peer_has_standby(&peers[i], (struct peer_share){0, partition}))
            return &peers[i];
    cr_assert_fail("nobody has partition %d", partition);
    return NULL;
}

Test(standbys, are_found_in_the_same_place_whatever_the_order_of_the_peers)
{
    struct peer peers[INSTANCES], turned[INSTANCES];
    deal(peers, INSTANCES);
    for (size_t i = 0; i < INSTANCES; i++)
        turned[i] = peers[INSTANCES - 1 - i];
    place(peers, INSTANCES, 1);
    place(turned, INSTANCES, 1);
    for (int32_t p = 0; p < PARTITIONS; p++)
        cr_expect_str_eq(peer_with(peers, p)->id, peer_with(turned, p)->id);
}

static void expect_even(const struct peer *peers, size_t count)
{
    size_t least = SIZE_MAX, most = 0;
    for (size_t i = 0; i < count; i++) {
        size_t held = peers[i].share_count + peers[i].standby_count;
        least = held < least ? held : least;
        most = held > most ? held : most;
    }
    cr_expect(most - least <= 1, "between %zu and %zu", least, most);
}

Test(standbys, are_spread_over_the_instances)
{
    struct peer peers[INSTANCES];
    deal(peers, INSTANCES);
    place(peers, INSTANCES, 1);
    expect_even(peers, INSTANCES);
}

Test(standbys, are_kept_by_instances_without_active_tasks_first)
{
    struct peer peers[INSTANCES];
    deal(peers, INSTANCES - 2);
    for (size_t i = INSTANCES - 2; i < INSTANCES; i++)
        peers[i] = (struct peer){.id = arena_format(&arena, "instance-%zu", i)};
    place(peers, INSTANCES, 1);
    for (int32_t p = 0; p < PARTITIONS; p++)
        cr_expect_eq(copies_of(peers, INSTANCES, p), 1);
    expect_even(peers, INSTANCES);
}

Test(standbys, are_with_the_one_instance_that_has_nothing_else_to_do)
{
    struct peer peers[2];
    deal(peers, 1);
    peers[1] = (struct peer){.id = "idle"};
    place(peers, 2, 1);
    cr_expect_eq(peers[1].standby_count, PARTITIONS);
}

/* Each instance is a member of two threads; names are in the order of the instances. */
static void join(struct peer *peers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        peers[i].members = arena_alloc(&arena, 2 * sizeof *peers[i].members);
        for (size_t thread = 0; thread < 2; thread++)
            peers[i].members[peers[i].member_count++] = arena_format(&arena, "%s-%zu", peers[i].id, thread);
    }
}

/* As librdkafka's "roundrobin" deals to those that are left. */
static const struct peer *heir_when_gone(const struct peer *peers, size_t gone, int32_t partition)
{
    size_t member = (size_t)partition % ((INSTANCES - 1) * 2);
    size_t instance = member / 2;
    return &peers[instance < gone ? instance : instance + 1];
}

Test(standbys, are_kept_by_those_who_inherit_the_task)
{
    struct peer peers[INSTANCES];
    deal(peers, INSTANCES);
    join(peers, INSTANCES);
    place(peers, INSTANCES, 1);
    for (int32_t p = 0; p < PARTITIONS; p++)
        cr_expect(peer_has_standby(heir_when_gone(peers, (size_t)p % INSTANCES, p), (struct peer_share){0, p}));
}

Test(standbys, of_heirs_are_as_many_as_are_wanted_and_no_two_in_one_place)
{
    struct peer peers[INSTANCES];
    deal(peers, INSTANCES);
    join(peers, INSTANCES);
    place(peers, INSTANCES, 2);
    for (int32_t p = 0; p < PARTITIONS; p++) {
        cr_expect_eq(copies_of(peers, INSTANCES, p), 2);
        cr_expect_not(peer_has_standby(&peers[p % INSTANCES], (struct peer_share){0, p}));
    }
}

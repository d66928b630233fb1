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

Test(standbys, are_never_where_the_task_is_active_and_never_twice_in_one_place)
{
    struct peer peers[INSTANCES];
    size_t placed[3];
    deal(peers, INSTANCES);
    for (int32_t p = 0; p < PARTITIONS; p++) {
        cr_assert_eq(peers_place_standbys(peers, INSTANCES, (struct peer_share){0, p}, 3, placed), 3);
        for (size_t i = 0; i < 3; i++) {
            cr_expect_neq(placed[i], (size_t)p % INSTANCES);
            cr_expect(i == 0 || placed[i] != placed[i - 1]);
        }
    }
}

Test(standbys, are_as_many_as_there_are_other_instances)
{
    struct peer peers[2];
    size_t placed[3];
    deal(peers, 2);
    cr_expect_eq(peers_place_standbys(peers, 2, (struct peer_share){0, 0}, 3, placed), 1);
    deal(peers, 1);
    cr_expect_eq(peers_place_standbys(peers, 1, (struct peer_share){0, 0}, 1, placed), 0);
}

Test(standbys, are_found_in_the_same_place_whatever_the_order_of_the_peers)
{
    struct peer peers[INSTANCES], turned[INSTANCES];
    deal(peers, INSTANCES);
    for (size_t i = 0; i < INSTANCES; i++)
        turned[i] = peers[INSTANCES - 1 - i];
    for (int32_t p = 0; p < PARTITIONS; p++) {
        size_t one, other;
        peers_place_standbys(peers, INSTANCES, (struct peer_share){0, p}, 1, &one);
        peers_place_standbys(turned, INSTANCES, (struct peer_share){0, p}, 1, &other);
        cr_expect_str_eq(peers[one].id, turned[other].id);
    }
}

Test(standbys, are_spread_over_the_instances)
{
    struct peer peers[INSTANCES];
    size_t held[INSTANCES] = {0}, placed;
    deal(peers, INSTANCES);
    for (int32_t p = 0; p < PARTITIONS; p++) {
        peers_place_standbys(peers, INSTANCES, (struct peer_share){0, p}, 1, &placed);
        held[placed]++;
    }
    for (size_t i = 0; i < INSTANCES; i++)
        cr_expect(held[i] > PARTITIONS / INSTANCES / 2, "instance %zu holds %zu of %d", i, held[i], PARTITIONS);
}

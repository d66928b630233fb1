/* store_crash.c: the child and the judge of the kill -9 loop in tests/crash/store.
 *
 *   store_crash write DIRECTORY SEED    goes on from the position and writes commits until it is killed
 *   store_crash check DIRECTORY         exit 0: rows and position agree
 *   store_crash full DIRECTORY          fills a small disk, makes room, goes on; exit 0: nothing applied was lost, 77: no
 *                                       small disk can be mounted here
 *
 * Changelog record n sets key n % KEYS to n, or deletes it when n is a multiple of 11; so the position alone says what
 * every row must be. A position ahead of its rows is loss. Rows ahead of the position are allowed by the contract
 * (the replay writes them again), but only ones that a record behind the position has written.
 * SPDX-License-Identifier: Apache-2.0 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "state/store.h"

enum { KEYS = 20000, DELETES = 11, VALUE_BYTES = 120 };

static struct database *database;
static struct store *store;
static const struct store_spec spec = {.name = "crash"};

static void must(bool done, const struct weir_error *error)
{
    if (!done) {
        fprintf(stderr, "store_crash: %s\n", error->message);
        exit(2);
    }
}

static void open_store(const char *directory)
{
    struct weir_error error = {0};
    /* Small memtables, so that flushes and compactions are frequent; applies of several batches, so that some of their
     * rows become durable without the position. */
    database = database_open(directory,
                             (struct database_limits){256 << 10, 16 << 20, 16 << 20, 1 << 20, 128 << 10, 100}, &error);
    must(database, &error);
    store = store_open(database, &spec, &error);
    must(store, &error);
}

static void write_record(int64_t number)
{
    char key[8], value[VALUE_BYTES];
    bytes_put_u64(key, (uint64_t)(number % KEYS));
    memset(value, (int)(number & 0xff), sizeof value);
    memcpy(value, &number, sizeof number);
    weir_bytes set = {value, sizeof value};
    store_put(store, (weir_bytes){key, sizeof key}, number % DELETES ? set : (weir_bytes){0}, number);
}

static void write_until_killed(uint64_t seed)
{
    struct weir_error error = {0};
    int64_t number = store_position(store) < 0 ? 0 : store_position(store);
    for (int64_t now_us = 1;; now_us += 4000) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        for (uint64_t count = 1 + (seed >> 33) % 2000; count > 0; count--)
            write_record(number++);
        store_publish(store, number);
        must(store_apply_go_on(store, &error), &error);
        if (store_apply_due(store, now_us))
            must(store_apply_aside(store, now_us, &error), &error);
    }
}

/* The last record below the position that wrote the key; -1: none. */
static int64_t expected_of(int64_t position, int64_t key)
{
    if (position <= key)
        return -1;
    return key + (position - 1 - key) / KEYS * KEYS;
}

static bool is_right(int64_t position, int64_t key, bool found, int64_t number)
{
    int64_t expected = expected_of(position, key);
    if (found ? number == expected : expected < 0 || expected % DELETES == 0)
        return true;
    /* A batch written before the position's own: the row is of a later record, or deleted by one. */
    return found ? number > expected && number % KEYS == key : true;
}

static bool is_whole(weir_bytes value, int64_t *number)
{
    if (value.size != VALUE_BYTES)
        return false;
    memcpy(number, value.data, sizeof *number);
    const char *data = value.data;
    for (size_t i = sizeof *number; i < VALUE_BYTES; i++)
        if (data[i] != (char)(*number & 0xff))
            return false;
    return *number % DELETES != 0;
}

static void check_row(int64_t position, int64_t key, weir_arena *arena, int64_t *ahead)
{
    char stored[8];
    struct store_row row;
    struct weir_error error = {0};
    int64_t number = -1;
    bytes_put_u64(stored, (uint64_t)key);
    bool found = store_get(store, (weir_bytes){stored, sizeof stored}, arena, &row, &error);
    must(error.code == WEIR_OK, &error);
    if ((found && !is_whole(row.value, &number)) || !is_right(position, key, found, number)) {
        fprintf(stderr, "store_crash: position %lld, key %lld holds %lld\n", (long long)position, (long long)key,
                (long long)number);
        exit(1);
    }
    *ahead += found ? number >= position : expected_of(position, key) >= 0 && expected_of(position, key) % DELETES != 0;
}

static void check(void)
{
    weir_arena arena;
    int64_t position = store_position(store), ahead = 0;
    arena_init(&arena);
    for (int64_t key = 0; key < KEYS; key++) {
        check_row(position, key, &arena, &ahead);
        arena_clear(&arena);
    }
    arena_done(&arena);
    printf("position %lld, %lld rows ahead of it\n", (long long)position, (long long)ahead);
}

static bool mount_small_disk(const char *directory)
{
    /* In a mount namespace of this process' own: the disk goes with it. */
    return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("none", directory, "tmpfs", 0, "size=3m") == 0;
}

/* Values that do not compress, so that the disk fills. */
static bool apply_large(int64_t number, struct weir_error *error)
{
    static uint64_t value[2000];
    for (uint64_t i = 0; i < 2000; i++)
        value[i] = ((uint64_t)number * 2000 + i) * 0x9e3779b97f4a7c15u;
    store_put(store, (weir_bytes){&number, sizeof number}, (weir_bytes){value, sizeof value}, number);
    store_publish(store, number);
    return store_apply(store, 0, error);
}

/* RocksDB looks for room every few seconds; an apply that failed is then good at last. */
static void apply_when_there_is_room(void)
{
    struct weir_error error = {0};
    for (int tries = 0; tries < 300; tries++) {
        error = (struct weir_error){0};
        if (store_apply(store, 0, &error))
            return;
        usleep(100000);
    }
    must(false, &error);
}

static int fill_disk(const char *directory)
{
    struct weir_error error = {0};
    int64_t number = 0;
    if (!mount_small_disk(directory))
        return 77;
    open_store(directory);
    while (apply_large(number, &error))
        number++;
    if (error.code != WEIR_RETRY)
        must(false, &error);
    if (mount("none", directory, "tmpfs", MS_REMOUNT, "size=64m") != 0)
        return 77;
    apply_when_there_is_room();
    store_close(store);
    error = (struct weir_error){0};
    must(database_close(database, true, &error), &error);
    open_store(directory);
    int64_t position = store_position(store);
    store_close(store);
    must(database_close(database, false, &error), &error);
    printf("disk full at %lld, position after a clean stop %lld\n", (long long)number, (long long)position);
    return position == number ? 0 : 1;
}

int main(int count, char **arguments)
{
    struct weir_error error = {0};
    if (count < 3) {
        fprintf(stderr, "usage: store_crash write DIRECTORY SEED | check DIRECTORY | full DIRECTORY\n");
        return 2;
    }
    if (strcmp(arguments[1], "full") == 0)
        return fill_disk(arguments[2]);
    open_store(arguments[2]);
    if (strcmp(arguments[1], "write") == 0)
        write_until_killed(count > 3 ? strtoull(arguments[3], NULL, 10) : 1);
    check();
    store_close(store);
    must(database_close(database, false, &error), &error);
    return 0;
}

/* store_test.c: one task and several views of a store at the same time; runs under ThreadSanitizer.
 *
 * Every commit writes its number into every row of a group that changes with each commit, so a walk that saw two
 * commits would show two numbers. Keys present in commit n: 0 … KEYS-1, and one extra key that comes and goes.
 * SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "state/store.h"

enum { KEYS = 300, COMMITS = 400, READERS = 3 };

/* RocksDB is not built with ThreadSanitizer, which therefore does not see how RocksDB's threads wait for each other: what
 * memcpy and memcmp do on its behalf is left out. Our own accesses are all looked at. */
__attribute__((visibility("default"), used)) const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
    return "called_from_lib:librocksdb.so\n";
}

static struct store *store;
static _Atomic bool is_over;
static _Atomic int64_t walks, gets;

static void fail(const char *what, int64_t a, int64_t b)
{
    fprintf(stderr, "%s: %lld and %lld\n", what, (long long)a, (long long)b);
    abort();
}

static void check_error(const struct weir_error *error)
{
    if (error->code != WEIR_OK) {
        fprintf(stderr, "%s\n", error->message);
        abort();
    }
}

static void key_of(int64_t number, char key[8])
{
    bytes_put_u64(key, (uint64_t)number);
}

static int64_t number_in(weir_bytes value)
{
    int64_t number;
    memcpy(&number, value.data, sizeof number);
    return number;
}

static void commit(int64_t number)
{
    char key[8];
    for (int64_t i = 0; i < KEYS; i++) {
        key_of(i, key);
        store_put(store, (weir_bytes){key, sizeof key}, (weir_bytes){&number, sizeof number}, number);
    }
    key_of(KEYS + number, key);
    store_put(store, (weir_bytes){key, sizeof key}, (weir_bytes){&number, sizeof number}, number);
    key_of(KEYS + number - 1, key);
    store_put(store, (weir_bytes){key, sizeof key}, (weir_bytes){0}, number);
    store_publish(store, number);
}

/* The task scans and reads as well: its reads take no lock. */
static void read_own(int64_t number, weir_arena *arena)
{
    char key[8];
    struct store_row row;
    struct weir_error error = {0};
    key_of(number % KEYS, key);
    if (!store_get(store, (weir_bytes){key, sizeof key}, arena, &row, &error) || number_in(row.value) != number)
        fail("the task reads", number, -1);
    struct store_cursor *cursor = store_scan(store, (weir_bytes){key, sizeof key}, (weir_bytes){0}, number % 2, &error);
    for (int i = 0; i < 5 && store_next(cursor, &row, &error); i++)
        if (number_in(row.value) != number)
            fail("the task scans", number, number_in(row.value));
    store_cursor_close(cursor);
    check_error(&error);
    arena_clear(arena);
}

static void *write_commits(void *unused)
{
    (void)unused;
    weir_arena arena;
    struct weir_error error = {0};
    arena_init(&arena);
    for (int64_t number = 1; number <= COMMITS; number++) {
        commit(number);
        read_own(number, &arena);
        store_apply_go_on(store, &error);
        if (number % 21 == 0)
            store_evict_aside(store, number, &error);
        else if (number % 7 == 0)
            store_apply_aside(store, number, &error);
        if (number % 70 == 0)
            store_apply(store, number, &error);
        check_error(&error);
    }
    arena_done(&arena);
    atomic_store(&is_over, true);
    return NULL;
}

static int64_t walk_once(bool descending)
{
    struct store_row row;
    struct weir_error error = {0};
    struct store_cursor *cursor = store_view_scan(store, (weir_bytes){0}, (weir_bytes){0}, descending, &error);
    int64_t count = 0, number = 0;
    while (store_next(cursor, &row, &error)) {
        if (count > 0 && number_in(row.value) != number)
            fail("one walk shows two commits", number, number_in(row.value));
        number = number_in(row.value);
        count++;
    }
    store_cursor_close(cursor);
    check_error(&error);
    if (count != 0 && count != KEYS + 1)
        fail("rows of a commit", count, KEYS + 1);
    return number;
}

static void *read_views(void *argument)
{
    bool descending = argument != NULL;
    weir_arena arena;
    int64_t latest = 0;
    arena_init(&arena);
    while (!atomic_load(&is_over)) {
        char key[8];
        struct store_row row;
        struct weir_error error = {0};
        int64_t number = walk_once(descending);
        if (number < latest)
            fail("a later walk shows an earlier commit", latest, number);
        latest = number;
        key_of(latest % KEYS, key);
        if (store_view_get(store, (weir_bytes){key, sizeof key}, &arena, &row, &error) && number_in(row.value) < latest)
            fail("a later get shows an earlier commit", latest, number_in(row.value));
        check_error(&error);
        if (store_rows_approximate(store) < 0 || store_bytes(store) == 0)
            fail("figures", 0, 0);
        arena_clear(&arena);
        atomic_fetch_add(&walks, 1);
        atomic_fetch_add(&gets, 1);
    }
    arena_done(&arena);
    return NULL;
}

static void run(const char *directory, bool in_memory, size_t committed_bytes_max)
{
    struct weir_error error = {0};
    struct store_spec spec = {.name = "shared", .in_memory = in_memory};
    pthread_t writer, readers[READERS];
    struct database *database = database_open(
        directory, (struct database_limits){1 << 20, committed_bytes_max, committed_bytes_max, 1 << 20, 1 << 18, 1},
        &error);
    check_error(&error);
    store = store_open(database, &spec, &error);
    check_error(&error);
    atomic_store(&is_over, false);
    for (size_t i = 0; i < READERS; i++)
        pthread_create(&readers[i], NULL, read_views, i % 2 ? &spec : NULL);
    pthread_create(&writer, NULL, write_commits, NULL);
    pthread_join(writer, NULL);
    for (size_t i = 0; i < READERS; i++)
        pthread_join(readers[i], NULL);
    store_close(store);
    database_close(database, false, &error);
    check_error(&error);
}

static void run_in_new_directory(size_t committed_bytes_max)
{
    char directory[] = "/tmp/weir-thread-store-XXXXXX", command[64];
    if (!mkdtemp(directory))
        abort();
    run(directory, false, committed_bytes_max);
    snprintf(command, sizeof command, "rm -rf %s", directory);
    if (system(command) != 0)
        abort();
}

int main(void)
{
    run(NULL, true, 0);
    run_in_new_directory(1 << 30); /* clean rows stay */
    run_in_new_directory(0);       /* every apply evicts */
    printf("store: %lld walks, each of one commit\n", (long long)walks);
    return 0;
}

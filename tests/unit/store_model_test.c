/* store_model_test.c: random operations on a store against a naive model: an array of rows per commit.
 *
 * The model knows a small sorted set of keys. Every commit is remembered under its position, so that after a reopen
 * without a flush the store must equal the commit its position names, and a walk of a view must show the commit it was
 * opened at, whatever has happened since. A failing seed is printed.
 * SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/memory.h"
#include "state/keys.h"
#include "state/store_private.h"

enum { KEYS = 48, VALUE_MAX = 200, WALKS = 4, STEPS = 1500, SEEDS = 12, COMMITS_MAX = STEPS + 8 };

struct cell {
    bool is_there;
    int64_t timestamp_ms;
    size_t size;
    char value[VALUE_MAX];
};
struct state {
    int64_t time_ms;
    struct cell cells[KEYS];
};
struct walk {
    struct store_cursor *cursor;
    struct state *seen;
    int at, low, high; /* next index to expect, and the range [low, high) */
    bool descending;
};
struct model {
    uint64_t random;
    struct store_spec spec;
    char directory[64];
    bool has_directory;
    bool keeps_rows; /* none is deleted, and the store is seldom opened anew: what has left memory stays known */
    weir_bytes keys[KEYS];
    struct state now, committed;
    struct state *history[COMMITS_MAX]; /* by position */
    int64_t position;
    struct walk walks[WALKS];
    struct database *database;
    struct store *store;
    weir_arena arena;
};

static uint64_t draw(struct model *m, uint64_t below)
{
    m->random ^= m->random << 13;
    m->random ^= m->random >> 7;
    m->random ^= m->random << 17;
    return (m->random >> 11) % below;
}

static int compare_keys(const void *a, const void *b)
{
    return bytes_compare(*(const weir_bytes *)a, *(const weir_bytes *)b);
}

static weir_bytes new_key(struct model *m, int i)
{
    struct buffer key = {0};
    char text[8];
    size_t size = draw(m, 2) ? draw(m, 6) : draw(m, 2); /* half of the keys are short, so that many rows share one */
    for (size_t k = 0; k < size; k++)
        text[k] = (char)("\0\1a\377"[draw(m, 4)]);
    if (m->spec.kind == STORE_WINDOW) {
        keys_window_write((weir_bytes){text, size}, i * 10, &key);
    } else if (m->spec.kind == STORE_JOIN) {
        keys_join_write((weir_bytes){text, size}, i * 10, (uint32_t)draw(m, 3), &key);
    } else if (m->spec.kind == STORE_SESSION) {
        keys_session_write((weir_bytes){text, size}, (int64_t)draw(m, (uint64_t)i * 10 + 1), i * 10, &key);
    } else {
        buffer_append(&key, text, size);
        buffer_byte(&key, (unsigned char)i); /* makes it unique */
    }
    return (weir_bytes){key.data, key.size};
}

static int64_t key_time(const struct model *m, int i)
{
    weir_bytes key;
    int64_t start_ms, end_ms;
    weir_arena arena = {0};
    uint32_t sequence;
    bool is_session = m->spec.kind == STORE_SESSION;
    if (m->spec.kind == STORE_JOIN) {
        cr_assert(keys_join_read(m->keys[i], &arena, &key, &start_ms, &sequence));
        arena_done(&arena);
        return start_ms;
    }
    cr_assert(is_session ? keys_session_read(m->keys[i], &arena, &key, &start_ms, &end_ms)
                         : keys_window_read(m->keys[i], &arena, &key, &start_ms));
    arena_done(&arena);
    return is_session ? end_ms : start_ms;
}

static bool is_visible(const struct model *m, const struct state *state, int i)
{
    const struct cell *cell = &state->cells[i];
    if (!cell->is_there)
        return false;
    if (m->spec.kind != STORE_KEY_VALUE)
        return state->time_ms == INT64_MIN || key_time(m, i) + m->spec.retention_ms > state->time_ms;
    return m->spec.ttl_ms == 0 || state->time_ms == INT64_MIN || cell->timestamp_ms + m->spec.ttl_ms > state->time_ms;
}

static void expect_row(const struct model *m, const struct state *state, int i, const struct store_row *row)
{
    const struct cell *cell = &state->cells[i];
    cr_assert(bytes_equal(row->key, m->keys[i]));
    cr_assert(bytes_equal(row->value, (weir_bytes){cell->value, cell->size}));
    cr_assert_eq(row->timestamp_ms, cell->timestamp_ms);
}

static void open_store(struct model *m)
{
    struct weir_error error = {0};
    size_t file_bytes_min = draw(m, 2) ? 4000 : 0; /* of rows that hold at most 8000 */
    struct database_limits limits = {1 << 20, 8000, 8000, 2000, file_bytes_min, 10};
    m->database = database_open(m->has_directory ? m->directory : NULL, limits, &error);
    cr_assert(m->database, "%s", error.message);
    m->store = store_open(m->database, &m->spec, &error);
    cr_assert(m->store, "%s", error.message);
}

static void put(struct model *m)
{
    int i = (int)draw(m, KEYS);
    struct cell *cell = &m->now.cells[i];
    cell->is_there = draw(m, 5) > 0 || m->keeps_rows;
    cell->timestamp_ms = (int64_t)draw(m, 300);
    cell->size = draw(m, 3) ? draw(m, 20) : draw(m, VALUE_MAX);
    for (size_t k = 0; k < cell->size; k++)
        cell->value[k] = (char)draw(m, 256);
    store_put(m->store, m->keys[i], cell->is_there ? (weir_bytes){cell->value, cell->size} : (weir_bytes){0},
              cell->timestamp_ms);
}

static void get(struct model *m, bool is_view)
{
    int i = (int)draw(m, KEYS);
    const struct state *state = is_view ? &m->committed : &m->now;
    struct store_row row;
    struct weir_error error = {0};
    bool found = is_view ? store_view_get(m->store, m->keys[i], &m->arena, &row, &error)
                         : store_get(m->store, m->keys[i], &m->arena, &row, &error);
    cr_assert_eq(error.code, WEIR_OK);
    cr_assert_eq(found, is_visible(m, state, i), "key %d", i);
    if (found)
        expect_row(m, state, i, &row);
    arena_clear(&m->arena);
}

static bool are_of_one_group(const struct model *m, weir_bytes a, weir_bytes b)
{
    size_t tail = m->store->expiry.time_at;
    return tail > 0 && a.size == b.size && memcmp(a.data, b.data, a.size - tail) == 0;
}

/* As joins and sessions look: some rows of one key. */
static void choose_group(struct model *m, struct walk *walk)
{
    walk->low = walk->high = (int)draw(m, KEYS);
    while (walk->high + 1 < KEYS && are_of_one_group(m, m->keys[walk->low], m->keys[walk->high + 1]) && draw(m, 4))
        walk->high++;
}

static struct walk walk_new(struct model *m, bool is_view)
{
    struct walk walk = {.low = (int)draw(m, KEYS + 1), .high = (int)draw(m, KEYS + 1), .descending = draw(m, 2)};
    if (!is_view && draw(m, 2))
        choose_group(m, &walk);
    bool has_from = walk.low < KEYS, has_to = walk.high < KEYS;
    if (!has_from)
        walk.low = 0;
    weir_bytes from = has_from ? m->keys[walk.low] : (weir_bytes){0};
    weir_bytes to = has_to ? m->keys[walk.high] : (weir_bytes){0};
    walk.seen = memory_copy(is_view ? &m->committed : &m->now, sizeof(struct state));
    walk.cursor = is_view ? store_view_scan(m->store, from, to, walk.descending, NULL)
                          : store_scan(m->store, from, to, walk.descending, NULL);
    walk.at = walk.descending ? walk.high - 1 : walk.low;
    return walk;
}

static void walk_done(struct walk *walk)
{
    store_cursor_close(walk->cursor);
    free(walk->seen);
    *walk = (struct walk){0};
}

/* False when the walk is over. */
static bool walk_step(const struct model *m, struct walk *walk)
{
    struct store_row row;
    struct weir_error error = {0};
    int step = walk->descending ? -1 : 1;
    while (walk->at >= walk->low && walk->at < walk->high && !is_visible(m, walk->seen, walk->at))
        walk->at += step;
    bool expected = walk->at >= walk->low && walk->at < walk->high;
    bool found = store_next(walk->cursor, &row, &error);
    cr_assert_eq(error.code, WEIR_OK);
    cr_assert_eq(found, expected, "at %d of [%d, %d)", walk->at, walk->low, walk->high);
    if (found)
        expect_row(m, walk->seen, walk->at, &row);
    walk->at += step;
    return found;
}

static void scan(struct model *m)
{
    struct walk walk = walk_new(m, false), other = walk_new(m, false);
    while (walk_step(m, &walk))
        ;
    while (walk_step(m, &other))
        ;
    walk_done(&walk);
    walk_done(&other);
}

static void view_walk(struct model *m)
{
    struct walk *walk = &m->walks[draw(m, WALKS)];
    if (!walk->cursor)
        *walk = walk_new(m, true);
    for (uint64_t steps = draw(m, 12); steps > 0; steps--) {
        if (!walk_step(m, walk)) {
            walk_done(walk);
            return;
        }
    }
}

static void publish(struct model *m)
{
    m->committed = m->now;
    m->position++;
    m->history[m->position] = memory_copy(&m->committed, sizeof m->committed);
    store_publish(m->store, m->position);
    cr_assert_eq(store_overlay_rows(m->store), 0);
}

static void drop(struct model *m)
{
    m->now = m->committed; /* its time too: what is read again must find the rows that were there before */
    store_drop(m->store);
}

static void apply(struct model *m)
{
    struct weir_error error = {0};
    cr_assert(store_apply(m->store, 0, &error), "%s", error.message);
    cr_assert_eq(store_position(m->store), m->position);
}

/* What changed while rows left already is not written yet. */
static void evict(struct model *m)
{
    struct weir_error error = {0};
    cr_assert(store_evict(m->store, 0, &error), "%s", error.message);
}

/* Ends when it does: what comes next meets a store whose rows are on their way. */
static void apply_aside(struct model *m)
{
    struct weir_error error = {0};
    int64_t before = store_position(m->store);
    cr_assert(store_apply_go_on(m->store, &error), "%s", error.message);
    bool done = draw(m, 2) ? store_apply_aside(m->store, 0, &error) : store_evict_aside(m->store, 0, &error);
    cr_assert(done, "%s", error.message);
    cr_assert(store_position(m->store) >= before && store_position(m->store) <= m->position);
}

/* A row far ahead would move time so far that nothing else is to be seen. */
static int key_within(struct model *m, int64_t time_ms)
{
    int i = (int)draw(m, KEYS);
    while (m->spec.kind != STORE_KEY_VALUE && key_time(m, i) > time_ms)
        i = (int)draw(m, KEYS);
    return i;
}

static int64_t later(const struct model *m, int i, int64_t time_ms)
{
    return m->spec.kind != STORE_KEY_VALUE && key_time(m, i) > time_ms ? key_time(m, i) : time_ms;
}

static bool is_left_out(struct model *m)
{
    return m->keeps_rows && draw(m, 40);
}

static void restore(struct model *m)
{
    if (is_left_out(m))
        return;
    struct store_row rows[20];
    int restored[20];
    struct weir_error error = {0};
    size_t count = draw(m, 20);
    int64_t greatest_ms = INT64_MIN; /* time in a key */
    drop(m);
    cr_assert(store_settle(m->store, &error), "%s", error.message); /* else its position is about to move */
    /* As the runtime does: from the position of the store, whose state is known. */
    int64_t position = store_position(m->store), time_ms = m->now.time_ms;
    m->now = *m->history[position > 0 ? position : 0];
    for (size_t i = 0; i < count; i++) {
        int k = key_within(m, (time_ms == INT64_MIN ? 0 : time_ms) + 30);
        struct cell *cell = &m->now.cells[k];
        *cell = (struct cell){draw(m, 4) > 0, (int64_t)draw(m, 100), 1, {(char)draw(m, 256)}};
        rows[i] = (struct store_row){
            m->keys[k], {cell->is_there ? memory_copy(cell->value, 1) : NULL, cell->is_there}, cell->timestamp_ms};
        if (!m->has_directory) /* what is deleted again tells no time, but in memory rows are taken one by one */
            greatest_ms = later(m, k, greatest_ms);
        restored[i] = k;
    }
    for (size_t i = 0; i < count; i++)
        if (m->now.cells[restored[i]].is_there)
            greatest_ms = later(m, restored[i], greatest_ms);
    m->now.time_ms = greatest_ms > time_ms ? greatest_ms : time_ms;
    m->committed = m->now;
    m->position++;
    m->history[m->position] = memory_copy(&m->now, sizeof m->now);
    cr_assert(store_restore(m->store, rows, count, m->position, &error), "%s", error.message);
    cr_assert(store_restored(m->store, &error), "%s", error.message);
    cr_assert_eq(store_position(m->store), m->position);
    for (size_t i = 0; i < count; i++)
        free((void *)(uintptr_t)rows[i].value.data);
}

static void reopen(struct model *m)
{
    if (is_left_out(m))
        return;
    struct weir_error error = {0};
    int64_t time_ms = m->now.time_ms;
    for (int i = 0; i < WALKS; i++)
        if (m->walks[i].cursor)
            walk_done(&m->walks[i]);
    store_close(m->store);
    cr_assert(database_close(m->database, draw(m, 2), &error), "%s", error.message);
    open_store(m);
    int64_t position = store_position(m->store);
    cr_assert(position >= -1 && position <= m->position);
    m->now = *m->history[position > 0 ? position : 0];
    m->now.time_ms = time_ms;
    /* The task reads its inputs again from here and so sees their time. */
    store_observe_time(m->store, time_ms);
    publish(m);
}

static void step(struct model *m)
{
    uint64_t choice = draw(m, 1000);
    if (choice < 450)
        put(m);
    else if (choice < 600)
        get(m, false);
    else if (choice < 700)
        get(m, true);
    else if (choice < 780)
        scan(m);
    else if (choice < 880)
        view_walk(m);
    else if (choice < 940)
        publish(m);
    else if (choice < 955)
        drop(m);
    else if (choice < 963)
        apply(m);
    else if (choice < 967)
        evict(m);
    else if (choice < 980)
        apply_aside(m);
    else if (choice < 985)
        restore(m);
    else if (choice < 990)
        reopen(m);
    else
        store_observe_time(m->store,
                           m->now.time_ms = m->now.time_ms == INT64_MIN ? 0 : m->now.time_ms + (int64_t)draw(m, 15));
}

static void run(struct store_spec spec, bool has_directory, bool keeps_rows, uint64_t seed)
{
    struct model *m = memory_new(sizeof *m);
    m->random = seed * 0x9e3779b97f4a7c15u + 1;
    m->spec = spec;
    m->has_directory = has_directory;
    m->keeps_rows = keeps_rows;
    m->now.time_ms = m->committed.time_ms = INT64_MIN;
    for (int i = 0; i < KEYS; i++)
        m->keys[i] = new_key(m, i);
    qsort(m->keys, KEYS, sizeof *m->keys, compare_keys);
    strcpy(m->directory, "/tmp/weir-store-model-XXXXXX");
    cr_assert(mkdtemp(m->directory));
    open_store(m);
    m->history[0] = memory_copy(&m->now, sizeof m->now);
    publish(m);
    for (int i = 0; i < STEPS; i++)
        step(m);
    for (int i = 0; i < WALKS; i++)
        if (m->walks[i].cursor)
            walk_done(&m->walks[i]);
    store_close(m->store);
    cr_assert(database_close(m->database, false, NULL));
    char *remove = memory_format("rm -rf %s", m->directory);
    cr_assert_eq(system(remove), 0);
    free(remove);
    for (int i = 0; i < KEYS; i++)
        free((void *)(uintptr_t)m->keys[i].data);
    for (int64_t i = 0; i <= m->position; i++)
        free(m->history[i]);
    arena_done(&m->arena);
    free(m);
}

static void run_all_seeds(struct store_spec spec, bool has_directory, bool keeps_rows)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        fprintf(stderr, "store_model: %s, seed %llu\n", spec.name, (unsigned long long)seed);
        run(spec, has_directory, keeps_rows, seed);
    }
}

static void run_seeds(struct store_spec spec, bool has_directory)
{
    run_all_seeds(spec, has_directory, false);
}

Test(store_model, a_plain_store_equals_the_model)
{
    run_seeds((struct store_spec){.name = "plain"}, true);
}

Test(store_model, a_plain_store_with_time_to_live_equals_the_model)
{
    run_seeds((struct store_spec){.name = "ttl", .ttl_ms = 150}, true);
}

Test(store_model, a_window_store_equals_the_model)
{
    run_seeds((struct store_spec){.name = "window", .kind = STORE_WINDOW, .window_size_ms = 10, .retention_ms = 50},
              true);
}

Test(store_model, a_join_store_equals_the_model)
{
    run_seeds((struct store_spec){.name = "join", .kind = STORE_JOIN, .retention_ms = 50}, true);
}

Test(store_model, a_join_store_that_only_grows_equals_the_model)
{
    run_all_seeds((struct store_spec){.name = "join", .kind = STORE_JOIN, .retention_ms = 400}, true, true);
}

Test(store_model, a_session_store_equals_the_model)
{
    run_seeds((struct store_spec){.name = "session", .kind = STORE_SESSION, .retention_ms = 50}, true);
}

Test(store_model, an_in_memory_store_equals_the_model)
{
    run_seeds((struct store_spec){.name = "memory", .in_memory = true}, true);
}

Test(store_model, an_in_memory_window_store_equals_the_model)
{
    run_seeds(
        (struct store_spec){.name = "memory-window", .kind = STORE_WINDOW, .window_size_ms = 10, .retention_ms = 50},
        false);
}

/* versioned_test.c: versioned stores, rule by rule, and random operations against a naive model.
 * SPDX-License-Identifier: Apache-2.0 */
#include "state/versioned.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/bytes.h"

enum { HISTORY_MS = 100 };

struct fixture {
    struct store_spec spec;
    char directory[64];
    struct database *database;
    struct store *store;
    weir_arena arena;
    int64_t position;
};

static void open_store(struct fixture *f)
{
    struct weir_error error = {0};
    const struct database_limits limits = {
        .memtable_bytes = 1 << 20, .committed_bytes_max = 4000, .restore_bytes_max = 2000, .apply_interval_ms = 10};
    f->database = database_open(f->spec.in_memory ? NULL : f->directory, limits, &error);
    cr_assert(f->database, "%s", error.message);
    f->store = store_open(f->database, &f->spec, &error);
    cr_assert(f->store, "%s", error.message);
}

static void close_store(struct fixture *f)
{
    struct weir_error error = {0};
    store_close(f->store);
    cr_assert(database_close(f->database, true, &error), "%s", error.message);
}

static struct fixture *begin(bool in_memory)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->spec =
        (struct store_spec){.name = "v", .kind = STORE_VERSIONED, .retention_ms = HISTORY_MS, .in_memory = in_memory};
    strcpy(f->directory, "/tmp/weir-versioned-XXXXXX");
    cr_assert(mkdtemp(f->directory));
    open_store(f);
    return f;
}

static void end(struct fixture *f)
{
    char command[96];
    close_store(f);
    arena_done(&f->arena);
    snprintf(command, sizeof command, "rm -r %s", f->directory);
    cr_assert_eq(system(command), 0);
    free(f);
}

static int64_t put(struct fixture *f, const char *key, const char *value, int64_t timestamp_ms)
{
    struct weir_error error = {0};
    int64_t to_ms = 0;
    cr_assert(versioned_put(f->store, bytes_of_text(key), bytes_of_text(value), timestamp_ms, &to_ms, &error), "%s",
              error.message);
    return to_ms;
}

static void expect(struct fixture *f, const char *key, int64_t as_of_ms, const char *value, int64_t from_ms,
                   int64_t to_ms)
{
    struct weir_error error = {0};
    struct version version;
    bool found = versioned_get(f->store, bytes_of_text(key), as_of_ms, &f->arena, &version, &error);
    cr_assert_eq(error.code, WEIR_OK, "%s", error.message);
    cr_assert_eq(found, value != NULL, "at %" PRId64, as_of_ms);
    if (!found)
        return;
    cr_assert(bytes_equal(version.value, bytes_of_text(value)), "at %" PRId64 ": %.*s", as_of_ms,
              (int)version.value.size, (const char *)version.value.data);
    cr_assert_eq(version.from_ms, from_ms);
    cr_assert_eq(version.to_ms, to_ms);
}

static void expect_none(struct fixture *f, const char *key, int64_t as_of_ms)
{
    expect(f, key, as_of_ms, NULL, 0, 0);
}

Test(versioned, a_version_is_valid_until_the_next_one)
{
    struct fixture *f = begin(false);
    cr_assert_eq(put(f, "k", "a", 10), VERSION_OPEN);
    cr_assert_eq(put(f, "k", "b", 20), VERSION_OPEN);
    expect_none(f, "k", 9);
    expect(f, "k", 10, "a", 10, 20);
    expect(f, "k", 19, "a", 10, 20);
    expect(f, "k", 20, "b", 20, VERSION_OPEN);
    expect(f, "k", VERSION_OPEN, "b", 20, VERSION_OPEN);
    expect_none(f, "j", VERSION_OPEN);
    end(f);
}

Test(versioned, what_comes_late_fits_in_and_ends_where_the_next_begins)
{
    struct fixture *f = begin(false);
    put(f, "k", "b", 20);
    cr_assert_eq(put(f, "k", "a", 10), 20);
    cr_assert_eq(put(f, "k", "x", 15), 20);
    expect(f, "k", 12, "a", 10, 15);
    expect(f, "k", 17, "x", 15, 20);
    cr_assert_eq(put(f, "k", "y", 15), 20);
    expect(f, "k", 17, "y", 15, 20);
    expect(f, "k", VERSION_OPEN, "b", 20, VERSION_OPEN);
    end(f);
}

Test(versioned, a_deletion_is_a_version)
{
    struct fixture *f = begin(false);
    put(f, "k", "a", 10);
    cr_assert_eq(put(f, "k", NULL, 20), VERSION_OPEN);
    expect_none(f, "k", VERSION_OPEN);
    expect_none(f, "k", 25);
    expect(f, "k", 19, "a", 10, 20);
    cr_assert_eq(put(f, "k", "b", 15), 20);
    cr_assert_eq(put(f, "k", NULL, 12), 15);
    expect(f, "k", 11, "a", 10, 12);
    expect_none(f, "k", 12);
    cr_assert_eq(put(f, "k", "c", 30), VERSION_OPEN);
    expect_none(f, "k", 29);
    cr_assert_eq(put(f, "k", "d", 25), 30);
    end(f);
}

Test(versioned, a_deletion_of_nothing_still_comes_before_what_is_put_behind_it)
{
    struct fixture *f = begin(false);
    cr_assert_eq(put(f, "k", NULL, 20), VERSION_OPEN);
    cr_assert_eq(put(f, "k", "a", 10), 20);
    expect(f, "k", 10, "a", 10, 20);
    expect_none(f, "k", VERSION_OPEN);
    end(f);
}

Test(versioned, a_deletion_with_the_time_of_the_newest_value_takes_it_away_as_if_it_had_never_been)
{
    struct fixture *f = begin(false);
    put(f, "k", "a", 20);
    cr_assert_eq(put(f, "k", NULL, 20), VERSION_OPEN);
    expect_none(f, "k", VERSION_OPEN);
    cr_assert_eq(put(f, "k", "b", 10), VERSION_OPEN);
    expect(f, "k", VERSION_OPEN, "b", 10, VERSION_OPEN);
    end(f);
}

Test(versioned, history_reaches_back_from_the_greatest_time_of_all_keys)
{
    struct fixture *f = begin(false);
    put(f, "k", "a", 10);
    put(f, "k", "b", 20);
    put(f, "old", "o", 5);
    put(f, "j", "x", 120);
    cr_assert_eq(put(f, "k", "c", 19), VERSION_EXPIRED);
    cr_assert_eq(put(f, "k", "c", 20), VERSION_OPEN);
    expect_none(f, "k", 19);
    expect(f, "k", 20, "c", 20, VERSION_OPEN);
    expect(f, "old", 5, "o", 5, VERSION_OPEN);
    put(f, "j", "y", 125);
    expect_none(f, "j", 24);
    expect(f, "old", 6, "o", 5, VERSION_OPEN);
    end(f);
}

struct seen {
    char text[256];
};

static void note(void *self, const struct store_row *row)
{
    struct seen *seen = self;
    size_t at = strlen(seen->text);
    snprintf(seen->text + at, sizeof seen->text - at, "%.*s=%.*s@%" PRId64 " ", (int)row->key.size,
             (const char *)row->key.data, row->value.data ? (int)row->value.size : 1,
             row->value.data ? (const char *)row->value.data : "-", row->timestamp_ms);
}

Test(versioned, everything_that_is_put_is_logged_in_order_once)
{
    struct fixture *f = begin(false);
    struct seen seen = {0};
    put(f, "k", "a", 200);
    put(f, "k", NULL, 150);
    put(f, "k", "b", 20);
    put(f, "k", "a", 200);
    store_overlay_each(f->store, note, &seen);
    cr_assert_str_eq(seen.text, "k=a@200 k=-@150 k=b@20 k=a@200 ");
    store_publish(f->store, 4);
    seen = (struct seen){0};
    store_overlay_each(f->store, note, &seen);
    cr_assert_str_eq(seen.text, "");
    end(f);
}

static void copy_row(void *self, const struct store_row *row)
{
    struct fixture *to = self;
    struct weir_error error = {0};
    cr_assert(store_restore(to->store, row, 1, ++to->position, &error), "%s", error.message);
}

Test(versioned, what_is_logged_anew_takes_the_place_of_what_was_logged_before)
{
    struct fixture *f = begin(false), *copy = begin(true);
    put(f, "k", "old", 1);
    put(f, "k", "o", 3);
    put(f, "j", "x", 105);
    put(f, "k", "a", 10);
    put(f, "k", NULL, 20);
    put(f, "k", "b", 30);
    put(f, "k", NULL, 40);
    store_overlay_each(f->store, copy_row, copy);
    store_publish(f->store, 7);
    put(f, "k", "wrong", 6);
    put(f, "k", "wrong", 15);
    put(f, "k", "wrong", 50);
    store_overlay_each(f->store, copy_row, copy);
    store_drop(f->store);
    struct weir_error error = {0};
    cr_assert(versioned_log_anew(f->store, bytes_of_text("k"), &error), "%s", error.message);
    store_overlay_each(f->store, copy_row, copy);
    expect(copy, "k", 9, "o", 3, 10);
    expect(copy, "k", 15, "a", 10, 20);
    expect_none(copy, "k", 25);
    expect(copy, "k", 39, "b", 30, 40);
    expect_none(copy, "k", VERSION_OPEN);
    cr_assert_eq(put(copy, "k", "x", 35), 40);
    end(f);
    end(copy);
}

Test(versioned, a_newest_value_from_before_the_history_is_kept_when_its_key_is_logged_anew)
{
    struct fixture *f = begin(false), *copy = begin(true);
    put(f, "k", "a", 10);
    put(f, "j", "x", 500);
    store_overlay_each(f->store, copy_row, copy);
    store_publish(f->store, 2);
    put(f, "k", "wrong", 450);
    store_overlay_each(f->store, copy_row, copy);
    store_drop(f->store);
    struct weir_error error = {0};
    cr_assert(versioned_log_anew(f->store, bytes_of_text("k"), &error), "%s", error.message);
    store_overlay_each(f->store, copy_row, copy);
    expect(copy, "k", VERSION_OPEN, "a", 10, VERSION_OPEN);
    end(f);
    end(copy);
}

static void count_row(void *self, const struct store_row *row)
{
    (void)row;
    ++*(int *)self;
}

static int logged_rows(struct fixture *f)
{
    int count = 0;
    store_overlay_each(f->store, count_row, &count);
    return count;
}

Test(versioned, a_history_is_logged_anew_once_however_often_that_is_asked_for)
{
    struct fixture *f = begin(false);
    struct weir_error error = {0};
    for (int i = 1; i <= 5; i++)
        put(f, "k", "v", i * 10);
    store_publish(f->store, 5);
    cr_assert(versioned_log_anew(f->store, bytes_of_text("k"), &error), "%s", error.message);
    int once = logged_rows(f);
    cr_expect_geq(once, 6);
    for (int i = 0; i < 3; i++)
        cr_assert(versioned_log_anew(f->store, bytes_of_text("k"), &error), "%s", error.message);
    cr_expect_eq(logged_rows(f), once);
    put(f, "k", "w", 60);
    cr_assert(versioned_log_anew(f->store, bytes_of_text("k"), &error), "%s", error.message);
    cr_expect_eq(logged_rows(f), once + 1 + once + 1, "what was put behind it is undone as well");
    store_drop(f->store);
    cr_assert(versioned_log_anew(f->store, bytes_of_text("k"), &error), "%s", error.message);
    cr_expect_eq(logged_rows(f), once, "and in the next commit, too");
    end(f);
}

static void log_anew(struct fixture *f, const char *key, struct fixture *copy)
{
    struct weir_error error = {0};
    cr_assert(versioned_log_anew(f->store, bytes_of_text(key), &error), "%s", error.message);
    store_overlay_each(f->store, copy_row, copy);
    store_publish(f->store, ++f->position);
}

Test(versioned, a_version_at_the_end_of_time_ends_the_one_before_and_can_be_logged_anew)
{
    struct fixture *f = begin(false), *copy = begin(true);
    put(f, "k", "a", INT64_MAX - 50);
    cr_assert_eq(put(f, "k", "b", INT64_MAX), VERSION_OPEN);
    cr_assert_eq(put(f, "k", "c", INT64_MAX - 20), INT64_MAX - 1);
    expect(f, "k", INT64_MAX - 30, "a", INT64_MAX - 50, INT64_MAX - 20);
    expect(f, "k", INT64_MAX - 2, "c", INT64_MAX - 20, INT64_MAX - 1);
    expect(f, "k", VERSION_OPEN, "b", INT64_MAX - 1, VERSION_OPEN);
    store_overlay_each(f->store, copy_row, copy);
    store_publish(f->store, 3);
    log_anew(f, "k", copy);
    expect(copy, "k", INT64_MAX - 30, "a", INT64_MAX - 50, INT64_MAX - 20);
    expect(copy, "k", VERSION_OPEN, "b", INT64_MAX - 1, VERSION_OPEN);
    end(f);
    end(copy);
}

/* Two tasks take over at the same commit, and one of them goes on while the other's writes come late: seed 5070262 of
 * tests/sim. */
Test(versioned, what_a_zombie_logged_anew_does_not_hold_once_its_successor_has)
{
    struct fixture *f = begin(false), *zombie = begin(true), *copy = begin(true);
    put(f, "k", "a", 10);
    put(f, "j", "x", 90);
    store_overlay_each(f->store, copy_row, zombie);
    store_overlay_each(f->store, copy_row, copy);
    store_publish(f->store, 2);
    put(f, "k", "b", 110);
    put(f, "k", "c", 130);
    put(f, "j", "y", 220);
    store_overlay_each(f->store, copy_row, copy);
    store_publish(f->store, 5);
    log_anew(zombie, "k", copy);
    log_anew(f, "k", copy);
    expect(copy, "k", 125, "b", 110, 130);
    expect(copy, "k", VERSION_OPEN, "c", 130, VERSION_OPEN);
    end(f);
    end(zombie);
    end(copy);
}

Test(versioned, what_was_deleted_before_the_history_stays_so_when_a_zombie_has_logged_it_anew)
{
    struct fixture *f = begin(false), *zombie = begin(true), *copy = begin(true);
    put(f, "k", "a", 10);
    store_overlay_each(f->store, copy_row, zombie);
    store_overlay_each(f->store, copy_row, copy);
    store_publish(f->store, 1);
    put(f, "k", NULL, 20);
    put(f, "k", "b", 190);
    put(f, "j", "x", 220);
    store_overlay_each(f->store, copy_row, copy);
    store_publish(f->store, 4);
    log_anew(zombie, "k", copy);
    log_anew(f, "k", copy);
    expect_none(copy, "k", 150);
    expect(copy, "k", VERSION_OPEN, "b", 190, VERSION_OPEN);
    end(f);
    end(zombie);
    end(copy);
}

static void copy_last_row(void *self, const struct store_row *row)
{
    struct store_row *last = self;
    *last = *row;
}

Test(versioned, what_compaction_leaves_of_a_key_that_was_logged_anew_is_its_newest_value)
{
    struct fixture *f = begin(false), *copy = begin(true);
    struct store_row last = {.timestamp_ms = 0};
    struct weir_error error = {0};
    put(f, "k", "a", 10);
    put(f, "j", "x", 500);
    store_publish(f->store, 2);
    cr_assert(versioned_log_anew(f->store, bytes_of_text("k"), &error), "%s", error.message);
    store_overlay_each(f->store, copy_last_row, &last);
    copy_row(copy, &last);
    expect(copy, "k", VERSION_OPEN, "a", 10, VERSION_OPEN);
    end(f);
    end(copy);
}

/* ---- random operations against a model ---- */

enum { KEYS = 5, ENTRIES_MAX = 400, STEPS = 1500, SEEDS = 4, VALUES = 1000 };
static const char *const names[KEYS] = {"", "a", "a\1", "b", "bb"};

struct entry {
    int64_t from_ms;
    int value; /* negative: a deletion */
};
struct state {
    int64_t now_ms;
    size_t count[KEYS];
    struct entry entries[KEYS][ENTRIES_MAX]; /* by time */
};
struct model {
    struct fixture *f;
    uint64_t random;
    struct state *now, *committed;
    struct {
        int key, value;
        int64_t timestamp_ms;
    } log[STEPS];
    size_t logged, log_committed;
};

static uint64_t draw(struct model *m, uint64_t below)
{
    m->random ^= m->random << 13;
    m->random ^= m->random >> 7;
    m->random ^= m->random << 17;
    return (m->random >> 11) % below;
}

/* The entry that is valid at that time, as an index; -1: none. */
static int entry_at(const struct state *state, int key, int64_t as_of_ms)
{
    int at = (int)state->count[key] - 1;
    while (at >= 0 && state->entries[key][at].from_ms > as_of_ms)
        at--;
    return at;
}

static int64_t end_of(const struct state *state, int key, int at)
{
    return (size_t)at + 1 < state->count[key] ? state->entries[key][at + 1].from_ms : VERSION_OPEN;
}

static int64_t model_put(struct state *state, int key, int value, int64_t timestamp_ms)
{
    if (timestamp_ms < state->now_ms - HISTORY_MS)
        return VERSION_EXPIRED;
    if (timestamp_ms > state->now_ms)
        state->now_ms = timestamp_ms;
    int at = entry_at(state, key, timestamp_ms);
    struct entry *entries = state->entries[key];
    if (at < 0 || entries[at].from_ms != timestamp_ms) {
        at++;
        memmove(&entries[at + 1], &entries[at], (state->count[key] - (size_t)at) * sizeof *entries);
        state->count[key]++;
        cr_assert_leq(state->count[key], (size_t)ENTRIES_MAX);
    }
    entries[at] = (struct entry){timestamp_ms, value};
    return end_of(state, key, at);
}

static void random_put(struct model *m)
{
    char text[16] = "";
    int key = (int)draw(m, KEYS), value = draw(m, 4) ? (int)draw(m, VALUES) : -1;
    int64_t timestamp_ms = m->now->now_ms + (int64_t)draw(m, 30) - (draw(m, 3) ? 20 : 110);
    if (timestamp_ms < 0)
        timestamp_ms = 0;
    int at = entry_at(m->now, key, INT64_MAX);
    if (value < 0 && at >= 0 && m->now->entries[key][at].from_ms == timestamp_ms)
        return; /* has a rule and a test of its own */
    snprintf(text, sizeof text, "%d", value);
    cr_assert_eq(put(m->f, names[key], value < 0 ? NULL : text, timestamp_ms),
                 model_put(m->now, key, value, timestamp_ms));
    m->log[m->logged].key = key;
    m->log[m->logged].value = value;
    m->log[m->logged++].timestamp_ms = timestamp_ms;
}

static void random_get(struct model *m, bool is_view)
{
    const struct state *state = is_view ? m->committed : m->now;
    int key = (int)draw(m, KEYS);
    int64_t as_of_ms = draw(m, 4) ? state->now_ms - (int64_t)draw(m, 130) : VERSION_OPEN;
    int at = entry_at(state, key, as_of_ms);
    bool is_newest = at == (int)state->count[key] - 1;
    bool expected =
        at >= 0 && state->entries[key][at].value >= 0 && (is_newest || as_of_ms >= state->now_ms - HISTORY_MS);
    struct version version;
    struct weir_error error = {0};
    bool found = (is_view ? versioned_view_get : versioned_get)(m->f->store, bytes_of_text(names[key]), as_of_ms,
                                                                &m->f->arena, &version, &error);
    cr_assert_eq(error.code, WEIR_OK, "%s", error.message);
    cr_assert_eq(found, expected, "key %d at %" PRId64 " of %" PRId64, key, as_of_ms, state->now_ms);
    if (found) {
        char text[16];
        snprintf(text, sizeof text, "%d", state->entries[key][at].value);
        cr_assert(bytes_equal(version.value, bytes_of_text(text)));
        cr_assert_eq(version.from_ms, state->entries[key][at].from_ms);
        cr_assert_eq(version.to_ms, end_of(state, key, at));
    }
    arena_clear(&m->f->arena);
}

static void publish(struct model *m)
{
    store_publish(m->f->store, (int64_t)m->logged);
    m->log_committed = m->logged;
    memcpy(m->committed, m->now, sizeof *m->now);
}

static void drop(struct model *m)
{
    store_drop(m->f->store);
    m->logged = m->log_committed;
    memcpy(m->now, m->committed, sizeof *m->now);
}

/* What the store does not hold durably comes from the log, as after a crash. */
static void reopen(struct model *m)
{
    struct weir_error error = {0};
    if (m->f->spec.in_memory)
        return;
    drop(m);
    close_store(m->f);
    open_store(m->f);
    int64_t held = store_position(m->f->store);
    for (size_t i = held < 0 ? 0 : (size_t)held; i < m->log_committed; i++) {
        char text[16];
        snprintf(text, sizeof text, "%d", m->log[i].value);
        struct store_row row = {.key = bytes_of_text(names[m->log[i].key]), .timestamp_ms = m->log[i].timestamp_ms};
        if (m->log[i].value >= 0)
            row.value = bytes_of_text(text);
        cr_assert(store_restore(m->f->store, &row, 1, (int64_t)i + 1, &error), "%s", error.message);
    }
    cr_assert(store_restored(m->f->store, &error), "%s", error.message);
}

static void step(struct model *m)
{
    struct weir_error error = {0};
    uint64_t what = draw(m, 100);
    if (what < 50)
        random_put(m);
    else if (what < 70)
        random_get(m, false);
    else if (what < 85)
        random_get(m, true);
    else if (what < 92)
        publish(m);
    else if (what < 94)
        drop(m);
    else if (what < 97)
        cr_assert(store_apply(m->f->store, 0, &error), "%s", error.message);
    else if (what < 99)
        cr_assert(store_evict(m->f->store, 0, &error), "%s", error.message);
    else
        reopen(m);
}

static void run_model(uint64_t seed, bool in_memory)
{
    struct model *m = calloc(1, sizeof *m);
    m->f = begin(in_memory);
    m->random = seed * 0x9E3779B97F4A7C15u + 1;
    m->now = calloc(1, sizeof *m->now);
    m->committed = calloc(1, sizeof *m->committed);
    for (int i = 0; i < STEPS; i++)
        step(m);
    end(m->f);
    free(m->now);
    free(m->committed);
    free(m);
}

Test(versioned, random_operations_agree_with_a_list_of_versions)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        run_model(seed, seed % 4 == 0);
}

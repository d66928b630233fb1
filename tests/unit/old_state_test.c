/* old_state_test.c: state of an earlier weir is read: rows, positions and times of stores of each kind, as its RocksDB files have
 * them (old_state/, recorded at commit a0d4129). To record what the sources at hand write:
 *     WEIR_RECORD_STATE=FOLDER build/release/tests/old_state_test && rm FOLDER/{LOCK,LOG,IDENTITY,OPTIONS-*,*.log}
 * SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/bytes.h"
#include "state/keys.h"
#include "state/versioned.h"

enum { POSITION = 4711, LATEST_MS = 1000 };

static const struct database_limits limits = {1 << 20, 1 << 20, 1 << 20, 1 << 20, 1 << 19, 10000};
static const struct store_spec plain = {.name = "plain"},
                               windows = {.name = "windows",
                                          .kind = STORE_WINDOW,
                                          .window_size_ms = 10,
                                          .retention_ms = 5000},
                               sessions = {.name = "sessions", .kind = STORE_SESSION, .retention_ms = 5000},
                               versions = {.name = "versions", .kind = STORE_VERSIONED, .retention_ms = 5000};
static const struct store_spec *const specs[] = {&plain, &windows, &sessions, &versions};
enum { PLAIN, WINDOWS, SESSIONS, VERSIONS, STORES };

struct state {
    struct database *database;
    struct store *stores[STORES];
    struct weir_error error;
    weir_arena arena;
};

static void open_state(struct state *state, const char *directory)
{
    *state = (struct state){0};
    state->database = database_open(directory, limits, &state->error);
    cr_assert(state->database, "%s", state->error.message);
    for (size_t i = 0; i < STORES; i++) {
        state->stores[i] = store_open(state->database, specs[i], &state->error);
        cr_assert(state->stores[i], "%s", state->error.message);
    }
}

static void close_state(struct state *state)
{
    for (size_t i = 0; i < STORES; i++)
        store_close(state->stores[i]);
    cr_assert(database_close(state->database, true, &state->error), "%s", state->error.message);
    arena_done(&state->arena);
}

static weir_bytes window_key(struct state *state)
{
    struct buffer key = {0};
    keys_window_write(bytes_of_text("k"), LATEST_MS, &key);
    weir_bytes kept = arena_bytes(&state->arena, buffer_bytes(&key));
    buffer_done(&key);
    return kept;
}

static weir_bytes session_key(struct state *state)
{
    struct buffer key = {0};
    keys_session_write(bytes_of_text("k"), LATEST_MS - 300, LATEST_MS, &key);
    weir_bytes kept = arena_bytes(&state->arena, buffer_bytes(&key));
    buffer_done(&key);
    return kept;
}

static void record(const char *directory)
{
    struct state state;
    int64_t to_ms;
    open_state(&state, directory);
    store_put(state.stores[PLAIN], bytes_of_text("k"), bytes_of_text("value"), 7);
    store_put(state.stores[PLAIN], bytes_of_text("gone"), bytes_of_text("value"), 8);
    store_put(state.stores[PLAIN], bytes_of_text("gone"), (weir_bytes){0}, 9);
    store_put(state.stores[WINDOWS], window_key(&state), bytes_of_text("window"), 10);
    store_put(state.stores[SESSIONS], session_key(&state), bytes_of_text("session"), 11);
    for (int i = 0; i < 2; i++)
        cr_assert(versioned_put(state.stores[VERSIONS], bytes_of_text("k"), bytes_of_text(i ? "new" : "old"),
                                100 + i * 100, &to_ms, &state.error));
    for (size_t i = 0; i < STORES; i++) {
        store_observe_time(state.stores[i], LATEST_MS);
        store_publish(state.stores[i], POSITION);
        cr_assert(store_evict(state.stores[i], 0, &state.error), "%s", state.error.message);
    }
    close_state(&state);
}

static const char *value_of(struct state *state, size_t store, weir_bytes key)
{
    struct store_row row;
    bool found = store_get(state->stores[store], key, &state->arena, &row, &state->error);
    cr_assert_eq(state->error.code, WEIR_OK, "%s", state->error.message);
    return found ? arena_bytes(&state->arena, row.value).data : "absent";
}

static void expect_rows(struct state *state)
{
    struct version version;
    cr_expect_str_eq(value_of(state, PLAIN, bytes_of_text("k")), "value");
    cr_expect_str_eq(value_of(state, PLAIN, bytes_of_text("gone")), "absent");
    cr_expect_str_eq(value_of(state, WINDOWS, window_key(state)), "window");
    cr_expect_str_eq(value_of(state, SESSIONS, session_key(state)), "session");
    cr_assert(versioned_get(state->stores[VERSIONS], bytes_of_text("k"), 150, &state->arena, &version, &state->error));
    cr_expect(bytes_equal(version.value, bytes_of_text("old")));
    cr_expect_eq(version.to_ms, 200);
}

/* Opening changes the files, so a copy is opened. */
static void copy_old_state(char directory[64])
{
    char command[256];
    strcpy(directory, "/tmp/weir-old-state-XXXXXX");
    cr_assert(mkdtemp(directory));
    snprintf(command, sizeof command, "cp '" OLD_STATE "'/* %s", directory);
    cr_assert_eq(system(command), 0);
}

Test(old_state, is_read_with_its_positions_and_times)
{
    char directory[64], command[128];
    struct state state;
    if (getenv("WEIR_RECORD_STATE")) {
        record(getenv("WEIR_RECORD_STATE"));
        return;
    }
    copy_old_state(directory);
    open_state(&state, directory);
    for (size_t i = 0; i < STORES; i++) {
        cr_expect_eq(store_position(state.stores[i]), POSITION);
        cr_expect_eq(store_observed_time(state.stores[i]), LATEST_MS);
    }
    expect_rows(&state);
    close_state(&state);
    snprintf(command, sizeof command, "rm -r %s", directory);
    cr_assert_eq(system(command), 0);
}

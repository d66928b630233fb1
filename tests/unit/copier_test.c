/* copier_test.c: state from one instance to another: what arrives, and what becomes of copies that do not arrive whole.
 * SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/tree.h"
#include "runtime/app.h"
#include "runtime/copier.h"
#include "runtime/copies.h"
#include "runtime/directory.h"
#include "runtime/limits.h"
#include "runtime/peers.h"
#include "runtime/task.h"

enum { ROWS = 2000, POSITION = 5000, WAIT_MS = 30 * 1000 };

enum fault { NO_FAULT, TORN, GONE, SPOILT, BUSY };

static char folder[64];
static weir_app *giver, *taker;
static struct task *given, *taken;
static weir_arena arena;

/* ---- two instances ---- */

static bool members(struct broker *broker, const char *group, weir_arena *members_arena, struct broker_member **out,
                    size_t *count, struct weir_error *error)
{
    (void)broker, (void)group, (void)error;
    *count = 1;
    *out = arena_alloc(members_arena, sizeof **out);
    (*out)->client = (*out)->name = "copied-1@giver:1-StreamThread-1-consumer";
    return true;
}

static weir_topology *topology(void)
{
    weir_topology *t = weir_topology_new("copied");
    weir_count(weir_group(weir_from(t, "words", &weir_str_type, &weir_str_type)), "counts");
    return t;
}

static weir_app *open_app(const char *name)
{
    static struct broker_ops ops;
    struct weir_error error = {0};
    char *state = memory_format("%s/%s", folder, name), *server = memory_format("%s:1", name);
    weir_app *app = app_open(topology(),
                             (struct weir_config){.set = (const char *const[][2]){{"state.dir", state},
                                                                                  {"application.server", server},
                                                                                  {"restore.copy.min.records", "1000"},
                                                                                  {"embedded.partitions", "1"},
                                                                                  {NULL}}},
                             broker_embedded_open(NULL, NULL, &error), &error);
    cr_assert(app, "%s", error.message);
    ops = *app->broker->ops;
    ops.members = members;
    app->broker->ops = &ops;
    app->peers = peers_start(app, &error);
    app->copies = copies_new(app, &error);
    app->copier = copier_start(app, &error);
    cr_assert(app->peers && app->copies && app->copier, "%s", error.message);
    memory_free(state);
    memory_free(server);
    return app;
}

static void no_release(void *self, struct broker_message *message)
{
    (void)self, (void)message;
}

static struct task *open_task(weir_app *app)
{
    struct weir_error error = {0};
    char *directory = directory_of_task(app->config, app->layout.application, 0, 0, &error);
    struct task *task =
        task_open(&app->layout, &app->layout.parts[0], 0, directory, (struct task_settings){.clock = &clock_system},
                  (struct task_output){.release = no_release}, limits_of_task(app), &error);
    cr_assert(task, "%s", error.message);
    memory_free(directory);
    app_add_task(app, task);
    return task;
}

static const char *key_of(int number)
{
    return arena_format(&arena, "key-%06d", number);
}

static void fill(struct task *task)
{
    struct weir_error error = {0};
    for (int i = 0; i < ROWS; i++)
        store_put(task->stores[0], bytes_of_text(key_of(i)), bytes_of_text("value"), i);
    store_publish(task->stores[0], POSITION);
    cr_assert(store_apply(task->stores[0], 1, &error), "%s", error.message);
    atomic_store(&task->has_caught_up, true);
}

static void set_up(void)
{
    strcpy(folder, "/tmp/weir-copier-XXXXXX");
    cr_assert(mkdtemp(folder));
    arena_init(&arena);
    giver = open_app("giver");
    taker = open_app("taker");
    given = open_task(giver);
    fill(given);
    taken = open_task(taker);
}

static void close_task(weir_app *app, struct task *task)
{
    struct weir_error error = {0};
    app_remove_task(app, task);
    cr_assert(task_close(task, true, &error), "%s", error.message);
}

static void tear_down(void)
{
    if (given)
        close_task(giver, given);
    close_task(taker, taken);
    app_close(taker);
    app_close(giver);
    arena_done(&arena);
    tree_remove(folder);
}

TestSuite(copier, .init = set_up, .fini = tear_down, .timeout = 60);

/* ---- what lies between them ---- */

static enum fault fault;
static int pieces;

static bool make(void *self, const char *address, const char *application, const char *task, weir_arena *out_arena,
                 weir_bytes *manifest, struct weir_error *error)
{
    (void)self;
    cr_assert_str_eq(address, "giver:1");
    if (fault == BUSY) {
        fault = NO_FAULT;
        error->code = WEIR_RETRY;
        return false;
    }
    return weir_copy_make(giver, application, task, out_arena, manifest, error);
}

static bool read_piece(void *self, const char *address, const char *copy, const char *file, int64_t offset, void *out,
                       size_t size, struct weir_error *error)
{
    size_t got = 0;
    (void)self, (void)address;
    pieces++;
    if ((fault == TORN || fault == GONE) && pieces > 1) {
        error->code = fault == TORN ? WEIR_RETRY : WEIR_ABSENT;
        return false;
    }
    bool ok = weir_copy_read(giver, copy, file, offset, out, size, &got, error) && got == size;
    if (fault == SPOILT && strncmp(file, "MANIFEST", 8) == 0)
        memset(out, 'x', size);
    return ok;
}

static const struct weir_copy_source source = {NULL, make, read_piece};

static struct arrival *ask(int64_t committed)
{
    const struct copy_wish wish = {taker->layout.parts[0].stores[0].name_hash, -1, committed, committed};
    fault = NO_FAULT;
    pieces = 0;
    weir_copy_from(taker, &source);
    return copier_ask(taker->copier, taken, &wish, 1);
}

static enum arrival_state outcome(const struct arrival *arrival)
{
    for (int waited = 0; arrival_state(arrival) == ARRIVAL_UNDERWAY && waited < WAIT_MS; waited += 10)
        clock_pause_ms(10);
    return arrival_state(arrival);
}

static void expect_failure(enum fault what, int64_t committed)
{
    struct arrival *arrival = ask(committed);
    fault = what;
    cr_assert(arrival);
    cr_expect_eq(outcome(arrival), ARRIVAL_FAILED);
    copier_drop(taker->copier, arrival);
}

static int entries_of_copies(weir_app *app)
{
    struct weir_error error = {0};
    char *path = directory_of_copies(app->config, app->layout.application, &error);
    DIR *entries = opendir(path);
    int count = 0;
    for (const struct dirent *entry; (entry = readdir(entries));)
        count += entry->d_name[0] != '.';
    closedir(entries);
    memory_free(path);
    return count;
}

static void expect_rows(void)
{
    struct store_row row;
    struct weir_error error = {0};
    for (int i = 0; i < ROWS; i += 7)
        cr_expect(store_get(taken->stores[0], bytes_of_text(key_of(i)), &arena, &row, &error) &&
                      bytes_equal(row.value, bytes_of_text("value")) && row.timestamp_ms == i,
                  "row %d", i);
    cr_expect_not(store_get(taken->stores[0], bytes_of_text(key_of(ROWS)), &arena, &row, &error));
}

static void install(struct arrival *arrival)
{
    struct weir_error error = {0};
    cr_assert_eq(outcome(arrival), ARRIVAL_HERE);
    cr_assert(copier_install(taker->copier, arrival, taken, &error), "%s", error.message);
    copier_drop(taker->copier, arrival);
}

/* ---- the sentences ---- */

Test(copier, brings_the_rows_and_the_position_of_a_task_that_is_open_elsewhere)
{
    install(ask(POSITION + 10));
    cr_expect_eq(store_position(taken->stores[0]), POSITION);
    expect_rows();
}

Test(copier, brings_those_of_a_task_that_was_given_up)
{
    close_task(giver, given);
    given = NULL;
    install(ask(POSITION));
    cr_expect_eq(store_position(taken->stores[0]), POSITION);
    expect_rows();
}

Test(copier, brings_what_was_there_when_it_was_made_whatever_is_written_meanwhile)
{
    struct weir_error error = {0};
    struct arrival *arrival = ask(POSITION);
    cr_assert_eq(outcome(arrival), ARRIVAL_HERE);
    for (int i = 0; i < ROWS; i++)
        store_put(given->stores[0], bytes_of_text(key_of(i)), bytes_of_text("later"), i);
    store_publish(given->stores[0], POSITION + 1);
    cr_assert(store_apply(given->stores[0], 2, &error), "%s", error.message);
    install(arrival);
    expect_rows();
}

Test(copier, waits_while_the_other_one_is_busy)
{
    struct arrival *arrival = ask(POSITION);
    fault = BUSY;
    install(arrival);
    expect_rows();
}

Test(copier, gives_up_what_does_not_come_whole_and_leaves_nothing_behind)
{
    expect_failure(TORN, POSITION);
    expect_failure(GONE, POSITION);
    expect_failure(SPOILT, POSITION);
    cr_expect_eq(store_position(taken->stores[0]), -1);
    for (int waited = 0; entries_of_copies(taker) > 0 && waited < WAIT_MS; waited += 10)
        clock_pause_ms(10);
    cr_expect_eq(entries_of_copies(taker), 0);
}

Test(copier, takes_no_copy_that_holds_more_than_is_committed)
{
    expect_failure(NO_FAULT, POSITION - 1);
}

Test(copier, takes_no_copy_that_spares_little)
{
    expect_failure(NO_FAULT, 3 * POSITION);
    cr_expect_eq(pieces, 0);
}

Test(copier, asks_for_nothing_where_little_is_to_be_read)
{
    cr_expect_null(ask(999));
}

Test(copier, takes_nothing_of_a_task_that_has_never_been_there)
{
    close_task(giver, given);
    given = NULL;
    app_close(giver);
    giver = open_app("giver");
    expect_failure(NO_FAULT, POSITION);
    cr_expect_eq(pieces, 0);
}

Test(copier, lets_a_task_go_that_does_not_wait_any_longer)
{
    struct arrival *arrival = ask(POSITION);
    cr_assert(arrival);
    copier_drop(taker->copier, arrival);
    cr_expect_eq(store_position(taken->stores[0]), -1);
}

Test(copies, are_named_by_tasks_that_exist, .init = set_up, .fini = tear_down)
{
    static const char *const wrong[] = {"",     "0",    "0_",  "0_1",    "1_0",         "-1_0",
                                        "0_-1", "0_0x", "a_b", "../0_0", "9999999999_0"};
    struct weir_error error = {0};
    weir_bytes manifest;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cr_expect_not(weir_copy_make(giver, "copied", wrong[i], &arena, &manifest, &error), "%s", wrong[i]);
        cr_expect_eq(error.code, WEIR_ABSENT);
        error = (struct weir_error){0};
    }
    cr_expect_not(weir_copy_make(giver, "other", "0_0", &arena, &manifest, &error));
}

Test(copies, have_files_by_plain_names_only, .init = set_up, .fini = tear_down)
{
    static const char *const wrong[] = {"", ".", "..", "../process", "x/y", "CURRENT2"};
    struct weir_error error = {0};
    weir_bytes manifest;
    char byte;
    size_t got;
    cr_assert(weir_copy_make(giver, "copied", "0_0", &arena, &manifest, &error), "%s", error.message);
    const char *copy = arena_format(&arena, "%.16s", strstr(strchr(manifest.data, '\n'), "copy ") + 5);
    cr_expect(weir_copy_read(giver, copy, "CURRENT", 0, &byte, 1, &got, &error), "%s", error.message);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_expect_not(weir_copy_read(giver, copy, wrong[i], 0, &byte, 1, &got, &error), "%s", wrong[i]);
    cr_expect_not(weir_copy_read(giver, "0000000000000000", "CURRENT", 0, &byte, 1, &got, &error));
}

Test(copies, of_which_too_many_are_being_read_are_not_made, .init = set_up, .fini = tear_down)
{
    struct weir_error error = {0};
    weir_bytes manifest;
    for (int i = 0; i < 4; i++)
        cr_assert(weir_copy_make(giver, "copied", "0_0", &arena, &manifest, &error), "%s", error.message);
    cr_expect_not(weir_copy_make(giver, "copied", "0_0", &arena, &manifest, &error));
    cr_expect_eq(error.code, WEIR_RETRY);
}

/* overlay.c: what do uncommitted writes of a task cost: a new row, the same row again, reading it, reading one that is not
 * there, the walk of a commit, and forgetting all?
 *
 *   overlay [ROWS]
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/arena.h"
#include "measure.h"
#include "state/store.h"

enum { ROWS = 100000, ROUNDS = 20, KEY_SIZE = 20 };

struct subject {
    struct store *store;
    weir_arena arena;
    struct weir_error error;
    int64_t rows, visited;
    char (*keys)[KEY_SIZE + 1];
};

/* Twice as many keys as rows: those behind are never put. */
static void make_keys(struct subject *subject)
{
    subject->keys = malloc((size_t)subject->rows * 2 * sizeof *subject->keys);
    if (!subject->keys)
        measure_fail("no memory for %" PRId64 " keys", subject->rows * 2);
    uint64_t state = 1;
    for (int64_t i = 0; i < subject->rows * 2; i++)
        snprintf(subject->keys[i], KEY_SIZE + 1, "key-%016" PRIx64, measure_random(&state));
}

static weir_bytes key_of(const struct subject *subject, int64_t number)
{
    return (weir_bytes){subject->keys[number], KEY_SIZE};
}

static void put_all(struct subject *subject)
{
    for (int64_t i = 0; i < subject->rows; i++)
        store_put(subject->store, key_of(subject, i), (weir_bytes){"12345678", 8}, i);
}

static void get_from(struct subject *subject, int64_t first, bool wanted)
{
    struct store_row row;
    for (int64_t i = first; i < first + subject->rows; i++) {
        if (store_get(subject->store, key_of(subject, i), &subject->arena, &row, &subject->error) != wanted)
            measure_fail("overlay: row %" PRId64 " is %s", i, wanted ? "missing" : "there");
        arena_clear(&subject->arena);
    }
}

static void get_all(struct subject *subject)
{
    get_from(subject, 0, true);
}
static void miss_all(struct subject *subject)
{
    get_from(subject, subject->rows, false);
}

static void count_row(void *self, const struct store_row *row)
{
    (void)row;
    ((struct subject *)self)->visited++;
}

static void walk(struct subject *subject)
{
    subject->visited = 0;
    store_overlay_each(subject->store, count_row, subject);
    if (subject->visited != subject->rows)
        measure_fail("overlay: %" PRId64 " of %" PRId64 " rows were visited", subject->visited, subject->rows);
}

static void drop(struct subject *subject)
{
    store_drop(subject->store);
}

static const struct {
    const char *name;
    void (*step)(struct subject *);
} steps[] = {{"put_new_ns", put_all},     {"put_again_ns", put_all}, {"get_ns", get_all},
             {"get_absent_ns", miss_all}, {"walk_ns", walk},         {"drop_ns", drop}};

enum { STEPS = sizeof steps / sizeof *steps };

static void open_store(struct subject *subject)
{
    static const struct store_spec spec = {.name = "rows", .key_type = &weir_str_type, .value_type = &weir_bytes_type};
    struct database_limits limits = {.committed_bytes_max = SIZE_MAX, .apply_interval_ms = INT64_MAX / 2000};
    struct database *database = database_open(NULL, limits, &subject->error);
    subject->store = database ? store_open(database, &spec, &subject->error) : NULL;
    if (!subject->store)
        measure_fail("overlay: %s", subject->error.message);
}

int main(int argc, char **argv)
{
    struct subject subject = {.rows = argc > 1 ? measure_number(argv[1]) : ROWS};
    double seconds[STEPS] = {0};
    arena_init(&subject.arena);
    open_store(&subject);
    make_keys(&subject);
    for (int round = 0; round < ROUNDS; round++)
        for (int i = 0; i < STEPS; i++) {
            double began = measure_cpu_seconds();
            steps[i].step(&subject);
            seconds[i] += measure_cpu_seconds() - began;
        }
    printf("{\"rows\":%" PRId64, subject.rows);
    for (int i = 0; i < STEPS; i++)
        printf(",\"%s\":%.0f", steps[i].name, seconds[i] * 1e9 / (double)(subject.rows * ROUNDS));
    printf("}\n");
    return 0;
}

/* disk.c: see disk.h. A family is a sorted list of rows that is never changed, only replaced, so that a walk, and what a
 * flush has made durable, is a list that somebody still holds.
 * SPDX-License-Identifier: Apache-2.0 */
#include "simulator/disk.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/memory.h"

struct row {
    size_t holders;
    struct store_row row; /* key and value lie behind it */
};

struct version { /* of a family */
    size_t holders;
    struct rocks_marks marks;
    size_t count;
    struct row **rows; /* in order of their keys */
};

struct rocks_family {
    struct rocks *rocks;
    char *name;
    struct version *now, *durable;
    struct row **batch; /* in order of writing; a value without data deletes */
    size_t batch_count, batch_capacity, batch_bytes;
    struct rocks_marks batch_marks;
    bool has_marks;
    uint64_t unflushed; /* batches */
};

struct rocks { /* a database; it outlives the processes that open it */
    struct disk_machine *machine;
    char *directory;
    struct rocks_family **families;
    size_t count, capacity;
    bool is_open;
};

struct disk_machine {
    char *directory;
    struct disk_faults faults;
    struct random random;
    struct disk_figures *figures;
    struct rocks **databases;
    size_t count, capacity;
    bool is_dead;
};

static struct disk_machine **machines; /* the databases are found by their directories */
static size_t machine_count, machine_capacity;

/* ---- rows and versions ---- */

static struct row *row_new(const struct store_row *given)
{
    struct row *row = memory_new(sizeof *row + given->key.size + given->value.size + 2);
    char *bytes = (char *)(row + 1);
    row->holders = 1;
    row->row = *given;
    if (given->key.size)
        memcpy(bytes, given->key.data, given->key.size);
    row->row.key.data = bytes;
    if (given->value.data) {
        if (given->value.size)
            memcpy(bytes + given->key.size + 1, given->value.data, given->value.size);
        row->row.value.data = bytes + given->key.size + 1;
    }
    return row;
}

static void row_release(struct row *row)
{
    if (--row->holders == 0)
        memory_free(row);
}

static struct version *version_hold(struct version *version)
{
    version->holders++;
    return version;
}

static void version_release(struct version *version)
{
    if (--version->holders > 0)
        return;
    for (size_t i = 0; i < version->count; i++)
        row_release(version->rows[i]);
    memory_free(version->rows);
    memory_free(version);
}

static struct version *version_new(size_t rows_max)
{
    struct version *version = memory_new(sizeof *version);
    version->holders = 1;
    version->marks = (struct rocks_marks){-1, EXPIRY_NO_TIME, EXPIRY_NO_TIME};
    version->rows = memory_new((rows_max + 1) * sizeof(struct row *));
    return version;
}

/* Index of the first row whose key is not below it. */
static size_t lower_bound(const struct version *version, weir_bytes key)
{
    size_t low = 0, high = version->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (bytes_compare(version->rows[middle]->row.key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void version_put(struct version *version, struct row *row)
{
    size_t at = lower_bound(version, row->row.key);
    bool is_there = at < version->count && bytes_equal(version->rows[at]->row.key, row->row.key);
    if (is_there)
        row_release(version->rows[at]);
    size_t behind = version->count - at - is_there;
    if (!row->row.value.data) {
        memmove(&version->rows[at], &version->rows[at + is_there], behind * sizeof(struct row *));
        version->count -= is_there;
        return;
    }
    if (!is_there)
        memmove(&version->rows[at + 1], &version->rows[at], behind * sizeof(struct row *));
    version->count += !is_there;
    version->rows[at] = row;
    row->holders++;
}

/* ---- batches ---- */

static void clear_batch(struct rocks_family *family)
{
    for (size_t i = 0; i < family->batch_count; i++)
        row_release(family->batch[i]);
    family->batch_count = family->batch_bytes = 0;
    family->has_marks = false;
}

static void flush_family(struct rocks_family *family)
{
    version_release(family->durable);
    family->durable = version_hold(family->now);
    family->unflushed = 0;
}

static void take_batch(struct rocks_family *family)
{
    struct version *next = version_new(family->now->count + family->batch_count);
    next->marks = family->has_marks ? family->batch_marks : family->now->marks;
    if (next->marks.stream_time_ms == EXPIRY_NO_TIME)
        next->marks.stream_time_ms = family->now->marks.stream_time_ms;
    for (size_t i = 0; i < family->now->count; i++) {
        next->rows[i] = family->now->rows[i];
        next->rows[i]->holders++;
    }
    next->count = family->now->count;
    for (size_t i = 0; i < family->batch_count; i++)
        version_put(next, family->batch[i]);
    version_release(family->now);
    family->now = next;
    family->unflushed++;
}

static void batch_row(struct rocks_family *family, const struct store_row *row)
{
    family->batch = memory_grow(family->batch, &family->batch_capacity, family->batch_count + 1, sizeof(struct row *));
    family->batch[family->batch_count++] = row_new(row);
    family->batch_bytes += row->key.size + row->value.size;
}

static void batch_marks(struct rocks_family *family, struct rocks_marks marks)
{
    family->batch_marks = marks;
    family->has_marks = true;
}

static size_t batch_bytes(struct rocks_family *family)
{
    return family->batch_bytes;
}

static bool can_write(struct rocks_family *family, struct weir_error *error)
{
    struct disk_machine *machine = family->rocks->machine;
    if (machine->is_dead)
        return error_set(error, WEIR_FATAL, "the process was killed");
    if (!random_chance(&machine->random, machine->faults.full))
        return true;
    machine->figures->full++;
    return error_set(error, WEIR_RETRY, "%s: No space left on device", family->name);
}

static bool batch_write(struct rocks_family *family, struct weir_error *error)
{
    struct disk_machine *machine = family->rocks->machine;
    bool done = can_write(family, error);
    if (done)
        take_batch(family);
    clear_batch(family);
    if (done && random_chance(&machine->random, machine->faults.flush)) {
        machine->figures->flushes++;
        flush_family(family);
    }
    return done;
}

struct rocks_bulk {
    struct rocks_family *family;
    rocks_bulk_gather *gather;
    void *self;
};

static struct rocks_bulk *bulk_open(struct rocks_family *family, struct rocks_marks marks)
{
    struct rocks_bulk *bulk = memory_new(sizeof *bulk);
    bulk->family = family;
    batch_marks(family, marks);
    return bulk;
}

static void bulk_row(struct rocks_bulk *bulk, const struct store_row *row)
{
    batch_row(bulk->family, row);
}

/* All is done on one thread: when the bulk is closed, so that what is gathered has changed meanwhile. A crash before that is one
 * before it was taken in. */
static void bulk_finish(struct rocks_bulk *bulk, rocks_bulk_gather *gather, void *self)
{
    bulk->gather = gather;
    bulk->self = self;
}

static bool bulk_is_finished(struct rocks_bulk *bulk)
{
    (void)bulk;
    return true;
}

/* A file that is taken in is on the disk, and memory is flushed below it. */
static bool bulk_close(struct rocks_bulk *bulk, struct weir_error *error)
{
    struct rocks_family *family = bulk->family;
    if (bulk->gather)
        bulk->gather(bulk->self, bulk);
    bool done = can_write(family, error);
    if (done) {
        take_batch(family);
        flush_family(family);
    }
    clear_batch(family);
    memory_free(bulk);
    return done;
}

/* ---- databases ---- */

static struct disk_machine *machine_of(const char *directory)
{
    for (size_t i = 0; i < machine_count; i++) {
        size_t size = strlen(machines[i]->directory);
        if (strncmp(machines[i]->directory, directory, size) == 0 && directory[size] == '/')
            return machines[i];
    }
    return NULL;
}

static void empty_family(struct rocks_family *family)
{
    version_release(family->now);
    version_release(family->durable);
    family->now = version_new(0);
    family->durable = version_hold(family->now);
    family->unflushed = 0;
}

static struct rocks *find_database(struct disk_machine *machine, const char *directory)
{
    for (size_t i = 0; i < machine->count; i++)
        if (strcmp(machine->databases[i]->directory, directory) == 0)
            return machine->databases[i];
    struct rocks *rocks = memory_new(sizeof *rocks);
    rocks->machine = machine;
    rocks->directory = memory_text(directory);
    machine->databases =
        memory_grow(machine->databases, &machine->capacity, machine->count + 1, sizeof(struct rocks *));
    machine->databases[machine->count++] = rocks;
    return rocks;
}

/* Damage is found when the database is opened; its owner sets it aside and begins with an empty one. */
static struct rocks *open_database(const char *directory, size_t memtable_bytes, struct weir_error *error)
{
    (void)memtable_bytes;
    struct disk_machine *machine = machine_of(directory);
    if (!machine) { /* of the app that only looks on: a task of it would have begun */
        error_set(error, WEIR_INVALID, "a topology with global tables cannot be simulated");
        return NULL;
    }
    struct rocks *rocks = find_database(machine, directory);
    if (rocks->is_open) {
        error_set(error, WEIR_RETRY, "%s: held by another process", directory);
        return NULL;
    }
    if (rocks->count > 0 && random_chance(&machine->random, machine->faults.damage)) {
        machine->figures->damaged++;
        for (size_t i = 0; i < rocks->count; i++)
            empty_family(rocks->families[i]);
        error_set(error, WEIR_CORRUPT, "%s: damaged", directory);
        return NULL;
    }
    rocks->is_open = true;
    return rocks;
}

static void lose_unflushed(struct rocks_family *family)
{
    family->rocks->machine->figures->lost_batches += family->unflushed;
    family->unflushed = 0;
    version_release(family->now);
    family->now = version_hold(family->durable);
}

static bool close_database(struct rocks *rocks, bool flush, struct weir_error *error)
{
    (void)error;
    for (size_t i = 0; i < rocks->count; i++) {
        clear_batch(rocks->families[i]);
        if (flush && !rocks->machine->is_dead)
            flush_family(rocks->families[i]);
        else
            lose_unflushed(rocks->families[i]);
    }
    rocks->is_open = false;
    return true;
}

static struct rocks_family *family_open(struct rocks *rocks, const char *name, struct weir_error *error)
{
    (void)error;
    for (size_t i = 0; i < rocks->count; i++)
        if (strcmp(rocks->families[i]->name, name) == 0)
            return rocks->families[i];
    struct rocks_family *family = memory_new(sizeof *family);
    family->rocks = rocks;
    family->name = memory_text(name);
    family->now = version_new(0);
    family->durable = version_hold(family->now);
    rocks->families = memory_grow(rocks->families, &rocks->capacity, rocks->count + 1, sizeof(struct rocks_family *));
    rocks->families[rocks->count++] = family;
    return family;
}

static bool family_marks(struct rocks_family *family, struct rocks_marks *marks, struct weir_error *error)
{
    (void)error;
    *marks = family->now->marks;
    return true;
}

/* Expired rows stay: reads hide them. */
static void family_expire(struct rocks_family *family, struct expiry expiry, int64_t stream_time_ms)
{
    (void)family, (void)expiry, (void)stream_time_ms;
}

static bool family_is_empty(struct rocks_family *family)
{
    return family->now->count == 0;
}

static int64_t family_rows(struct rocks_family *family)
{
    return (int64_t)family->now->count;
}

/* Everything is in memory, which is not what is asked. */
static void family_read_seldom(struct rocks_family *family)
{
    (void)family;
}

static size_t family_memory(struct rocks_family *family)
{
    (void)family;
    return 0;
}

static bool get(struct rocks_family *family, weir_bytes key, weir_arena *arena, struct store_row *out,
                struct weir_error *error)
{
    (void)error;
    const struct version *now = family->now;
    size_t at = lower_bound(now, key);
    if (at == now->count || !bytes_equal(now->rows[at]->row.key, key))
        return false;
    const struct store_row *found = &now->rows[at]->row;
    *out = (struct store_row){arena_bytes(arena, found->key), arena_bytes(arena, found->value), found->timestamp_ms};
    return true;
}

/* ---- walks ---- */

struct rocks_walk {
    struct version *version;
    weir_bytes from, to;
    bool descending;
    size_t next; /* index of the next row; descending: behind it */
};

static struct rocks_walk *walk_open(struct rocks_family *family)
{
    struct rocks_walk *walk = memory_new(sizeof *walk);
    walk->version = version_hold(family->now);
    return walk;
}

struct rocks_snapshot {
    struct version *version;
};

static struct rocks_snapshot *snapshot_open(struct rocks_family *family)
{
    struct rocks_snapshot *snapshot = memory_new(sizeof *snapshot);
    snapshot->version = version_hold(family->now);
    return snapshot;
}

static void snapshot_close(struct rocks_snapshot *snapshot)
{
    if (!snapshot)
        return;
    version_release(snapshot->version);
    memory_free(snapshot);
}

static struct rocks_walk *walk_open_at(const struct rocks_snapshot *snapshot)
{
    struct rocks_walk *walk = memory_new(sizeof *walk);
    walk->version = version_hold(snapshot->version);
    return walk;
}

static void walk_close(struct rocks_walk *walk)
{
    if (!walk)
        return;
    version_release(walk->version);
    memory_free(walk);
}

static void walk_seek(struct rocks_walk *walk, weir_bytes from, weir_bytes to, bool descending)
{
    walk->from = from;
    walk->to = to;
    walk->descending = descending;
    if (descending)
        walk->next = to.data ? lower_bound(walk->version, to) : walk->version->count;
    else
        walk->next = from.data ? lower_bound(walk->version, from) : 0;
}

static bool walk_next(struct rocks_walk *walk, struct store_row *out, struct weir_error *error)
{
    (void)error;
    const struct version *version = walk->version;
    if (walk->descending ? walk->next == 0 : walk->next == version->count)
        return false;
    const struct store_row *row = &version->rows[walk->descending ? walk->next - 1 : walk->next]->row;
    if (walk->descending ? walk->from.data && bytes_compare(row->key, walk->from) < 0
                         : walk->to.data && bytes_compare(row->key, walk->to) >= 0)
        return false;
    walk->next += walk->descending ? (size_t)-1 : 1;
    *out = *row;
    return true;
}

const struct rocks_ops disk_ops = {
    .open = open_database,
    .close = close_database,
    .family_open = family_open,
    .family_marks = family_marks,
    .family_expire = family_expire,
    .family_is_empty = family_is_empty,
    .family_rows = family_rows,
    .family_memory = family_memory,
    .family_read_seldom = family_read_seldom,
    .get = get,
    .batch_row = batch_row,
    .batch_marks = batch_marks,
    .batch_bytes = batch_bytes,
    .batch_write = batch_write,
    .bulk_open = bulk_open,
    .bulk_row = bulk_row,
    .bulk_finish = bulk_finish,
    .bulk_is_finished = bulk_is_finished,
    .bulk_close = bulk_close,
    .snapshot_open = snapshot_open,
    .snapshot_close = snapshot_close,
    .walk_open = walk_open,
    .walk_open_at = walk_open_at,
    .walk_close = walk_close,
    .walk_seek = walk_seek,
    .walk_next = walk_next,
};

/* ---- machines ---- */

struct disk_machine *disk_machine_new(const char *directory, struct disk_faults faults, struct random random,
                                      struct disk_figures *figures)
{
    struct disk_machine *machine = memory_new(sizeof *machine);
    machine->directory = memory_text(directory);
    machine->faults = faults;
    machine->random = random;
    machine->figures = figures;
    machines = memory_grow(machines, &machine_capacity, machine_count + 1, sizeof(struct disk_machine *));
    machines[machine_count++] = machine;
    return machine;
}

static void free_family(struct rocks_family *family)
{
    clear_batch(family);
    version_release(family->now);
    version_release(family->durable);
    memory_free(family->batch);
    memory_free(family->name);
    memory_free(family);
}

static void free_database(struct rocks *rocks)
{
    for (size_t i = 0; i < rocks->count; i++)
        free_family(rocks->families[i]);
    memory_free(rocks->families);
    memory_free(rocks->directory);
    memory_free(rocks);
}

void disk_machine_free(struct disk_machine *machine)
{
    size_t kept = 0;
    for (size_t i = 0; i < machine_count; i++)
        if (machines[i] != machine)
            machines[kept++] = machines[i];
    machine_count = kept;
    for (size_t i = 0; i < machine->count; i++)
        free_database(machine->databases[i]);
    memory_free(machine->databases);
    memory_free(machine->directory);
    memory_free(machine);
    if (machine_count > 0)
        return;
    memory_free(machines);
    machines = NULL;
    machine_capacity = 0;
}

void disk_machine_faults(struct disk_machine *machine, struct disk_faults faults)
{
    machine->faults = faults;
}

void disk_machine_crash(struct disk_machine *machine)
{
    machine->is_dead = true;
}

void disk_machine_start(struct disk_machine *machine)
{
    machine->is_dead = false;
}

void disk_machine_wipe(struct disk_machine *machine)
{
    for (size_t i = 0; i < machine->count; i++)
        for (size_t f = 0; f < machine->databases[i]->count; f++)
            empty_family(machine->databases[i]->families[f]);
}

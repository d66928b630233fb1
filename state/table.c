/* table.c: see table.h.
 *
 * A row is one piece of memory: header, key, room for its first value. A value that outgrows the room moves to a piece
 * of its own. Invariant: every row is in slots and in rows; while is_ordered, every row is in the ordered index too.
 *
 * Growing moves no row at once, since nobody waits for hundreds of thousands: each row that is inserted moves a few others
 * from the former slots, so that they are empty long before the table grows again. A former slot that was left is marked, not
 * freed, so that probes go on behind it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "state/table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/pages.h"
#include "state/sort.h"

enum {
    SLOTS_MIN = 64,
    SPARSE = 16,
    WALK_MAX = 64,        /* rows of a list that are walked before the ordered index is asked for */
    MOVED_PER_INSERT = 8, /* former slots; four would do */
    MOVED_ON = 4096,      /* at once */
};

struct table_slot {
    uint64_t hash;
    struct table_row *row; /* NULL: free */
};

/* Stands in a former slot whose row is gone; no key is so long. */
static struct table_row left = {.key_size = UINT32_MAX};

static bool is_taken(const struct table_slot *slot)
{
    return slot->row && slot->row != &left;
}

static bool are_in_pages(size_t bytes)
{
    return bytes >= PAGES_UNIT;
}

static struct table_slots slots_new(size_t count)
{
    const size_t bytes = count * sizeof(struct table_slot);
    struct table_slot *items = are_in_pages(bytes) ? pages_new(bytes) : memory_new(bytes);
    return (struct table_slots){items, count - 1};
}

static void slots_done(struct table_slots *slots)
{
    const size_t bytes = slots->items ? (slots->mask + 1) * sizeof *slots->items : 0;
    if (are_in_pages(bytes))
        pages_give(slots->items, bytes);
    else
        free(slots->items);
    *slots = (struct table_slots){0};
}

static void forget_former(struct table *table)
{
    slots_done(&table->former);
    table->moved = 0;
}

void table_init(struct table *table)
{
    memset(table, 0, sizeof *table);
    slab_init(&table->slab);
    order_init(&table->order);
    table->slots = slots_new(SLOTS_MIN);
}

void table_done(struct table *table)
{
    slab_done(&table->slab);
    slots_done(&table->slots);
    slots_done(&table->former);
    free(table->rows);
    free(table->versioned);
    memset(table, 0, sizeof *table);
}

/* A commit of few rows must not pay for the largest there ever was: then the table starts small again. */
void table_clear(struct table *table)
{
    size_t slots = table->slots.mask + 1;
    if (slots > SLOTS_MIN && table->used < slots / SPARSE) {
        slots_done(&table->slots);
        table->slots = slots_new(slots / 2);
    } else {
        memset(table->slots.items, 0, slots * sizeof *table->slots.items);
    }
    forget_former(table);
    slab_clear(&table->slab);
    order_init(&table->order);
    table->count = table->used = 0;
    table->versioned_count = 0;
    table->is_ordered = table_keeps_order(table);
    table->is_order_used = false;
}

void table_group(struct table *table, size_t tail_bytes)
{
    assert(table->count == 0);
    table->tail_bytes = tail_bytes;
}

/* ---- groups ---- */

struct bound {
    weir_bytes group, tail; /* tail: where in the group; may be of any size */
};

static struct bound bound_at(weir_bytes bytes, size_t group_size)
{
    assert(bytes.size >= group_size);
    return (struct bound){{bytes.data, group_size}, {(const char *)bytes.data + group_size, bytes.size - group_size}};
}

static struct bound bound_of_key(const struct table *table, weir_bytes key)
{
    assert(key.size >= table->tail_bytes);
    return bound_at(key, key.size - table->tail_bytes);
}

static inline struct table_slot *probe(struct table_slots slots, weir_bytes group, size_t key_size, uint64_t hash)
{
    for (size_t i = hash & slots.mask;; i = (i + 1) & slots.mask) {
        struct table_slot *slot = &slots.items[i];
        if (!slot->row)
            return NULL;
        if (slot->hash == hash && slot->row->key_size == key_size &&
            memcmp(slot->row->key, group.data, group.size) == 0)
            return slot;
    }
}

/* Of the newest row of the group; NULL: there is none. */
static struct table_slot *find_slot(const struct table *table, weir_bytes group, uint64_t hash)
{
    size_t key_size = group.size + table->tail_bytes;
    struct table_slot *slot = probe(table->slots, group, key_size, hash);
    return slot || !table->former.items ? slot : probe(table->former, group, key_size, hash);
}

struct place {                       /* in a list: between two rows */
    struct table_row *older, *newer; /* older < bound <= newer */
};

static bool is_before(const struct table *table, const struct table_row *row, const struct bound *bound)
{
    weir_bytes tail = {row->key + bound->group.size, table->tail_bytes};
    return bytes_compare(tail, bound->tail) < 0;
}

/* Some row of the group is not before the bound, which is what both lie one behind the other for. */
static struct place place_by_order(const struct table *table, const struct bound *bound)
{
    weir_bytes bytes = {bound->group.data, bound->group.size + bound->tail.size};
    struct table_row *newer = order_seek(&table->order, bytes);
    return (struct place){.older = table_links(newer)->older, .newer = newer};
}

static struct place find_place(struct table *table, struct table_row *newest, const struct bound *bound)
{
    struct place place = {.older = newest};
    for (int steps = 0; place.older && !is_before(table, place.older, bound); steps++) {
        if (steps == WALK_MAX && table->is_ordered) {
            table->is_order_used = true;
            return place_by_order(table, bound);
        }
        if (steps == WALK_MAX)
            table->wants_order = true;
        place.newer = place.older;
        place.older = table_links(place.older)->older;
    }
    return place;
}

struct table_row *table_group_seek(struct table *table, weir_bytes bytes, size_t group_size, bool before)
{
    const struct bound bound = bound_at(bytes, group_size);
    const struct table_slot *slot = find_slot(table, bound.group, hash_table(bound.group));
    if (!slot)
        return NULL;
    struct place place = find_place(table, slot->row, &bound);
    return before ? place.older : place.newer;
}

static struct table_row *find_in_group(struct table *table, struct table_row *newest, weir_bytes key)
{
    const struct bound bound = bound_of_key(table, key);
    struct table_row *row = find_place(table, newest, &bound).newer;
    return row && bytes_equal(table_key(row), key) ? row : NULL;
}

struct table_row *table_find(struct table *table, weir_bytes key, uint64_t hash)
{
    const struct table_slot *slot = find_slot(table, bound_of_key(table, key).group, hash);
    if (!slot)
        return NULL;
    return table->tail_bytes ? find_in_group(table, slot->row, key) : slot->row;
}

void table_fetch_slot(const struct table *table, uint64_t hash)
{
    __builtin_prefetch(&table->slots.items[hash & table->slots.mask]);
}

void table_fetch_row(const struct table *table, uint64_t hash)
{
    const struct table_slots *slots = &table->slots;
    for (size_t i = hash & slots->mask; slots->items[i].row; i = (i + 1) & slots->mask)
        if (slots->items[i].hash == hash) {
            table_fetch(slots->items[i].row);
            return;
        }
}

static void take_slot(struct table_slots slots, uint64_t hash, struct table_row *row)
{
    size_t i = hash & slots.mask;
    while (slots.items[i].row)
        i = (i + 1) & slots.mask;
    slots.items[i] = (struct table_slot){hash, row};
}

static void move(struct table *table, size_t count)
{
    for (; count > 0 && table->former.items; count--) {
        struct table_slot *slot = &table->former.items[table->moved];
        if (is_taken(slot)) {
            take_slot(table->slots, slot->hash, slot->row);
            slot->row = &left;
        }
        if (table->moved++ == table->former.mask)
            forget_former(table);
    }
}

void table_move_on(struct table *table)
{
    move(table, MOVED_ON);
}

static void grow_slots(struct table *table)
{
    assert(!table->former.items);
    table->former = table->slots;
    table->slots = slots_new((table->former.mask + 1) * 2);
}

static size_t value_offset(size_t key_size)
{
    return (key_size + 7) & ~(size_t)7;
}

/* What lies in front of a row, in the same piece of memory. */
static size_t front(const struct table *table)
{
    return table->tail_bytes ? sizeof(struct table_links) : 0;
}

static struct table_row *row_new(struct table *table, weir_bytes key, size_t value_size)
{
    assert(key.data && key.size < UINT32_MAX / 2 && value_size < UINT32_MAX / 2);
    size_t size = slab_round(front(table) + sizeof(struct table_row) + value_offset(key.size) + value_size);
    struct table_row *row = (void *)((char *)slab_take(&table->slab, size) + front(table));
    memset(row, 0, sizeof *row);
    row->size = (uint32_t)(size - front(table));
    row->key_size = (uint32_t)key.size;
    if (key.size)
        memcpy(row->key, key.data, key.size);
    return row;
}

static void give_row(struct table *table, struct table_row *row)
{
    slab_give(&table->slab, (char *)row - front(table), row->size + front(table));
}

static void join_group(struct table *table, struct table_slot *slot, struct table_row *row)
{
    const struct bound bound = bound_of_key(table, table_key(row));
    struct place place = find_place(table, slot->row, &bound);
    *table_links(row) = (struct table_links){place.older, place.newer};
    if (place.older)
        table_links(place.older)->newer = row;
    if (place.newer)
        table_links(place.newer)->older = row;
    else
        slot->row = row;
}

/* At the slot of its group, or at one of its own. */
static void enter(struct table *table, struct table_row *row, uint64_t hash)
{
    struct table_slot *slot = NULL;
    if (table->tail_bytes) {
        slot = find_slot(table, bound_of_key(table, table_key(row)).group, hash);
        *table_links(row) = (struct table_links){NULL, NULL};
    }
    if (slot) {
        join_group(table, slot, row);
        return;
    }
    if ((table->used + 1) * 2 > table->slots.mask + 1)
        grow_slots(table);
    move(table, MOVED_PER_INSERT);
    take_slot(table->slots, hash, row);
    table->used++;
}

struct table_row *table_insert(struct table *table, weir_bytes key, uint64_t hash, size_t value_size)
{
    struct table_row *row = row_new(table, key, value_size);
    enter(table, row, hash);
    if (table->wants_order)
        table_make_ordered(table);
    assert(table->count < UINT32_MAX);
    row->at = (uint32_t)table->count;
    table->rows = memory_grow(table->rows, &table->capacity, table->count + 1, sizeof(struct table_row *));
    table->rows[table->count++] = row;
    if (table->is_ordered)
        order_insert(&table->order, &table->slab, row);
    return row;
}

static char *first_room(struct table_row *row)
{
    return row->key + value_offset(row->key_size);
}

static uint32_t first_room_size(const struct table_row *row)
{
    return row->size - (uint32_t)(sizeof *row + value_offset(row->key_size));
}

static void give_value(struct table *table, struct table_row *row, const struct table_version *version)
{
    if (version->value && version->value != first_room(row))
        slab_give(&table->slab, version->value, version->capacity);
}

/* Is the room behind the key taken by a version? */
static bool first_room_taken(struct table_row *row)
{
    for (const struct table_version *version = &row->last; version; version = version->older)
        if (version->value == first_room(row))
            return true;
    return false;
}

static void room_for_value(struct table *table, struct table_row *row, size_t size)
{
    assert(size < UINT32_MAX / 2);
    struct table_version *last = &row->last;
    if (size <= first_room_size(row) && !first_room_taken(row)) {
        last->value = first_room(row);
        last->capacity = first_room_size(row);
    } else {
        last->capacity = (uint32_t)slab_round(size);
        last->value = slab_take(&table->slab, last->capacity);
    }
}

void table_write(struct table *table, struct table_row *row, weir_bytes value, int64_t timestamp_ms)
{
    struct table_version *last = &row->last, before = *last;
    last->timestamp_ms = timestamp_ms;
    last->size = (uint32_t)value.size;
    if (before.value && value.data && value.size <= before.capacity) {
        if (value.size)
            memmove(before.value, value.data, value.size);
        return;
    }
    last->value = NULL;
    if (value.data) {
        /* The value may lie in the room that is free now, or in the piece that is given back below. */
        room_for_value(table, row, value.size);
        if (value.size)
            memmove(last->value, value.data, value.size);
    }
    give_value(table, row, &before);
}

static void give_version(struct table *table, struct table_row *row, struct table_version *version)
{
    give_value(table, row, version);
    slab_give(&table->slab, version, slab_round(sizeof *version));
}

/* Versions behind the first one that the oldest open walk sees serve nobody. */
static void prune_versions(struct table *table, struct table_row *row, uint64_t oldest)
{
    struct table_version *version = &row->last;
    while (version && version->commit > oldest)
        version = version->older;
    if (!version)
        return;
    struct table_version *dead = version->older;
    version->older = NULL;
    while (dead) {
        struct table_version *next = dead->older;
        give_version(table, row, dead);
        dead = next;
    }
}

static void push_version(struct table *table, struct table_row *row)
{
    struct table_version *older = slab_take(&table->slab, slab_round(sizeof *older));
    *older = row->last;
    row->last.older = older;
    row->last.value = NULL;
    if (row->is_versioned)
        return;
    row->is_versioned = true;
    table->versioned = memory_grow(table->versioned, &table->versioned_capacity, table->versioned_count + 1,
                                   sizeof(struct table_row *));
    table->versioned[table->versioned_count++] = row;
}

void table_write_commit(struct table *table, struct table_row *row, const struct store_row *from, uint64_t commit,
                        struct table_walks walks)
{
    /* commit 0: just inserted, nothing to keep. */
    bool is_seen = walks.is_open && row->last.commit > 0 && row->last.commit <= walks.newest;
    if (is_seen)
        push_version(table, row);
    table_write(table, row, from->value, from->timestamp_ms);
    row->last.commit = commit;
    if (is_seen)
        prune_versions(table, row, walks.oldest);
}

void table_forget_versions(struct table *table)
{
    for (size_t i = 0; i < table->versioned_count; i++) {
        struct table_row *row = table->versioned[i];
        prune_versions(table, row, UINT64_MAX);
        row->is_versioned = false;
    }
    table->versioned_count = 0;
}

/* Closes the gap, so that no probe ends before its row (Knuth, volume 3, algorithm 6.4R). */
static void close_gap(struct table_slots slots, size_t gap)
{
    for (size_t i = (gap + 1) & slots.mask; slots.items[i].row; i = (i + 1) & slots.mask) {
        size_t home = slots.items[i].hash & slots.mask;
        if (((i - home) & slots.mask) < ((i - gap) & slots.mask))
            continue;
        slots.items[gap] = slots.items[i];
        gap = i;
    }
    slots.items[gap].row = NULL;
}

static void free_slot(struct table *table, struct table_slot *slot)
{
    const struct table_slots *former = &table->former;
    if (former->items && slot >= former->items && slot <= former->items + former->mask)
        slot->row = &left;
    else
        close_gap(table->slots, (size_t)(slot - table->slots.items));
}

/* False: the group has no other row, and its slot is to be freed. */
static bool leave_group(struct table_slot *slot, struct table_row *row)
{
    const struct table_links links = *table_links(row);
    if (links.older)
        table_links(links.older)->newer = links.newer;
    if (links.newer)
        table_links(links.newer)->older = links.older;
    else
        slot->row = links.older;
    return slot->row != NULL;
}

static void leave(struct table *table, struct table_row *row)
{
    struct table_slot *slot =
        find_slot(table, bound_of_key(table, table_key(row)).group, table_hash(table, table_key(row)));
    assert(slot);
    if (table->tail_bytes && leave_group(slot, row))
        return;
    free_slot(table, slot);
    table->used--;
}

void table_remove(struct table *table, struct table_row *row)
{
    assert(!row->is_versioned && !row->last.older);
    leave(table, row);
    struct table_row *moved = table->rows[--table->count];
    table->rows[row->at] = moved;
    moved->at = row->at;
    order_remove(&table->order, &table->slab, row);
    give_value(table, row, &row->last);
    give_row(table, row);
}

static weir_bytes key_of(const void *item)
{
    return table_key(item);
}

void table_sort(struct table_row **rows, size_t count)
{
    sort_by_key((void **)rows, count, key_of);
}

static struct table_row **rows_of(const struct table *table, bool dirty_only, size_t *count)
{
    struct table_row **rows = memory_resize(NULL, (table->count + 1) * sizeof(struct table_row *));
    *count = 0;
    for (size_t i = 0; i < table->count; i++)
        if (!dirty_only || table->rows[i]->is_dirty)
            rows[(*count)++] = table->rows[i];
    return rows;
}

void table_make_ordered(struct table *table)
{
    table->wants_order = false;
    table->is_order_used = true;
    if (table->is_ordered)
        return;
    size_t count;
    struct table_row **rows = rows_of(table, false, &count);
    table_sort(rows, count);
    for (size_t i = 0; i < count; i++)
        order_insert(&table->order, &table->slab, rows[i]);
    free(rows);
    table->is_ordered = true;
}

struct table_row **table_dirty(const struct table *table, size_t *count)
{
    return rows_of(table, true, count);
}

static void visit_groups(struct table_slots slots, void (*visit)(void *self, uint64_t hash), void *self)
{
    for (size_t i = 0; slots.items && i <= slots.mask; i++)
        if (is_taken(&slots.items[i]))
            visit(self, slots.items[i].hash);
}

void table_each_group(const struct table *table, void (*visit)(void *self, uint64_t hash), void *self)
{
    visit_groups(table->slots, visit, self);
    visit_groups(table->former, visit, self);
}

static size_t slots_bytes(struct table_slots slots)
{
    return slots.items ? (slots.mask + 1) * sizeof *slots.items : 0;
}

size_t table_bytes(const struct table *table)
{
    return slab_bytes(&table->slab) + slots_bytes(table->slots) + slots_bytes(table->former) +
           (table->capacity + table->versioned_capacity) * sizeof(struct table_row *);
}

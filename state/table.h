/* table.h: rows in memory: a hash table for single keys and, from the first scan on, an ordered index.
 *
 * A grouped table finds all rows whose keys differ in their last bytes only (the windows, sessions or join records of one
 * key) at one slot, as a list in order of key: reading a few of them needs no ordered index, and adding one behind the
 * others, which is what time does, costs nothing. A search that went far along a list wants the ordered index; whoever
 * may change the table makes it.
 *
 * Both levels of a store are tables: the overlay, cleared at each commit, and the committed level, whose rows may keep
 * older versions for walks that are open. Rows stay where they are until they are removed or the table is cleared.
 * Not thread-safe; state/committed.h adds what concurrent readers need. */
#ifndef WEIR_STATE_TABLE_H
#define WEIR_STATE_TABLE_H
#include <stdatomic.h>

#include "base/hash.h"
#include "state/order.h"
#include "state/slab.h"
#include "state/store.h"

enum { TABLE_CACHE_LINE = 64, TABLE_FETCHED_BYTES = 4 * TABLE_CACHE_LINE };

struct table_version {
    struct table_version *older; /* what walks opened before `commit` see; NULL: nobody needs it */
    union {
        uint64_t commit;         /* committed: number of the publish that wrote it */
        struct table_row *below; /* overlay: the committed row of the same key, where a get has met it */
    };
    int64_t timestamp_ms;
    char *value;             /* NULL: deleted */
    uint32_t size, capacity; /* of value */
};

struct table_row {
    struct order_node *node; /* its place in the ordered index; NULL: not in it */
    struct table_version last;
    uint32_t at;             /* index in table.rows */
    uint32_t key_size, size; /* size: of the piece of memory that holds the row, without its links */
    bool is_dirty;           /* committed: RocksDB does not have it yet */
    bool is_new;             /* known to be absent from the levels below when it was first written */
    bool is_versioned;       /* listed in table.versioned */
    bool is_private;         /* overlay: no other level has it, and nobody was told of it */
    _Alignas(8) char key[];  /* then, at a multiple of 8, room for the first value */
};

struct table_slot;
struct table_slots { /* open addressing, linear probing, at most half full */
    struct table_slot *items;
    size_t mask; /* their count - 1 */
};

struct table {
    struct slab slab;
    struct table_slots slots;
    struct table_slots former; /* before the table grew; items NULL: all rows have moved */
    size_t moved;              /* of the former slots */
    size_t used;               /* slots that are not free, of both */
    size_t tail_bytes;         /* of a key, behind what names its group; 0: every row is a group of its own */
    struct table_row **rows;   /* in order of insertion as long as nothing is removed */
    size_t count, capacity;
    struct order order;
    _Atomic bool is_ordered;      /* the index is kept; also when the table is cleared, if it was used */
    _Atomic bool is_order_used;   /* since the table was empty */
    _Atomic bool wants_order;     /* a search went far without it */
    struct table_row **versioned; /* rows that have older versions */
    size_t versioned_count, versioned_capacity;
};

/* Which commits open walks look at; is_open false: there are none. */
struct table_walks {
    bool is_open;
    uint64_t oldest, newest;
};

void table_init(struct table *);
/* Before the first row: every key has more than tail_bytes, and equal sizes within a group. */
void table_group(struct table *, size_t tail_bytes);
void table_done(struct table *);
void table_clear(struct table *);
struct table_row *table_find(struct table *, weir_bytes key, uint64_t hash); /* NULL: absent */
/* Into the processor's cache: the slot of a hash; and the row that has it. */
void table_fetch_slot(const struct table *, uint64_t hash);
void table_fetch_row(const struct table *, uint64_t hash);
/* A row, as far as most reach: its header, its key, and a hundred bytes of its value. */
static inline void table_fetch(const struct table_row *row)
{
    for (size_t at = 0; at < TABLE_FETCHED_BYTES; at += TABLE_CACHE_LINE)
        __builtin_prefetch((const char *)row + at);
}
/* The key must be absent. The row is deleted until table_write; value_size is how much room to keep for its value. */
struct table_row *table_insert(struct table *, weir_bytes key, uint64_t hash, size_t value_size);
/* Of the group that the first group_size bytes of the bound name: the first row >= bound, the last one < bound (before);
 * NULL: there is none. */
struct table_row *table_group_seek(struct table *, weir_bytes bound, size_t group_size, bool before);
/* Replaces the value, in place where it fits. The value may lie in the row itself. */
void table_write(struct table *, struct table_row *, weir_bytes value, int64_t timestamp_ms);
/* As table_write, but keeps the version before where an open walk needs it. */
void table_write_commit(struct table *, struct table_row *, const struct store_row *, uint64_t commit,
                        struct table_walks);
/* Goes on with the move to larger slots, which otherwise takes place as rows are inserted. */
void table_move_on(struct table *);
void table_forget_versions(struct table *); /* all older ones; no walk may be open */
void table_remove(struct table *, struct table_row *);
void table_make_ordered(struct table *);
/* Dirty rows in order of insertion; the array is the caller's to free. */
struct table_row **table_dirty(const struct table *, size_t *count);
void table_sort(struct table_row **rows, size_t count); /* by key */
size_t table_bytes(const struct table *);               /* memory held */
/* The hash of each group, once. */
void table_each_group(const struct table *, void (*visit)(void *self, uint64_t hash), void *self);

/* The version a walk at `commit` sees; NULL: the row was not here then. */
static inline const struct table_version *table_version_at(const struct table_row *row, uint64_t commit)
{
    const struct table_version *version = &row->last;
    while (version && version->commit > commit)
        version = version->older;
    return version;
}

struct table_links { /* of a row in a grouped table, in front of it */
    struct table_row *older, *newer;
};

static inline struct table_links *table_links(struct table_row *row)
{
    return (struct table_links *)row - 1;
}

/* An index that nobody used is not made for the rows that follow. */
static inline bool table_keeps_order(const struct table *table)
{
    return table->is_ordered && table->is_order_used;
}

/* What slots are found by. */
static inline uint64_t table_hash(const struct table *table, weir_bytes key)
{
    return hash_table((weir_bytes){key.data, key.size - table->tail_bytes});
}

static inline weir_bytes table_key(const struct table_row *row)
{
    return (weir_bytes){row->key, row->key_size};
}

static inline struct store_row table_row_at(const struct table_row *row, const struct table_version *version)
{
    return (struct store_row){table_key(row), {version->value, version->size}, version->timestamp_ms};
}
#endif

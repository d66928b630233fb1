/* known.c: see known.h. Lists that only grow at their heads, in buckets: a reader follows pointers, a writer takes the lock.
 * SPDX-License-Identifier: Apache-2.0 */
#include "schemas/known.h"

#include <pthread.h>
#include <stdatomic.h>

enum { BUCKETS = 256 };

struct known_schema {
    struct known_schema *next;
    uint64_t fingerprint;
    const struct schema *schema;
};

struct known_resolution {
    struct known_resolution *next;
    const struct schema *schema;
    const struct weir_type *type;
    uint64_t fingerprint; /* of the type: another plugin may have one at the same address */
    const struct resolution *resolution;
};

static struct {
    pthread_mutex_t lock;
    weir_arena arena;
    _Atomic(struct known_schema *) schemas[BUCKETS];
    _Atomic(struct known_resolution *) resolutions[BUCKETS];
} known = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* ---- schemas ---- */

static _Atomic(struct known_schema *) *schema_bucket(uint64_t fingerprint)
{
    return &known.schemas[fingerprint % BUCKETS];
}

const struct schema *known_schema(uint64_t fingerprint)
{
    const struct known_schema *at = atomic_load_explicit(schema_bucket(fingerprint), memory_order_acquire);
    while (at && at->fingerprint != fingerprint)
        at = at->next;
    return at ? at->schema : NULL;
}

/* Of a text that cannot be read nothing may stay, so it is tried in an arena of its own first. */
static bool is_readable(weir_bytes text, struct weir_error *error)
{
    weir_arena arena;
    arena_init(&arena);
    bool ok = schema_read(text, &arena, error) != NULL;
    arena_done(&arena);
    return ok;
}

const struct schema *known_read(weir_bytes text, struct weir_error *error)
{
    if (!is_readable(text, error))
        return NULL;
    pthread_mutex_lock(&known.lock);
    const struct schema *schema = schema_read(text, &known.arena, error);
    pthread_mutex_unlock(&known.lock);
    return schema;
}

bool known_add(uint64_t fingerprint, weir_bytes text, struct weir_error *error)
{
    const struct schema *schema = known_schema(fingerprint) ? NULL : known_read(text, error);
    if (!schema)
        return known_schema(fingerprint) != NULL;
    pthread_mutex_lock(&known.lock);
    _Atomic(struct known_schema *) *bucket = schema_bucket(fingerprint);
    struct known_schema *item = arena_alloc(&known.arena, sizeof *item);
    *item = (struct known_schema){atomic_load(bucket), fingerprint, schema};
    if (!known_schema(fingerprint))
        atomic_store_explicit(bucket, item, memory_order_release);
    pthread_mutex_unlock(&known.lock);
    return true;
}

/* ---- resolutions ---- */

static _Atomic(struct known_resolution *) *resolution_bucket(const struct schema *schema, const struct weir_type *type)
{
    uintptr_t mixed = (uintptr_t)schema / sizeof(void *) * 31 + (uintptr_t)type / sizeof(void *);
    return &known.resolutions[mixed % BUCKETS];
}

static const struct resolution *find_resolution(const struct schema *schema, const struct weir_type *type)
{
    const struct known_resolution *at = atomic_load_explicit(resolution_bucket(schema, type), memory_order_acquire);
    while (at && (at->schema != schema || at->type != type || at->fingerprint != type->fingerprint))
        at = at->next;
    return at ? at->resolution : NULL;
}

static const struct resolution *make_resolution(const struct schema *schema, const struct weir_type *type)
{
    const struct resolution *found = find_resolution(schema, type); /* somebody else was faster */
    if (found)
        return found;
    _Atomic(struct known_resolution *) *bucket = resolution_bucket(schema, type);
    struct known_resolution *item = arena_alloc(&known.arena, sizeof *item);
    *item = (struct known_resolution){atomic_load(bucket), schema, type, type->fingerprint,
                                      resolution_new(schema, type, &known.arena)};
    atomic_store_explicit(bucket, item, memory_order_release);
    return item->resolution;
}

const struct resolution *known_resolution(const struct schema *schema, const struct weir_type *type)
{
    const struct resolution *resolution = find_resolution(schema, type);
    if (resolution)
        return resolution;
    pthread_mutex_lock(&known.lock);
    resolution = make_resolution(schema, type);
    pthread_mutex_unlock(&known.lock);
    return resolution;
}

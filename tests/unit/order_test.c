/* order_test.c: rows come and go in any order of keys of any kind, and the index has them as a sorted list would.
 * SPDX-License-Identifier: Apache-2.0 */
#include "state/order.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/random.h"
#include "state/table.h"

enum { KEY_MAX = 48, ROWS_MAX = 6000 };

struct shape {
    const char *name;
    size_t (*write)(struct random *, uint64_t number, char *key); /* returns the size */
};

static size_t write_growing(struct random *random, uint64_t number, char *key)
{
    (void)random;
    return (size_t)snprintf(key, KEY_MAX, "customer-%08llu", (unsigned long long)number);
}

static size_t write_falling(struct random *random, uint64_t number, char *key)
{
    return write_growing(random, 99999999 - number, key);
}

static size_t write_scattered(struct random *random, uint64_t number, char *key)
{
    (void)number;
    return write_growing(random, random_below(random, 100000000), key);
}

/* As the registrations of a foreign-key join: a length, the foreign key, the key. */
static size_t write_registration(struct random *random, uint64_t number, char *key)
{
    char foreign[24];
    int size = snprintf(foreign, sizeof foreign, "product-%llu", (unsigned long long)random_below(random, 200));
    bytes_put_u32(key, (uint32_t)size);
    return 4 + (size_t)snprintf(key + 4, KEY_MAX - 4, "%s%llu", foreign, (unsigned long long)number);
}

/* Of two different bytes, so that many keys begin with others; the empty one is among them. */
static size_t write_bits(struct random *random, uint64_t number, char *key)
{
    (void)number;
    size_t size = (size_t)random_below(random, 18);
    for (size_t i = 0; i < size; i++)
        key[i] = (char)(random_below(random, 2) * 255);
    return size;
}

/* A few long beginnings, with zeros where they end. */
static size_t write_nested(struct random *random, uint64_t number, char *key)
{
    size_t size = (size_t)random_below(random, KEY_MAX);
    memset(key, 0, KEY_MAX);
    memset(key, 'a' + (int)random_below(random, 3), size);
    if (size > 0)
        key[size - 1] = (char)number;
    return size;
}

static const struct shape shapes[] = {{"growing", write_growing},     {"falling", write_falling},
                                      {"scattered", write_scattered}, {"registration", write_registration},
                                      {"bits", write_bits},           {"nested", write_nested}};

struct model {
    struct table table;
    struct table_row *rows[ROWS_MAX]; /* sorted */
    size_t count;
};

static size_t model_before(const struct model *model, weir_bytes key)
{
    size_t low = 0, high = model->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (bytes_compare(table_key(model->rows[middle]), key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct table_row *model_row(const struct model *model, size_t at)
{
    return at < model->count ? model->rows[at] : NULL; /* also for the one before the first */
}

static void add(struct model *model, weir_bytes key)
{
    size_t at = model_before(model, key);
    struct table_row *there = model_row(model, at);
    if (model->count == ROWS_MAX || (there && bytes_equal(table_key(there), key)))
        return;
    memmove(model->rows + at + 1, model->rows + at, (model->count - at) * sizeof model->rows[0]);
    model->rows[at] = table_insert(&model->table, key, table_hash(&model->table, key), 0);
    model->count++;
}

static void take(struct model *model, size_t at)
{
    table_remove(&model->table, model->rows[at]);
    model->count--;
    memmove(model->rows + at, model->rows + at + 1, (model->count - at) * sizeof model->rows[0]);
}

/* A row here and there, or all from one on: what ages goes in runs. */
static void take_some(struct model *model, struct random *random)
{
    size_t at = (size_t)random_below(random, model->count);
    size_t run = random_chance(random, 20000) ? 1 + (size_t)random_below(random, model->count) : 1;
    while (run-- > 0 && at < model->count)
        take(model, at);
}

static void check_search(const struct model *model, weir_bytes key, const char *shape)
{
    size_t at = model_before(model, key);
    cr_assert_eq(order_seek(&model->table.order, key), model_row(model, at), "%s", shape);
    cr_assert_eq(order_before(&model->table.order, key), model_row(model, at - 1), "%s", shape);
}

static void check_all(const struct model *model, const char *shape)
{
    const struct order *order = &model->table.order;
    cr_assert_eq(order_first(order), model_row(model, 0), "%s", shape);
    cr_assert_eq(order_last(order), model_row(model, model->count - 1), "%s", shape);
    for (size_t i = 0; i < model->count; i++) {
        cr_assert_eq(order_next(model->rows[i]), model_row(model, i + 1), "%s", shape);
        cr_assert_eq(order_previous(model->rows[i]), model_row(model, i - 1), "%s", shape);
        check_search(model, table_key(model->rows[i]), shape);
    }
}

static void play(const struct shape *shape, uint64_t seed)
{
    static struct model model;
    struct random random = {seed};
    char key[KEY_MAX + 1];
    memset(&model, 0, sizeof model);
    table_init(&model.table);
    table_make_ordered(&model.table);
    for (uint64_t turn = 0; turn < 12000; turn++) {
        bool grows = turn / 3000 % 2 == 0;
        size_t size = shape->write(&random, turn, key);
        if (model.count == 0 || random_chance(&random, grows ? 800000 : 300000))
            add(&model, (weir_bytes){key, size});
        else
            take_some(&model, &random);
        size = shape->write(&random, random_below(&random, turn + 1), key);
        check_search(&model, (weir_bytes){key, size}, shape->name);
        if (turn % 1000 == 999)
            check_all(&model, shape->name);
    }
    while (model.count > 0)
        take(&model, (size_t)random_below(&random, model.count));
    check_all(&model, shape->name);
    cr_assert_eq(model.table.slab.used, 0, "%s: nodes and their bounds are given back", shape->name);
    table_done(&model.table);
}

Test(order, is_that_of_a_sorted_list)
{
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        for (uint64_t seed = 1; seed <= 5; seed++)
            play(&shapes[i], seed);
}

Test(order, rows_of_a_range_are_found_from_both_ends)
{
    struct table table;
    table_init(&table);
    table_make_ordered(&table);
    char key[KEY_MAX];
    for (uint64_t i = 0; i < 50000; i++) {
        size_t size = write_growing(NULL, i * 7919 % 50000, key);
        table_insert(&table, (weir_bytes){key, size}, table_hash(&table, (weir_bytes){key, size}), 0);
    }
    size_t size = write_growing(NULL, 12345, key);
    struct table_row *row = order_seek(&table.order, (weir_bytes){key, size});
    for (uint64_t i = 12345; i < 50000; i++, row = order_next(row)) {
        size = write_growing(NULL, i, key);
        cr_assert(bytes_equal(table_key(row), (weir_bytes){key, size}));
    }
    cr_assert_null(row);
    size = write_growing(NULL, 12345, key);
    row = order_before(&table.order, (weir_bytes){key, size});
    for (uint64_t i = 12345; i-- > 0; row = order_previous(row)) {
        size = write_growing(NULL, i, key);
        cr_assert(bytes_equal(table_key(row), (weir_bytes){key, size}));
    }
    cr_assert_null(row);
    table_done(&table);
}

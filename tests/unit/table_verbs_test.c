/* The verbs of tables: which changes leave, which deletions are in vain, and where a row is found that nobody keeps. */
#include "operators_engine.h"

static bool is_short(weir_context *context, const struct weir_record *row)
{
    (void)context;
    return ((const weir_bytes *)row->value)->size == 1;
}

static const void *size_of(weir_context *context, const struct weir_record *row)
{
    int64_t *size = weir_alloc(context, sizeof *size);
    *size = (int64_t)((const weir_bytes *)row->value)->size;
    return size;
}

static const void *second(weir_context *context, const struct weir_record *left, const struct weir_record *right)
{
    (void)context, (void)left;
    return right ? right->value : NULL;
}

static const void *first(weir_context *context, const struct weir_record *left, const struct weir_record *right)
{
    (void)context, (void)right;
    return left ? left->value : NULL;
}

static void show_change(weir_context *context, const struct weir_record *record)
{
    struct buffer *seen = weir_user(context);
    const weir_bytes *old = record->old_value, *new = record->value;
    buffer_format(seen, "%.*s>%.*s ", old ? (int)old->size : 1, old ? (const char *)old->data : "-",
                  new ? (int)new->size : 1, new ? (const char *)new->data : "-");
}

static void expect_seen(struct buffer *seen, const char *text)
{
    buffer_byte(seen, 0);
    cr_expect_str_eq(seen->data, text);
    buffer_done(seen);
}

static weir_table *table(weir_topology *t, const char *topic, const char *store)
{
    return weir_table_from(t, topic, store, &weir_str_type, &weir_str_type);
}

static weir_stream *texts(weir_topology *t, const char *topic)
{
    return weir_from(t, topic, &weir_str_type, &weir_str_type);
}

/* ---- filter ---- */

Test(table_verbs, a_filter_of_a_table_that_keeps_no_rows_sends_every_deletion)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_changes(weir_filter(table(t, "in", NULL), is_short)), "out");
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "22", 10);
    put(engine, "in", "a", "1", 20);
    put(engine, "in", "a", NULL, 30);
    put(engine, "in", "a", NULL, 40);
    put(engine, "in", NULL, "1", 50);
    cr_expect_eq(engine_dropped(engine, "null_key"), 1);
    end_with(engine, "out \"a\" null @10\nout \"a\" \"1\" @20\nout \"a\" null @30\nout \"a\" null @40\n");
}

Test(table_verbs, a_filter_of_a_table_that_keeps_rows_sends_no_deletion_in_vain)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_changes(weir_filter(table(t, "in", "rows"), is_short)), "out");
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "22", 10);
    put(engine, "in", "a", "1", 20);
    put(engine, "in", "a", "33", 30);
    put(engine, "in", "a", NULL, 40);
    end_with(engine, "out \"a\" \"1\" @20\nout \"a\" null @30\n");
}

Test(table_verbs, a_filter_not_lets_pass_what_its_test_denies)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_changes(weir_filter_not(table(t, "in", "rows"), is_short)), "out");
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "22", 10);
    put(engine, "in", "a", "1", 20);
    end_with(engine, "out \"a\" \"22\" @10\nout \"a\" null @20\n");
}

Test(table_verbs, a_filter_with_a_store_tells_what_it_kept)
{
    struct buffer seen = {0};
    weir_topology *t = weir_topology_new("t");
    weir_table *kept = weir_filter(table(t, "in", NULL), is_short, .store = "short");
    weir_to(weir_peek(weir_changes(kept, .old_values = true), show_change, .user = &seen), "out");
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "22", 10);
    put(engine, "in", "a", "1", 20);
    put(engine, "in", "a", "2", 30);
    put(engine, "in", "a", "33", 40);
    expect_seen(&seen, "->1 1>2 2>- ");
    end_with(engine, "out \"a\" \"1\" @20\nout \"a\" \"2\" @30\nout \"a\" null @40\n");
}

/* ---- map_values ---- */

Test(table_verbs, map_values_never_sees_a_deletion_and_sends_each)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_changes(weir_map_values(table(t, "in", "rows"), &weir_i64_type, size_of)), "out");
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "22", 10);
    put(engine, "in", "a", NULL, 20);
    put(engine, "in", "a", NULL, 30);
    end_with(engine, "out \"a\" 2 @10\nout \"a\" null @20\nout \"a\" null @30\n");
}

static const void *same(weir_context *context, const struct weir_record *row)
{
    (void)context;
    return row->value;
}

Test(table_verbs, map_values_without_a_store_maps_what_is_replaced_again)
{
    struct buffer seen = {0};
    weir_topology *t = weir_topology_new("t");
    weir_table *mapped = weir_map_values(table(t, "in", "rows"), &weir_str_type, same);
    weir_to(weir_peek(weir_changes(mapped, .old_values = true), show_change, .user = &seen), "out");
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "1", 10);
    put(engine, "in", "a", "2", 20);
    put(engine, "in", "a", NULL, 30);
    expect_seen(&seen, "->1 1>2 2>- ");
    end_with(engine, "out \"a\" \"1\" @10\nout \"a\" \"2\" @20\nout \"a\" null @30\n");
}

/* ---- transform_values ---- */

static const void *or_none(weir_context *context, const struct weir_record *row)
{
    static const weir_bytes none = {"none", 4};
    (void)context;
    return row->value ? row->value : &none;
}

Test(table_verbs, transform_values_sees_deletions)
{
    struct buffer seen = {0};
    weir_topology *t = weir_topology_new("t");
    weir_table *all = weir_transform_values(table(t, "in", "rows"), &weir_str_type, or_none);
    weir_to(weir_peek(weir_changes(all, .old_values = true), show_change, .user = &seen), "out");
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "1", 10);
    put(engine, "in", "a", NULL, 20);
    expect_seen(&seen, "none>1 1>none ");
    end_with(engine, "out \"a\" \"1\" @10\nout \"a\" \"none\" @20\n");
}

Test(table_verbs, a_transformed_table_has_a_row_wherever_its_mapper_makes_one)
{
    weir_topology *t = weir_topology_new("t");
    weir_table *all = weir_transform_values(table(t, "rows", "rows"), &weir_str_type, or_none);
    weir_to(weir_join_table(texts(t, "in"), all, second, .value = &weir_str_type), "out");
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "x", 10);
    put(engine, "rows", "a", "1", 20);
    put(engine, "in", "a", "x", 30);
    end_with(engine, "out \"a\" \"none\" @10\nout \"a\" \"1\" @30\n");
}

/* How often a row was seen, in a store of the mapper's. */
static const void *times_seen(weir_context *context, const struct weir_record *row)
{
    weir_store *store = weir_store_named(context, "seen");
    const int64_t *seen = weir_get(store, row->key);
    int64_t *more = weir_alloc(context, sizeof *more);
    *more = seen ? *seen + 1 : 1;
    weir_put(store, row->key, more);
    return more;
}

static weir_table *counted(weir_topology *t, const char *store)
{
    weir_add_store(t, "seen", &weir_str_type, &weir_i64_type);
    return weir_transform_values(table(t, "in", "rows"), &weir_i64_type, times_seen, .stores = {"seen"},
                                 .store = store);
}

Test(table_verbs, transform_values_keeps_stores_of_its_own)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_changes(counted(t, "kept")), "out");
    struct engine *engine = engine_new(t);
    put(engine, "in", "a", "1", 10);
    put(engine, "in", "a", NULL, 20);
    end_with(engine, "out \"a\" 1 @10\nout \"a\" 2 @20\n");
}

static void expect_refused(weir_topology *t, const char *part)
{
    struct weir_error error = {0};
    cr_expect_not(graph_plan(t, &error));
    cr_expect(strstr(error.message, part), "found: %s", error.message);
    weir_topology_free(t);
}

Test(table_verbs, rows_made_with_stores_of_their_own_are_found_only_where_they_are_kept)
{
    weir_topology *t = weir_topology_new("t");
    weir_join_table(texts(t, "s"), counted(t, NULL), second, .value = &weir_i64_type);
    expect_refused(t, "only it may use the stores it makes them with");
}

/* ---- rows that nobody keeps ---- */

Test(table_verbs, a_join_finds_rows_through_a_chain_of_tables_without_stores)
{
    weir_topology *t = weir_topology_new("t");
    weir_table *chain = weir_map_values(weir_filter(table(t, "rows", "rows"), is_short), &weir_i64_type, size_of);
    weir_to(weir_join_table(texts(t, "in"), chain, second, .value = &weir_i64_type), "out");
    struct engine *engine = engine_new(t);
    put(engine, "rows", "a", "1", 10);
    put(engine, "in", "a", "x", 20);
    put(engine, "rows", "a", "22", 30);
    put(engine, "in", "a", "x", 40);
    end_with(engine, "out \"a\" 1 @20\n");
}

Test(table_verbs, a_joined_table_without_a_store_is_joined_again)
{
    weir_topology *t = weir_topology_new("t");
    weir_table *both = weir_join_tables(table(t, "l", "l"), table(t, "r", "r"), first, .value = &weir_str_type);
    weir_to(weir_join_table(texts(t, "in"), weir_filter(both, is_short), second, .value = &weir_str_type), "out");
    struct engine *engine = engine_new(t);
    put(engine, "l", "a", "1", 10);
    put(engine, "in", "a", "x", 20);
    put(engine, "r", "a", "y", 30);
    put(engine, "in", "a", "x", 40);
    end_with(engine, "out \"a\" \"1\" @40\n");
}

/* ---- what is refused ---- */

Test(table_verbs, a_join_with_a_table_that_keeps_no_rows_is_refused)
{
    weir_topology *t = weir_topology_new("t");
    weir_join_table(texts(t, "in"), weir_filter(table(t, "rows", NULL), is_short), second, .value = &weir_str_type);
    expect_refused(t, "the rows of KTABLE-SOURCE");
}

Test(table_verbs, old_values_of_a_table_that_keeps_no_rows_are_refused)
{
    weir_topology *t = weir_topology_new("t");
    weir_changes(weir_map_values(table(t, "rows", NULL), &weir_i64_type, size_of), .old_values = true);
    expect_refused(t, "what changes of KTABLE-SOURCE-0000000002");
}

Test(table_verbs, a_stream_is_not_kept_in_a_store)
{
    weir_topology *t = weir_topology_new("t");
    weir_filter(texts(t, "in"), is_short, .store = "kept");
    expect_refused(t, "a stream is not kept in a .store ('kept')");
}

/* builder.h: what the operations of a case are built with, and the operations; build.c knows them by name.
 *
 * Names are fields of the operation; what is not there reads as NULL or 0. Strings live as long as the build's arena. */
#ifndef WEIR_TESTS_ORACLE_BUILDER_H
#define WEIR_TESTS_ORACLE_BUILDER_H
#include "oracle/build.h"

struct handle { /* one of the pointers is set */
    const char *id;
    weir_stream *stream;
    weir_table *table;
    weir_grouped *grouped;
    weir_grouped_table *grouped_table;
    weir_global_table *global;
};

struct builder {
    struct build *build;
    json_t *op;
    struct handle handles[BUILD_MAX];
    size_t handle_count;
};

_Noreturn void builder_refuse(const struct builder *, const char *problem); /* ends the program */
const char *builder_text(const struct builder *, const char *name);
weir_duration builder_ms(const json_t *object, const char *name);
int64_t builder_count(const struct builder *, const char *name);
bool builder_is(const struct builder *, const char *name, const char *wanted);
const struct handle *builder_named(const struct builder *, const char *id);
const struct handle *builder_in(const struct builder *);    /* the input */
const struct handle *builder_other(const struct builder *); /* of a join */
void builder_add(struct builder *, const char *id, struct handle);
void builder_made_stream(struct builder *, weir_stream *);
void builder_made_table(struct builder *, weir_table *);
void builder_made_group(struct builder *, weir_grouped *);
void builder_made_grouped_table(struct builder *, weir_grouped_table *);
char *builder_suffixed(struct builder *, const char *name, const char *suffix);
const struct weir_type *builder_type(const struct builder *, const char *letter); /* "L": a number */
const struct weir_type *builder_value_type(const struct builder *);
weir_duration builder_history(const struct builder *);
bool builder_no_log(const struct builder *);
struct weir_window builder_window(const struct builder *);
/* A topic between sub-topologies, to be compared when everything was processed. */
struct build_internal *builder_add_internal(struct builder *, const char *suffix, weir_mapper *map);
/* A function that is not there is a NULL, which the verb refuses. */
#define BUILDER_FUNCTION(kind, builder) function_##kind(builder_text((builder), "fn"))
/* The name of its store, to be looked at when everything was processed; NULL: it has none. */
const char *builder_new_store(struct builder *, bool has_times);

/* ---- build_sources.c ---- */

void build_stream(struct builder *);
void build_table(struct builder *);
void build_global(struct builder *);

/* ---- build_steps.c ---- */

void build_filter(struct builder *);
void build_filter_not(struct builder *);
void build_map_values(struct builder *);
void build_transform_values(struct builder *);
void build_map(struct builder *);
void build_select_key(struct builder *);
void build_flat_map(struct builder *);
void build_flat_map_values(struct builder *);
void build_peek(struct builder *);
void build_foreach(struct builder *);
void build_branch(struct builder *);
void build_merge(struct builder *);
void build_to_table(struct builder *);
void build_changes(struct builder *);
void build_suppress(struct builder *);

/* ---- build_groups.c ---- */

void build_rekey(struct builder *);
void build_repartition(struct builder *);
void build_group(struct builder *);
void build_group_by(struct builder *);
void build_count(struct builder *);
void build_reduce(struct builder *);
void build_aggregate(struct builder *);
void build_cogroup(struct builder *);

/* ---- build_joins.c ---- */

void build_join(struct builder *);
void build_join_table(struct builder *);
void build_join_tables(struct builder *);
void build_join_foreign(struct builder *);
void build_join_global(struct builder *);

/* ---- build_sinks.c ---- */

void build_to_computed(struct builder *);
void build_to(struct builder *);

/* ---- build_processors.c ---- */

void build_route(struct builder *);
void build_process(struct builder *);
void build_shelve(struct builder *);
void build_survey(struct builder *);
void build_process_values(struct builder *);
void build_global_store(struct builder *);
void build_consult(struct builder *);
#endif

/* builder.h: what the operations of a case are built with; build.c has most of them.
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
const struct handle *builder_in(const struct builder *); /* the input */
void builder_add(struct builder *, const char *id, struct handle);
void builder_made_stream(struct builder *, weir_stream *);
char *builder_suffixed(struct builder *, const char *name, const char *suffix);
/* The name of its store, to be looked at when everything was processed; NULL: it has none. */
const char *builder_new_store(struct builder *, bool has_times);

/* ---- build_processors.c ---- */

void build_route(struct builder *);
void build_process(struct builder *);
void build_shelve(struct builder *);
void build_survey(struct builder *);
void build_process_values(struct builder *);
void build_global_store(struct builder *);
void build_consult(struct builder *);
#endif

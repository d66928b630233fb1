/* build.h: builds a topology from the description of a case; java/Build.java has the same operations. */
#ifndef WEIR_TESTS_ORACLE_BUILD_H
#define WEIR_TESTS_ORACLE_BUILD_H
#include <jansson.h>

#include "weir.h"

enum { BUILD_MAX = 64 };

struct build_store { /* to look at when everything was processed */
    const char *name;
    bool has_rows; /* false: a store of a join; only its changelog can be read */
    bool is_session;
    bool is_held;     /* what waits: its records have no time, or no deletions with one, in Kafka Streams */
    bool is_numbered; /* rows of a stream-stream join end with a number */
    bool is_versioned;
    bool is_number; /* the values of a versioned store */
    bool has_times; /* false: rows of a plain store or a session store, whose time Kafka Streams does not keep */
};

struct build_internal { /* a topic between sub-topologies */
    const char *topic;  /* without the application's name */
    weir_mapper *map;   /* of what is repartitioned by a new key; NULL: missing keys cannot be told apart */
    uint64_t missing;   /* keys that the mapper did not give, less those that were written all the same */
};

/* Strings point into the description. */
struct build {
    weir_topology *topology;
    const struct weir_type *text; /* weir_str_type, or weir_bytes_type where a case has binary keys and values */
    const char *outputs[BUILD_MAX];
    size_t output_count, internal_count, store_count;
    struct build_store stores[BUILD_MAX];
    struct build_internal internals[BUILD_MAX];
    /* What a bare repartition drops cannot be told from other drops; joins drop by row, not segment; and a cogrouped
     * window that one of its streams has let go is a drop of the store there. */
    bool is_uncounted;
    weir_arena *arena; /* of what callbacks are given; lives until the topology is done */
};

/* Exits with a message when the description is wrong: it is this program's mistake. What is wrong with the topology is
 * latched in it. */
void build_case(struct build *, json_t *ops);
#endif

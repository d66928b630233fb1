/* drops.h: what was left out of the results: how often for which reason and where, and the latest of each reason. Any
 * thread.
 *
 * Reasons come from the engine and from weir_drop, so their number is bounded: beyond the limit they share a row. The same
 * goes for places. Keys and values are not kept: figures are read by more people than topics. */
#ifndef WEIR_RUNTIME_DROPS_H
#define WEIR_RUNTIME_DROPS_H
#include <pthread.h>

#include "weir.h"

enum { DROPS_REASONS_MAX = 64, DROPS_REASON_BYTES = 48, DROPS_LATEST = 8, DROPS_PLACES_MAX = 512 };

struct drops_reason {
    char name[DROPS_REASON_BYTES];
    uint64_t records;
    struct weir_drop latest[DROPS_LATEST]; /* a ring */
};

struct drops {
    pthread_mutex_t lock;
    struct drops_reason reasons[DROPS_REASONS_MAX];
    size_t reason_count;
    struct weir_drop_place places[DROPS_PLACES_MAX];
    size_t place_count;
    char *topics[DROPS_PLACES_MAX]; /* their names */
    size_t topic_count;
};

void drops_init(struct drops *);
void drops_done(struct drops *);
/* Reason and topic are copied; the node must live as long as the figures. */
void drops_add(struct drops *, const struct weir_drop *);
/* Each returns how many there are; strings live as long as the figures. */
size_t drops_by_reason(struct drops *, struct weir_drop_info *out, size_t max);
size_t drops_by_place(struct drops *, struct weir_drop_place *out, size_t max);
size_t drops_latest(struct drops *, struct weir_drop *out, size_t max); /* of each reason, newest first */
#endif

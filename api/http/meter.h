/* meter.h: the door's own counters, per route. Any thread; relaxed, they order nothing. */
#ifndef WEIR_HTTP_METER_H
#define WEIR_HTTP_METER_H
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "http/route.h"

enum { METER_STATUSES = 24, METER_BUCKETS = 10, METER_ROWS = ROUTES_MAX + ADMIN_ROUTES_MAX + 1 };
enum meter_rejection {
    METER_MALFORMED,
    METER_TIMEOUT,
    METER_TOO_MANY,
    METER_GAVE_WAY,
    METER_OVERLOAD,
    METER_RATE,
    METER_REJECTIONS
};

struct meter_route {
    _Atomic uint64_t by_status[METER_STATUSES]; /* index: meter.c, statuses[] */
    _Atomic uint64_t buckets[METER_BUCKETS + 1];
    _Atomic uint64_t microseconds;
};

struct meter {
    const struct route_table *table;
    struct meter_route routes[METER_ROWS]; /* the last one: no route */
    _Atomic uint64_t rejected[METER_REJECTIONS];
    _Atomic uint64_t asked[2]; /* of other instances: not answered, answered */
    _Atomic int64_t in_flight, connections;
};

void meter_count(struct meter *, const struct route *, unsigned status, int64_t microseconds); /* route may be NULL */
void meter_reject(struct meter *, enum meter_rejection);
void meter_ask(struct meter *, bool answered);
void meter_write(struct meter *, struct buffer *); /* Prometheus text */
#endif

/* requests.c: how many requests a route gets, how many fail, and how long they take.
 * SPDX-License-Identifier: Apache-2.0 */
#include "request_event.h"

#include <string.h>

#include "pieces.h"
#include "platform_views.h"
#include "sketch/sketch.h"

enum { RATE_UNIT = 10000 }; /* rates have four digits behind the point */

bool is_request_event(weir_context *context, const struct weir_record *record)
{
    if (!record->value)
        weir_drop(context, "null_value");
    else if (request_event_value(record)->latency_ms < 0)
        weir_fail(context, "latencyMs: is negative");
    else
        return true;
    return false;
}

const void *route_of(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return &request_event_value(record)->route;
}

const void *client_of(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return &request_event_value(record)->client;
}

/* The first segment of the route: "/orders/{id}" belongs to the service "orders". */
const void *service_of(weir_context *context, const struct weir_record *record)
{
    weir_bytes *service = weir_alloc(context, sizeof *service);
    *service = request_event_value(record)->route;
    if (service->size > 0 && *(const char *)service->data == '/')
        *service = (weir_bytes){(const char *)service->data + 1, service->size - 1};
    const char *slash = memchr(service->data, '/', service->size);
    if (slash)
        service->size = (size_t)(slash - (const char *)service->data);
    return service;
}

void add_request(weir_context *context, const struct weir_record *record, void *aggregate)
{
    struct route_load *load = aggregate;
    const struct request_event *event = request_event_value(record);
    const int64_t *window_ms = weir_user(context);
    weir_bytes old = load->has_sketch ? load->sketch : (weir_bytes){NULL, 0};
    unsigned char *room = weir_alloc(context, sketch_room(old));
    load->has_sketch = true;
    load->sketch = (weir_bytes){room, sketch_add(old, event->latency_ms, room)};
    load->requests += 1;
    load->errors += event->status >= 500;
    load->per_second.unscaled = load->requests * RATE_UNIT / (*window_ms / 1000);
    load->error_rate.unscaled = load->errors * RATE_UNIT / load->requests;
    struct sketch_percentiles percentiles = sketch_percentiles(load->sketch);
    load->p50_ms = percentiles.p50;
    load->p95_ms = percentiles.p95;
    load->p99_ms = percentiles.p99;
}

int64_t request_event_time(const struct weir_record *record, int64_t partition_time_ms)
{
    (void)partition_time_ms;
    return record->value ? request_event_value(record)->timestamp : record->timestamp_ms;
}

/* meter.c: see meter.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/meter.h"

#include <inttypes.h>

static const unsigned statuses[METER_STATUSES] = {200, 202, 304, 307, 400, 401, 403, 404, 405, 406, 408, 413,
                                                  414, 415, 422, 429, 431, 500, 501, 502, 503, 504, 505};
static const int64_t bounds_us[METER_BUCKETS] = {100, 250, 500, 1000, 2500, 5000, 10000, 100000, 1000000, 10000000};
static const char *const bounds[METER_BUCKETS] = {"0.0001", "0.00025", "0.0005", "0.001", "0.0025",
                                                  "0.005",  "0.01",    "0.1",    "1",     "10"};
static const char *const rejections[METER_REJECTIONS] = {"malformed", "timeout",  "too_many_connections",
                                                         "gave_way",  "overload", "rate_limit"};

static void add(_Atomic uint64_t *counter, uint64_t n)
{
    atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static uint64_t read_counter(_Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

void meter_count(struct meter *meter, const struct route *route, unsigned status, int64_t microseconds)
{
    struct meter_route *row = &meter->routes[route ? (size_t)(route - meter->table->rows) : METER_ROWS - 1];
    size_t index = 0, bucket = 0;
    while (index < METER_STATUSES - 1 && statuses[index] != status)
        index++;
    while (bucket < METER_BUCKETS && microseconds > bounds_us[bucket])
        bucket++;
    add(&row->by_status[index], 1);
    add(&row->buckets[bucket], 1);
    add(&row->microseconds, microseconds > 0 ? (uint64_t)microseconds : 0);
}

void meter_reject(struct meter *meter, enum meter_rejection why)
{
    add(&meter->rejected[why], 1);
}

void meter_ask(struct meter *meter, bool answered)
{
    add(&meter->asked[answered], 1);
}

static const char *path_of(const struct meter *meter, size_t row)
{
    return row < meter->table->count ? meter->table->rows[row].path : "none";
}

static const char *method_of(const struct meter *meter, size_t row)
{
    return route_method_name(row < meter->table->count ? meter->table->rows[row].method : ROUTE_GET);
}

static void write_requests(struct meter *meter, struct buffer *out)
{
    buffer_text(out, "# HELP weir_http_requests_total Requests answered.\n# TYPE weir_http_requests_total counter\n");
    for (size_t row = 0; row < METER_ROWS; row++) {
        for (size_t i = 0; i < METER_STATUSES; i++) {
            uint64_t count = read_counter(&meter->routes[row].by_status[i]);
            if (count)
                buffer_format(out, "weir_http_requests_total{route=\"%s\",method=\"%s\",code=\"%u\"} %" PRIu64 "\n",
                              path_of(meter, row), method_of(meter, row), statuses[i], count);
        }
    }
}

static void write_histogram(struct meter *meter, size_t index, struct buffer *out)
{
    struct meter_route *row = &meter->routes[index];
    uint64_t sum = 0;
    for (size_t i = 0; i <= METER_BUCKETS; i++) {
        sum += read_counter(&row->buckets[i]);
        buffer_format(out, "weir_http_request_seconds_bucket{route=\"%s\",method=\"%s\",le=\"%s\"} %" PRIu64 "\n",
                      path_of(meter, index), method_of(meter, index), i < METER_BUCKETS ? bounds[i] : "+Inf", sum);
    }
    buffer_format(out, "weir_http_request_seconds_sum{route=\"%s\",method=\"%s\"} %.6f\n", path_of(meter, index),
                  method_of(meter, index), (double)read_counter(&row->microseconds) / 1e6);
    buffer_format(out, "weir_http_request_seconds_count{route=\"%s\",method=\"%s\"} %" PRIu64 "\n",
                  path_of(meter, index), method_of(meter, index), sum);
}

static bool is_used(struct meter_route *row)
{
    for (size_t i = 0; i <= METER_BUCKETS; i++) {
        if (read_counter(&row->buckets[i]))
            return true;
    }
    return false;
}

void meter_write(struct meter *meter, struct buffer *out)
{
    write_requests(meter, out);
    buffer_text(out, "# HELP weir_http_request_seconds Time from the request line to the whole answer.\n"
                     "# TYPE weir_http_request_seconds histogram\n");
    for (size_t row = 0; row < METER_ROWS; row++) {
        if (is_used(&meter->routes[row]))
            write_histogram(meter, row, out);
    }
    buffer_text(out, "# HELP weir_http_rejected_total Requests and connections turned away.\n"
                     "# TYPE weir_http_rejected_total counter\n");
    for (size_t i = 0; i < METER_REJECTIONS; i++)
        buffer_format(out, "weir_http_rejected_total{reason=\"%s\"} %" PRIu64 "\n", rejections[i],
                      read_counter(&meter->rejected[i]));
    buffer_format(out,
                  "# HELP weir_http_peer_requests_total Questions to other instances.\n"
                  "# TYPE weir_http_peer_requests_total counter\n"
                  "weir_http_peer_requests_total{answered=\"false\"} %" PRIu64 "\n"
                  "weir_http_peer_requests_total{answered=\"true\"} %" PRIu64 "\n",
                  read_counter(&meter->asked[false]), read_counter(&meter->asked[true]));
    buffer_format(out,
                  "# HELP weir_http_in_flight Requests being answered.\n# TYPE weir_http_in_flight gauge\n"
                  "weir_http_in_flight %" PRId64 "\n",
                  atomic_load(&meter->in_flight));
    buffer_format(out,
                  "# HELP weir_http_connections Open connections.\n# TYPE weir_http_connections gauge\n"
                  "weir_http_connections %" PRId64 "\n",
                  atomic_load(&meter->connections));
}

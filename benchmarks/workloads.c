/* workloads.c: the topologies of benchmarks/run, one per row, as a plugin: weir run workloads.so:count.
 *
 * peers/Peer.java holds the same for Kafka Streams. BENCHMARK_IN (two topics with a comma between them for the joins)
 * and BENCHMARK_OUT name the topics.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "weir.h"

static const char *setting(const char *name)
{
    const char *value = getenv(name);
    return value ? value : "";
}

/* The first or the second of the input topics. */
static const char *input(size_t number)
{
    static char topics[2][256];
    const char *names = setting("BENCHMARK_IN"), *second = strchr(names, ',');
    size_t size = second ? (size_t)(second - names) : strlen(names);
    snprintf(topics[0], sizeof topics[0], "%.*s", (int)size, names);
    snprintf(topics[1], sizeof topics[1], "%s", second ? second + 1 : "");
    return topics[number];
}

static weir_stream *orders(weir_topology *topology)
{
    return weir_from(topology, input(0), &weir_str_type, &weir_bytes_type);
}

static void write_out(weir_stream *stream)
{
    weir_to(stream, setting("BENCHMARK_OUT"));
}

/* ---- steps -------------------------------------------------------------------------------------------------------- */

static int64_t number_in(const struct weir_record *record, const char *quoted)
{
    const weir_bytes *json = record->value;
    return fields_number(json->data, json->size, quoted);
}

/* The record's value with one more field. */
static const void *with(weir_context *context, const struct weir_record *record, const char *quoted, int64_t number)
{
    const weir_bytes *json = record->value;
    weir_bytes *more = weir_alloc(context, sizeof *more + json->size + FIELDS_ADDED_MAX);
    *more = (weir_bytes){more + 1, fields_add((char *)(more + 1), json->data, json->size, quoted, number)};
    return more;
}

static bool is_wanted(weir_context *context, const struct weir_record *order)
{
    (void)context;
    return number_in(order, "\"qty\":") > 0;
}

static const void *add_total(weir_context *context, const struct weir_record *order)
{
    return with(context, order, "\"total\":", number_in(order, "\"qty\":") * number_in(order, "\"price\":"));
}

static const void *add_stock(weir_context *context, const struct weir_record *order, const struct weir_record *product)
{
    return with(context, order, "\"stock\":", number_in(product, "\"stock\":"));
}

/* ---- rows --------------------------------------------------------------------------------------------------------- */

static weir_topology *stateless(void)
{
    weir_topology *topology = weir_topology_new("benchmark-stateless");
    weir_stream *wanted = weir_filter(orders(topology), is_wanted);
    write_out(weir_map_values(wanted, &weir_bytes_type, add_total));
    return topology;
}

static weir_topology *view(void)
{
    weir_topology *topology = weir_topology_new("benchmark-view");
    weir_count(weir_group(orders(topology)), "counts");
    return topology;
}

static weir_topology *count(void)
{
    weir_topology *topology = weir_topology_new("benchmark-count");
    write_out(weir_changes(weir_count(weir_group(orders(topology)), "counts")));
    return topology;
}

static weir_topology *tumbling(void)
{
    weir_topology *topology = weir_topology_new("benchmark-tumbling");
    struct weir_window window = {.size = weir_seconds(10)};
    write_out(weir_changes(weir_count(weir_group(orders(topology)), "windows", .window = window)));
    return topology;
}

static weir_topology *hopping(void)
{
    weir_topology *topology = weir_topology_new("benchmark-hopping");
    struct weir_window window = {.size = weir_seconds(10), .advance = weir_seconds(5)};
    write_out(weir_changes(weir_count(weir_group(orders(topology)), "windows", .window = window)));
    return topology;
}

/* With a retention of the gap alone, as it would be, a session that ends exactly a gap ago may be gone. */
static weir_topology *session(void)
{
    weir_topology *topology = weir_topology_new("benchmark-session");
    struct weir_window window = {.gap = weir_seconds(2), .retention = weir_minutes(1)};
    write_out(weir_changes(weir_count(weir_group(orders(topology)), "sessions", .window = window)));
    return topology;
}

static weir_table *table(weir_topology *topology, size_t number, const char *store)
{
    return weir_table_from(topology, input(number), store, &weir_str_type, &weir_bytes_type);
}

static weir_topology *stream_table(void)
{
    weir_topology *topology = weir_topology_new("benchmark-stream-table");
    weir_stream *stream = orders(topology);
    write_out(weir_join_table(stream, table(topology, 1, "products"), add_stock, .value = &weir_bytes_type));
    return topology;
}

static weir_topology *table_table(void)
{
    weir_topology *topology = weir_topology_new("benchmark-table-table");
    weir_table *latest = table(topology, 0, "orders"), *products = table(topology, 1, "products");
    write_out(weir_changes(weir_join_tables(latest, products, add_stock, .value = &weir_bytes_type)));
    return topology;
}

static const void *add_amount(weir_context *context, const struct weir_record *order, const struct weir_record *payment)
{
    return with(context, order, "\"amount\":", number_in(payment, "\"amount\":"));
}

static weir_topology *stream_stream(void)
{
    weir_topology *topology = weir_topology_new("benchmark-stream-stream");
    weir_stream *purchases = orders(topology);
    weir_stream *payments = weir_from(topology, input(1), &weir_str_type, &weir_bytes_type);
    write_out(weir_join(purchases, payments, "payments", add_amount, .value = &weir_bytes_type,
                        .within = weir_seconds(60), .name = "payments"));
    return topology;
}

/* The text between the quotes behind "product_id":. */
static const void *product_of(weir_context *context, const struct weir_record *order)
{
    static const char quoted[] = "\"product_id\":\"";
    const weir_bytes *json = order->value;
    const char *at = memmem(json->data, json->size, quoted, sizeof quoted - 1);
    if (!at)
        return NULL;
    at += sizeof quoted - 1;
    const char *end = memchr(at, '"', json->size - (size_t)(at - (const char *)json->data));
    weir_bytes *key = weir_alloc(context, sizeof *key);
    *key = (weir_bytes){at, end ? (size_t)(end - at) : 0};
    return end ? key : NULL;
}

static weir_topology *foreign_key(void)
{
    weir_topology *topology = weir_topology_new("benchmark-foreign-key");
    weir_table *purchases = table(topology, 0, "orders"), *products = table(topology, 1, "products");
    write_out(weir_changes(weir_join_foreign(purchases, products, "product-of-order", product_of, add_stock,
                                             .value = &weir_bytes_type, .store = "joined")));
    return topology;
}

WEIR_EXPORT_TOPOLOGIES = {
    {"stateless", "orders of more than nothing, with their total", stateless},
    {"view", "how many orders has each product? a view and its changelog", view},
    {"count", "the same, every change also to a topic", count},
    {"tumbling", "orders per product and ten seconds, every change to a topic", tumbling},
    {"hopping", "the same, a window every five seconds", hopping},
    {"session", "orders per product and session with a gap of two seconds", session},
    {"stream-table", "orders with the stock of their product", stream_table},
    {"table-table", "the latest order of a product with its latest stock", table_table},
    {"stream-stream", "purchases and payments that come within 60 s", stream_stream},
    {"foreign-key", "purchases with the stock of the product they name", foreign_key},
    {0},
};

/* The topologies of tests/kafka/registry_test: one that reads and writes framed lines, and one that would write another schema to the
 * same topic. */
#include "line.h"

static void add_quantity(weir_context *context, const struct weir_record *record, void *sum)
{
    (void)context;
    *(int64_t *)sum += line_value(record)->quantity;
}

static const void *as_text(weir_context *context, const struct weir_record *record)
{
    struct sum *sum = sum_new(context);
    sum->quantity = line_value(record)->sku;
    return sum;
}

static weir_topology *lines(void)
{
    weir_topology *t = weir_topology_new("registry-lines");
    weir_stream *lines = weir_from(t, "registry-in", &weir_str_type, &line_type);
    weir_aggregate(weir_group(lines), "quantities", add_quantity, .value = &weir_i64_type);
    weir_to(lines, "registry-out", .format = WEIR_FORMAT_AVRO);
    return t;
}

static weir_topology *texts(void)
{
    weir_topology *t = weir_topology_new("registry-texts");
    weir_stream *lines = weir_from(t, "registry-in", &weir_str_type, &line_type);
    weir_to(weir_map_values(lines, &sum_type, as_text), "registry-out", .format = WEIR_FORMAT_AVRO);
    return t;
}

WEIR_EXPORT_TOPOLOGIES = {
    {"registry-lines", "framed lines, and their quantities", lines},
    {"registry-texts", "another schema to the same topic", texts},
    {NULL, NULL, NULL},
};

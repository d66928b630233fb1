/* Descriptions. The texts below were printed by Kafka Streams 4.3.1 for the same topologies (Topology.describe()). */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "weir.h"

static const char count_text[] = "Topologies:\n"
                                 "   Sub-topology: 0\n"
                                 "    Source: KSTREAM-SOURCE-0000000000 (topics: [in])\n"
                                 "      --> KSTREAM-AGGREGATE-0000000001\n"
                                 "    Processor: KSTREAM-AGGREGATE-0000000001 (stores: [counts])\n"
                                 "      --> KTABLE-TOSTREAM-0000000002\n"
                                 "      <-- KSTREAM-SOURCE-0000000000\n"
                                 "    Processor: KTABLE-TOSTREAM-0000000002 (stores: [])\n"
                                 "      --> KSTREAM-SINK-0000000003\n"
                                 "      <-- KSTREAM-AGGREGATE-0000000001\n"
                                 "    Sink: KSTREAM-SINK-0000000003 (topic: out)\n"
                                 "      <-- KTABLE-TOSTREAM-0000000002\n"
                                 "\n";

static const char reduce_text[] = "Topologies:\n"
                                  "   Sub-topology: 0\n"
                                  "    Source: KSTREAM-SOURCE-0000000000 (topics: [in])\n"
                                  "      --> KSTREAM-REDUCE-0000000001\n"
                                  "    Processor: KSTREAM-REDUCE-0000000001 (stores: [red])\n"
                                  "      --> KTABLE-TOSTREAM-0000000002\n"
                                  "      <-- KSTREAM-SOURCE-0000000000\n"
                                  "    Processor: KTABLE-TOSTREAM-0000000002 (stores: [])\n"
                                  "      --> KSTREAM-SINK-0000000003\n"
                                  "      <-- KSTREAM-REDUCE-0000000001\n"
                                  "    Sink: KSTREAM-SINK-0000000003 (topic: out)\n"
                                  "      <-- KTABLE-TOSTREAM-0000000002\n"
                                  "\n";

static const char groupby_text[] = "Topologies:\n"
                                   "   Sub-topology: 0\n"
                                   "    Source: KSTREAM-SOURCE-0000000000 (topics: [in])\n"
                                   "      --> by-v\n"
                                   "    Processor: by-v (stores: [])\n"
                                   "      --> by-v-repartition-filter\n"
                                   "      <-- KSTREAM-SOURCE-0000000000\n"
                                   "    Processor: by-v-repartition-filter (stores: [])\n"
                                   "      --> by-v-repartition-sink\n"
                                   "      <-- by-v\n"
                                   "    Sink: by-v-repartition-sink (topic: by-v-repartition)\n"
                                   "      <-- by-v-repartition-filter\n"
                                   "\n"
                                   "  Sub-topology: 1\n"
                                   "    Source: by-v-repartition-source (topics: [by-v-repartition])\n"
                                   "      --> KSTREAM-AGGREGATE-0000000002\n"
                                   "    Processor: KSTREAM-AGGREGATE-0000000002 (stores: [counts])\n"
                                   "      --> KTABLE-TOSTREAM-0000000006\n"
                                   "      <-- by-v-repartition-source\n"
                                   "    Processor: KTABLE-TOSTREAM-0000000006 (stores: [])\n"
                                   "      --> KSTREAM-SINK-0000000007\n"
                                   "      <-- KSTREAM-AGGREGATE-0000000002\n"
                                   "    Sink: KSTREAM-SINK-0000000007 (topic: out)\n"
                                   "      <-- KTABLE-TOSTREAM-0000000006\n"
                                   "\n";

static const char fan_text[] =
    "Topologies:\n"
    "   Sub-topology: 0\n"
    "    Source: KSTREAM-SOURCE-0000000000 (topics: [in])\n"
    "      --> KSTREAM-FILTER-0000000005, KSTREAM-FILTER-0000000007, KSTREAM-FILTER-0000000001, "
    "KSTREAM-FILTER-0000000003, KSTREAM-FILTER-0000000009, KSTREAM-FILTER-0000000011, KSTREAM-MAPVALUES-0000000013\n"
    "    Processor: KSTREAM-MAPVALUES-0000000013 (stores: [])\n"
    "      --> KSTREAM-PEEK-0000000014\n"
    "      <-- KSTREAM-SOURCE-0000000000\n"
    "    Processor: KSTREAM-FILTER-0000000001 (stores: [])\n"
    "      --> KSTREAM-SINK-0000000002\n"
    "      <-- KSTREAM-SOURCE-0000000000\n"
    "    Processor: KSTREAM-FILTER-0000000003 (stores: [])\n"
    "      --> KSTREAM-SINK-0000000004\n"
    "      <-- KSTREAM-SOURCE-0000000000\n"
    "    Processor: KSTREAM-FILTER-0000000005 (stores: [])\n"
    "      --> KSTREAM-SINK-0000000006\n"
    "      <-- KSTREAM-SOURCE-0000000000\n"
    "    Processor: KSTREAM-FILTER-0000000007 (stores: [])\n"
    "      --> KSTREAM-SINK-0000000008\n"
    "      <-- KSTREAM-SOURCE-0000000000\n"
    "    Processor: KSTREAM-FILTER-0000000009 (stores: [])\n"
    "      --> KSTREAM-SINK-0000000010\n"
    "      <-- KSTREAM-SOURCE-0000000000\n"
    "    Processor: KSTREAM-FILTER-0000000011 (stores: [])\n"
    "      --> KSTREAM-SINK-0000000012\n"
    "      <-- KSTREAM-SOURCE-0000000000\n"
    "    Processor: KSTREAM-PEEK-0000000014 (stores: [])\n"
    "      --> KSTREAM-SINK-0000000015\n"
    "      <-- KSTREAM-MAPVALUES-0000000013\n"
    "    Sink: KSTREAM-SINK-0000000002 (topic: o0)\n"
    "      <-- KSTREAM-FILTER-0000000001\n"
    "    Sink: KSTREAM-SINK-0000000004 (topic: o1)\n"
    "      <-- KSTREAM-FILTER-0000000003\n"
    "    Sink: KSTREAM-SINK-0000000006 (topic: o2)\n"
    "      <-- KSTREAM-FILTER-0000000005\n"
    "    Sink: KSTREAM-SINK-0000000008 (topic: o3)\n"
    "      <-- KSTREAM-FILTER-0000000007\n"
    "    Sink: KSTREAM-SINK-0000000010 (topic: o4)\n"
    "      <-- KSTREAM-FILTER-0000000009\n"
    "    Sink: KSTREAM-SINK-0000000012 (topic: o5)\n"
    "      <-- KSTREAM-FILTER-0000000011\n"
    "    Sink: KSTREAM-SINK-0000000015 (topic: x)\n"
    "      <-- KSTREAM-PEEK-0000000014\n"
    "\n";

static const char several_text[] = "Topologies:\n"
                                   "   Sub-topology: 0\n"
                                   "    Source: src (topics: [zeta, alpha, mid])\n"
                                   "      --> KSTREAM-FILTER-0000000001\n"
                                   "    Processor: KSTREAM-FILTER-0000000001 (stores: [])\n"
                                   "      --> KSTREAM-SINK-0000000002\n"
                                   "      <-- src\n"
                                   "    Sink: KSTREAM-SINK-0000000002 (topic: out)\n"
                                   "      <-- KSTREAM-FILTER-0000000001\n"
                                   "\n";

static const char regroup_text[] = "Topologies:\n"
                                   "   Sub-topology: 0\n"
                                   "    Source: KSTREAM-SOURCE-0000000000 (topics: [in])\n"
                                   "      --> KTABLE-SOURCE-0000000001\n"
                                   "    Processor: KTABLE-SOURCE-0000000001 (stores: [in-rows])\n"
                                   "      --> by-v\n"
                                   "      <-- KSTREAM-SOURCE-0000000000\n"
                                   "    Processor: by-v (stores: [])\n"
                                   "      --> KSTREAM-SINK-0000000003\n"
                                   "      <-- KTABLE-SOURCE-0000000001\n"
                                   "    Sink: KSTREAM-SINK-0000000003 (topic: by-v-repartition)\n"
                                   "      <-- by-v\n"
                                   "\n"
                                   "  Sub-topology: 1\n"
                                   "    Source: KSTREAM-SOURCE-0000000004 (topics: [by-v-repartition])\n"
                                   "      --> KTABLE-AGGREGATE-0000000005, red\n"
                                   "    Processor: KTABLE-AGGREGATE-0000000005 (stores: [counts])\n"
                                   "      --> KTABLE-TOSTREAM-0000000006\n"
                                   "      <-- KSTREAM-SOURCE-0000000004\n"
                                   "    Processor: red (stores: [reds])\n"
                                   "      --> KTABLE-TOSTREAM-0000000011\n"
                                   "      <-- KSTREAM-SOURCE-0000000004\n"
                                   "    Processor: KTABLE-TOSTREAM-0000000006 (stores: [])\n"
                                   "      --> KSTREAM-SINK-0000000007\n"
                                   "      <-- KTABLE-AGGREGATE-0000000005\n"
                                   "    Processor: KTABLE-TOSTREAM-0000000011 (stores: [])\n"
                                   "      --> KSTREAM-SINK-0000000012\n"
                                   "      <-- red\n"
                                   "    Sink: KSTREAM-SINK-0000000007 (topic: out)\n"
                                   "      <-- KTABLE-TOSTREAM-0000000006\n"
                                   "    Sink: KSTREAM-SINK-0000000012 (topic: out2)\n"
                                   "      <-- KTABLE-TOSTREAM-0000000011\n"
                                   "\n";

static const char rekey_text[] = "Topologies:\n"
                                 "   Sub-topology: 0\n"
                                 "    Source: KSTREAM-SOURCE-0000000000 (topics: [in])\n"
                                 "      --> KSTREAM-KEY-SELECT-0000000001\n"
                                 "    Processor: KSTREAM-KEY-SELECT-0000000001 (stores: [])\n"
                                 "      --> re-repartition-filter\n"
                                 "      <-- KSTREAM-SOURCE-0000000000\n"
                                 "    Processor: re-repartition-filter (stores: [])\n"
                                 "      --> re-repartition-sink\n"
                                 "      <-- KSTREAM-KEY-SELECT-0000000001\n"
                                 "    Sink: re-repartition-sink (topic: re-repartition)\n"
                                 "      <-- re-repartition-filter\n"
                                 "\n"
                                 "  Sub-topology: 1\n"
                                 "    Source: re-repartition-source (topics: [re-repartition])\n"
                                 "      --> KSTREAM-SINK-0000000005\n"
                                 "    Sink: KSTREAM-SINK-0000000005 (topic: out)\n"
                                 "      <-- re-repartition-source\n"
                                 "\n";

static const char joins_text[] = "Topologies:\n"
                                 "   Sub-topology: 0\n"
                                 "    Source: KSTREAM-SOURCE-0000000002 (topics: [orders])\n"
                                 "      --> KSTREAM-JOIN-0000000003, KSTREAM-LEFTJOIN-0000000005\n"
                                 "    Processor: KSTREAM-JOIN-0000000003 (stores: [customers])\n"
                                 "      --> KSTREAM-SINK-0000000004\n"
                                 "      <-- KSTREAM-SOURCE-0000000002\n"
                                 "    Processor: KSTREAM-LEFTJOIN-0000000005 (stores: [customers])\n"
                                 "      --> KSTREAM-SINK-0000000006\n"
                                 "      <-- KSTREAM-SOURCE-0000000002\n"
                                 "    Source: KSTREAM-SOURCE-0000000000 (topics: [customers])\n"
                                 "      --> KTABLE-SOURCE-0000000001\n"
                                 "    Sink: KSTREAM-SINK-0000000004 (topic: a)\n"
                                 "      <-- KSTREAM-JOIN-0000000003\n"
                                 "    Sink: KSTREAM-SINK-0000000006 (topic: b)\n"
                                 "      <-- KSTREAM-LEFTJOIN-0000000005\n"
                                 "    Processor: KTABLE-SOURCE-0000000001 (stores: [customers])\n"
                                 "      --> none\n"
                                 "      <-- KSTREAM-SOURCE-0000000000\n"
                                 "\n";

static const char steps_text[] = "Topologies:\n"
                                 "   Sub-topology: 0\n"
                                 "    Source: KSTREAM-SOURCE-0000000000 (topics: [in])\n"
                                 "      --> KSTREAM-FILTER-0000000001, KSTREAM-SINK-0000000006\n"
                                 "    Processor: KSTREAM-FILTER-0000000001 (stores: [])\n"
                                 "      --> KSTREAM-MAPVALUES-0000000002\n"
                                 "      <-- KSTREAM-SOURCE-0000000000\n"
                                 "    Processor: KSTREAM-MAPVALUES-0000000002 (stores: [])\n"
                                 "      --> KSTREAM-PEEK-0000000003\n"
                                 "      <-- KSTREAM-FILTER-0000000001\n"
                                 "    Processor: KSTREAM-PEEK-0000000003 (stores: [])\n"
                                 "      --> KSTREAM-FLATMAP-0000000004\n"
                                 "      <-- KSTREAM-MAPVALUES-0000000002\n"
                                 "    Processor: KSTREAM-FLATMAP-0000000004 (stores: [])\n"
                                 "      --> KSTREAM-SINK-0000000005\n"
                                 "      <-- KSTREAM-PEEK-0000000003\n"
                                 "    Sink: KSTREAM-SINK-0000000005 (topic: out)\n"
                                 "      <-- KSTREAM-FLATMAP-0000000004\n"
                                 "    Sink: KSTREAM-SINK-0000000006 (topic: copy)\n"
                                 "      <-- KSTREAM-SOURCE-0000000000\n"
                                 "\n";

static const char process_text[] = "Topologies:\n"
                                   "   Sub-topology: 0\n"
                                   "    Source: KSTREAM-SOURCE-0000000000 (topics: [in])\n"
                                   "      --> KSTREAM-PROCESSOR-0000000001\n"
                                   "    Processor: KSTREAM-PROCESSOR-0000000001 (stores: [seen])\n"
                                   "      --> KSTREAM-SINK-0000000002\n"
                                   "      <-- KSTREAM-SOURCE-0000000000\n"
                                   "    Source: KSTREAM-SOURCE-0000000003 (topics: [in2])\n"
                                   "      --> KSTREAM-PROCESSOR-0000000004\n"
                                   "    Processor: KSTREAM-PROCESSOR-0000000004 (stores: [seen])\n"
                                   "      --> none\n"
                                   "      <-- KSTREAM-SOURCE-0000000003\n"
                                   "    Sink: KSTREAM-SINK-0000000002 (topic: out)\n"
                                   "      <-- KSTREAM-PROCESSOR-0000000001\n"
                                   "\n";

static const char twice_text[] = "Topologies:\n"
                                 "   Sub-topology: 0\n"
                                 "    Source: KSTREAM-SOURCE-0000000000 (topics: [in])\n"
                                 "      --> KSTREAM-FILTER-0000000002, KSTREAM-MAPVALUES-0000000003\n"
                                 "    Processor: KSTREAM-FILTER-0000000002 (stores: [])\n"
                                 "      --> KSTREAM-MERGE-0000000004\n"
                                 "      <-- KSTREAM-SOURCE-0000000000\n"
                                 "    Processor: KSTREAM-MAPVALUES-0000000003 (stores: [])\n"
                                 "      --> KSTREAM-MERGE-0000000004\n"
                                 "      <-- KSTREAM-SOURCE-0000000000\n"
                                 "    Processor: KSTREAM-MERGE-0000000004 (stores: [])\n"
                                 "      --> KSTREAM-SINK-0000000005\n"
                                 "      <-- KSTREAM-FILTER-0000000002, KSTREAM-MAPVALUES-0000000003\n"
                                 "    Sink: KSTREAM-SINK-0000000005 (topic: out)\n"
                                 "      <-- KSTREAM-MERGE-0000000004\n"
                                 "\n";

static const char namedtt_text[] = "Topologies:\n"
                                   "   Sub-topology: 0\n"
                                   "    Source: KSTREAM-SOURCE-0000000000 (topics: [l])\n"
                                   "      --> KTABLE-SOURCE-0000000001\n"
                                   "    Source: KSTREAM-SOURCE-0000000002 (topics: [r])\n"
                                   "      --> KTABLE-SOURCE-0000000003\n"
                                   "    Processor: KTABLE-SOURCE-0000000001 (stores: [l])\n"
                                   "      --> both-join-this\n"
                                   "      <-- KSTREAM-SOURCE-0000000000\n"
                                   "    Processor: KTABLE-SOURCE-0000000003 (stores: [r])\n"
                                   "      --> both-join-other\n"
                                   "      <-- KSTREAM-SOURCE-0000000002\n"
                                   "    Processor: both-join-other (stores: [l])\n"
                                   "      --> both\n"
                                   "      <-- KTABLE-SOURCE-0000000003\n"
                                   "    Processor: both-join-this (stores: [r])\n"
                                   "      --> both\n"
                                   "      <-- KTABLE-SOURCE-0000000001\n"
                                   "    Processor: both (stores: [o])\n"
                                   "      --> KTABLE-TOSTREAM-0000000007\n"
                                   "      <-- both-join-this, both-join-other\n"
                                   "    Processor: KTABLE-TOSTREAM-0000000007 (stores: [])\n"
                                   "      --> KSTREAM-SINK-0000000008\n"
                                   "      <-- both\n"
                                   "    Sink: KSTREAM-SINK-0000000008 (topic: x)\n"
                                   "      <-- KTABLE-TOSTREAM-0000000007\n"
                                   "\n";

static const char ttchain_text[] = "Topologies:\n"
                                   "   Sub-topology: 0\n"
                                   "    Source: KSTREAM-SOURCE-0000000000 (topics: [l])\n"
                                   "      --> KTABLE-SOURCE-0000000001\n"
                                   "    Source: KSTREAM-SOURCE-0000000002 (topics: [r])\n"
                                   "      --> KTABLE-SOURCE-0000000003\n"
                                   "    Processor: KTABLE-SOURCE-0000000001 (stores: [l])\n"
                                   "      --> KTABLE-JOINTHIS-0000000007\n"
                                   "      <-- KSTREAM-SOURCE-0000000000\n"
                                   "    Processor: KTABLE-SOURCE-0000000003 (stores: [r])\n"
                                   "      --> KTABLE-JOINOTHER-0000000008\n"
                                   "      <-- KSTREAM-SOURCE-0000000002\n"
                                   "    Source: KSTREAM-SOURCE-0000000004 (topics: [q])\n"
                                   "      --> KTABLE-SOURCE-0000000005\n"
                                   "    Processor: KTABLE-JOINOTHER-0000000008 (stores: [l])\n"
                                   "      --> KTABLE-MERGE-0000000006\n"
                                   "      <-- KTABLE-SOURCE-0000000003\n"
                                   "    Processor: KTABLE-JOINTHIS-0000000007 (stores: [r])\n"
                                   "      --> KTABLE-MERGE-0000000006\n"
                                   "      <-- KTABLE-SOURCE-0000000001\n"
                                   "    Processor: KTABLE-MERGE-0000000006 (stores: [])\n"
                                   "      --> KTABLE-JOINTHIS-0000000010\n"
                                   "      <-- KTABLE-JOINTHIS-0000000007, KTABLE-JOINOTHER-0000000008\n"
                                   "    Processor: KTABLE-SOURCE-0000000005 (stores: [q])\n"
                                   "      --> KTABLE-JOINOTHER-0000000011\n"
                                   "      <-- KSTREAM-SOURCE-0000000004\n"
                                   "    Processor: KTABLE-JOINOTHER-0000000011 (stores: [r, l])\n"
                                   "      --> KTABLE-MERGE-0000000009\n"
                                   "      <-- KTABLE-SOURCE-0000000005\n"
                                   "    Processor: KTABLE-JOINTHIS-0000000010 (stores: [q])\n"
                                   "      --> KTABLE-MERGE-0000000009\n"
                                   "      <-- KTABLE-MERGE-0000000006\n"
                                   "    Processor: KTABLE-MERGE-0000000009 (stores: [])\n"
                                   "      --> KTABLE-TOSTREAM-0000000012\n"
                                   "      <-- KTABLE-JOINTHIS-0000000010, KTABLE-JOINOTHER-0000000011\n"
                                   "    Processor: KTABLE-TOSTREAM-0000000012 (stores: [])\n"
                                   "      --> KSTREAM-SINK-0000000013\n"
                                   "      <-- KTABLE-MERGE-0000000009\n"
                                   "    Sink: KSTREAM-SINK-0000000013 (topic: z)\n"
                                   "      <-- KTABLE-TOSTREAM-0000000012\n"
                                   "\n";

static bool test_all(weir_context *context, const struct weir_record *record)
{
    (void)context, (void)record;
    return true;
}

static const void *value_of(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return record->value;
}

static void visit(weir_context *context, const struct weir_record *record)
{
    weir_forward(context, record);
}

static const void *join(weir_context *context, const struct weir_record *left, const struct weir_record *right)
{
    (void)context, (void)right;
    return left->value;
}

static const void *first(weir_context *context, const struct weir_record *record, const void *aggregate)
{
    (void)context, (void)record;
    return aggregate;
}

static weir_stream *texts(weir_topology *t, const char *topic)
{
    return weir_from(t, topic, &weir_str_type, &weir_str_type);
}

static weir_table *table(weir_topology *t, const char *name)
{
    return weir_table_from(t, name, name, &weir_str_type, &weir_str_type);
}

/* The caller frees it. */
static const char cogroup_text[] =
    "Topologies:\n"
    "   Sub-topology: 0\n"
    "    Source: KSTREAM-SOURCE-0000000000 (topics: [left])\n"
    "      --> COGROUPKSTREAM-AGGREGATE-0000000002\n"
    "    Source: KSTREAM-SOURCE-0000000001 (topics: [right])\n"
    "      --> COGROUPKSTREAM-AGGREGATE-0000000003\n"
    "    Processor: COGROUPKSTREAM-AGGREGATE-0000000002 (stores: [a])\n"
    "      --> COGROUPKSTREAM-MERGE-0000000004\n"
    "      <-- KSTREAM-SOURCE-0000000000\n"
    "    Processor: COGROUPKSTREAM-AGGREGATE-0000000003 (stores: [a])\n"
    "      --> COGROUPKSTREAM-MERGE-0000000004\n"
    "      <-- KSTREAM-SOURCE-0000000001\n"
    "    Processor: COGROUPKSTREAM-MERGE-0000000004 (stores: [])\n"
    "      --> KTABLE-TOSTREAM-0000000005\n"
    "      <-- COGROUPKSTREAM-AGGREGATE-0000000002, COGROUPKSTREAM-AGGREGATE-0000000003\n"
    "    Processor: KTABLE-TOSTREAM-0000000005 (stores: [])\n"
    "      --> KSTREAM-SINK-0000000006\n"
    "      <-- COGROUPKSTREAM-MERGE-0000000004\n"
    "    Sink: KSTREAM-SINK-0000000006 (topic: out)\n"
    "      <-- KTABLE-TOSTREAM-0000000005\n"
    "\n";

static const char named_cogroup_text[] = "Topologies:\n"
                                         "   Sub-topology: 0\n"
                                         "    Source: KSTREAM-SOURCE-0000000000 (topics: [left])\n"
                                         "      --> by\n"
                                         "    Processor: by (stores: [])\n"
                                         "      --> by-repartition-filter\n"
                                         "      <-- KSTREAM-SOURCE-0000000000\n"
                                         "    Processor: by-repartition-filter (stores: [])\n"
                                         "      --> by-repartition-sink\n"
                                         "      <-- by\n"
                                         "    Sink: by-repartition-sink (topic: by-repartition)\n"
                                         "      <-- by-repartition-filter\n"
                                         "\n"
                                         "  Sub-topology: 1\n"
                                         "    Source: KSTREAM-SOURCE-0000000002 (topics: [right])\n"
                                         "      --> both-cogroup-agg-1\n"
                                         "    Source: by-repartition-source (topics: [by-repartition])\n"
                                         "      --> both-cogroup-agg-0\n"
                                         "    Processor: both-cogroup-agg-0 (stores: [a])\n"
                                         "      --> both-cogroup-merge\n"
                                         "      <-- by-repartition-source\n"
                                         "    Processor: both-cogroup-agg-1 (stores: [a])\n"
                                         "      --> both-cogroup-merge\n"
                                         "      <-- KSTREAM-SOURCE-0000000002\n"
                                         "    Processor: both-cogroup-merge (stores: [])\n"
                                         "      --> KTABLE-TOSTREAM-0000000009\n"
                                         "      <-- both-cogroup-agg-0, both-cogroup-agg-1\n"
                                         "    Processor: KTABLE-TOSTREAM-0000000009 (stores: [])\n"
                                         "      --> KSTREAM-SINK-0000000010\n"
                                         "      <-- both-cogroup-merge\n"
                                         "    Sink: KSTREAM-SINK-0000000010 (topic: out)\n"
                                         "      <-- KTABLE-TOSTREAM-0000000009\n"
                                         "\n";

static char *describe(weir_topology *t, enum weir_describe_format format)
{
    char *text = NULL;
    size_t size = 0;
    struct weir_error error = {0};
    FILE *file = open_memstream(&text, &size);
    cr_assert(weir_topology_describe(t, format, file, &error), "%s", error.message);
    fclose(file);
    return text;
}

static void expect_text(weir_topology *t, const char *expected)
{
    char *text = describe(t, WEIR_DESCRIBE_TEXT);
    cr_expect_str_eq(text, expected);
    free(text);
    weir_topology_free(t);
}

Test(describe, a_count_is_as_kafka_streams_prints_it)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_changes(weir_count(weir_group(texts(t, "in")), "counts")), "out");
    expect_text(t, count_text);
}

Test(describe, a_windowed_count_looks_like_a_count)
{
    weir_topology *t = weir_topology_new("t");
    weir_table *counts = weir_count(weir_group(texts(t, "in")), "counts", .window = {.size = weir_seconds(10)});
    weir_to(weir_changes(counts), "out");
    expect_text(t, count_text);
}

Test(describe, a_reduce_is_as_kafka_streams_prints_it)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_changes(weir_reduce(weir_group(texts(t, "in")), "red", first)), "out");
    expect_text(t, reduce_text);
}

Test(describe, a_group_by_is_as_kafka_streams_prints_it)
{
    weir_topology *t = weir_topology_new("t");
    weir_grouped *by = weir_group_by(texts(t, "in"), "by-v", &weir_str_type, value_of);
    weir_to(weir_changes(weir_count(by, "counts")), "out");
    expect_text(t, groupby_text);
}

Test(describe, a_rekey_is_as_kafka_streams_prints_it)
{
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_rekey(texts(t, "in"), "re", &weir_str_type, value_of), "out");
    expect_text(t, rekey_text);
}

Test(describe, joins_with_a_table_are_as_kafka_streams_prints_them)
{
    weir_topology *t = weir_topology_new("t");
    weir_table *customers = table(t, "customers");
    weir_stream *orders = texts(t, "orders");
    weir_to(weir_join_table(orders, customers, join, .value = &weir_str_type), "a");
    weir_to(weir_join_table(orders, customers, join, .value = &weir_str_type, .kind = WEIR_LEFT), "b");
    expect_text(t, joins_text);
}

Test(describe, steps_are_as_kafka_streams_prints_them)
{
    weir_topology *t = weir_topology_new("t");
    weir_stream *in = texts(t, "in");
    weir_stream *step = weir_peek(weir_map_values(weir_filter(in, test_all), &weir_str_type, value_of), visit);
    weir_to(weir_flat_map(step, &weir_str_type, &weir_str_type, visit), "out");
    weir_to(in, "copy");
    expect_text(t, steps_text);
}

Test(describe, processors_are_as_kafka_streams_prints_them)
{
    static const struct weir_processor processor = {.process = visit};
    weir_topology *t = weir_topology_new("t");
    weir_stream *in = texts(t, "in");
    weir_add_store(t, "seen", &weir_str_type, &weir_str_type);
    weir_to(weir_process(in, &processor, .stores = {"seen"}, .key = &weir_str_type), "out");
    weir_process(texts(t, "in2"), &processor, .stores = {"seen"}, .key = &weir_str_type);
    expect_text(t, process_text);
}

Test(describe, a_named_processor_uses_up_no_number)
{
    static const struct weir_processor processor = {.process = visit};
    weir_topology *t = weir_topology_new("t");
    weir_to(weir_process(texts(t, "in"), &processor, .key = &weir_str_type, .name = "mine"), "out");
    expect_text(t, "Topologies:\n"
                   "   Sub-topology: 0\n"
                   "    Source: KSTREAM-SOURCE-0000000000 (topics: [in])\n"
                   "      --> mine\n"
                   "    Processor: mine (stores: [])\n"
                   "      --> KSTREAM-SINK-0000000001\n"
                   "      <-- KSTREAM-SOURCE-0000000000\n"
                   "    Sink: KSTREAM-SINK-0000000001 (topic: out)\n"
                   "      <-- mine\n"
                   "\n");
}

Test(describe, two_readers_of_a_topic_are_as_kafka_streams_prints_them)
{
    weir_topology *t = weir_topology_new("t");
    weir_stream *one = texts(t, "in");
    weir_stream *two = texts(t, "in");
    weir_stream *kept = weir_filter(one, test_all);
    weir_to(weir_merge(kept, weir_map_values(two, &weir_str_type, value_of)), "out");
    expect_text(t, twice_text);
}

Test(describe, a_named_join_of_tables_is_as_kafka_streams_prints_it)
{
    weir_topology *t = weir_topology_new("t");
    weir_table *l = table(t, "l");
    weir_table *r = table(t, "r");
    weir_to(weir_changes(weir_join_tables(l, r, join, .value = &weir_str_type, .store = "o", .name = "both")), "x");
    expect_text(t, namedtt_text);
}

Test(describe, joins_of_joins_are_as_kafka_streams_prints_them)
{
    weir_topology *t = weir_topology_new("t");
    weir_table *l = table(t, "l");
    weir_table *r = table(t, "r");
    weir_table *q = table(t, "q");
    weir_table *lr = weir_join_tables(l, r, join, .value = &weir_str_type);
    weir_to(weir_changes(weir_join_tables(lr, q, join, .value = &weir_str_type, .kind = WEIR_OUTER)), "z");
    expect_text(t, ttchain_text);
}

Test(describe, branches_are_numbered_behind_their_split)
{
    weir_topology *t = weir_topology_new("t");
    weir_branches *by = weir_split(texts(t, "in"));
    weir_branch(by, test_all);
    weir_branch_rest(by);
    char *text = describe(t, WEIR_DESCRIBE_TEXT);
    cr_expect(strstr(text, "--> KSTREAM-BRANCH-00000000010, KSTREAM-BRANCH-00000000011\n"));
    free(text);
    weir_topology_free(t);
}

static weir_topology *awkward(void)
{
    weir_topology *t = weir_topology_new("say \"hi\" \\ there");
    weir_stream *in = weir_from_with(t, "in", &weir_str_type,
                                     (struct weir_source_args){.at = "a \"quoted\" file.c:1", .value = &weir_str_type});
    weir_grouped *by = weir_group_by(in, "by-v", &weir_str_type, value_of);
    weir_table *counts = weir_count(by, "counts", .window = {.size = weir_seconds(10), .grace = weir_seconds(1)});
    weir_to(weir_changes(counts), "out");
    return t;
}

static const char *text_in(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

Test(describe, json_is_valid_and_says_what_there_is)
{
    weir_topology *t = awkward();
    char *text = describe(t, WEIR_DESCRIBE_JSON);
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    cr_assert_not_null(root, "%s", text);
    cr_expect_str_eq(text_in(root, "name"), "say \"hi\" \\ there");
    json_t *parts = json_object_get(root, "subtopologies");
    cr_assert_eq(json_array_size(parts), 2);
    json_t *source = json_array_get(json_object_get(json_array_get(parts, 0), "nodes"), 0);
    cr_expect_str_eq(text_in(source, "kind"), "source");
    cr_expect(json_is_null(json_object_get(source, "operator")));
    cr_expect_str_eq(text_in(source, "at"), "a \"quoted\" file.c:1");
    json_t *count = json_array_get(json_object_get(json_array_get(parts, 1), "nodes"), 1);
    cr_expect_str_eq(text_in(count, "operator"), "AGGREGATE");
    cr_expect_str_eq(json_string_value(json_array_get(json_object_get(count, "stores"), 0)), "counts");
    json_t *store = json_array_get(json_object_get(root, "stores"), 0);
    cr_expect_str_eq(text_in(store, "kind"), "window");
    cr_expect_eq(json_integer_value(json_object_get(store, "subtopology")), 1);
    cr_expect_eq(json_integer_value(json_object_get(store, "window_ms")), 10000);
    cr_expect_eq(json_integer_value(json_object_get(store, "retention_ms")), 11000);
    json_decref(root);
    free(text);
    weir_topology_free(t);
}

Test(describe, drawings_have_topics_nodes_and_stores)
{
    weir_topology *t = awkward();
    char *text = describe(t, WEIR_DESCRIBE_DOT);
    cr_expect(strstr(text, "digraph \"say \\\"hi\\\" \\\\ there\" {\n"));
    cr_expect(strstr(text, "subgraph cluster_1 {"));
    cr_expect(strstr(text, "[label=\"counts\", shape=cylinder]"));
    free(text);
    text = describe(t, WEIR_DESCRIBE_MERMAID);
    cr_expect_eq(strncmp(text, "flowchart LR\n", 13), 0);
    cr_expect(strstr(text, "[(\"counts\")]"));
    cr_expect(strstr(text, "  t0 --> n0_0\n"));
    free(text);
    weir_topology_free(t);
}

Test(describe, a_topology_with_an_error_is_not_described)
{
    struct weir_error error = {0};
    weir_topology *t = weir_topology_new("t");
    weir_filter(texts(t, "in"), NULL);
    cr_expect_not(weir_topology_describe(t, WEIR_DESCRIBE_TEXT, stdout, &error));
    cr_expect_eq(error.code, WEIR_INVALID);
    weir_topology_free(t);
}

Test(describe, topics_and_stores_are_in_the_order_of_a_java_set)
{
    weir_topology *t = weir_topology_new("t");
    weir_from(
        t, "zeta", &weir_str_type, &weir_str_type,
        .also = {"alpha", "mid", "orders", "payments", "refunds", "logs-eu", "logs-us", "x1", "x2", "x10", "a", "b"});
    char *text = describe(t, WEIR_DESCRIBE_TEXT);
    cr_expect(
        strstr(text, "(topics: [zeta, a, b, logs-eu, payments, mid, refunds, x10, alpha, logs-us, x1, orders, x2])"),
        "%s", text);
    free(text);
    weir_topology_free(t);
}

static bool all(weir_context *context, const struct weir_record *record)
{
    (void)context, (void)record;
    return true;
}

static void look(weir_context *context, const struct weir_record *record)
{
    (void)context, (void)record;
}

/* The numbers of paths grow while Kafka Streams sorts by them. */
Test(describe, many_successors_are_in_the_order_of_kafka_streams)
{
    weir_topology *t = weir_topology_new("t");
    weir_stream *in = texts(t, "in");
    static const char *const topics[] = {"o0", "o1", "o2", "o3", "o4", "o5"};
    for (size_t i = 0; i < 6; i++)
        weir_to(weir_filter(in, all), topics[i]);
    weir_to(weir_peek(weir_map_values(in, &weir_str_type, value_of), look), "x");
    expect_text(t, fan_text);
}

Test(describe, a_source_of_several_topics_is_as_kafka_streams_prints_it)
{
    weir_topology *t = weir_topology_new("t");
    weir_stream *in = weir_from(t, "zeta", &weir_str_type, &weir_str_type, .also = {"alpha", "mid"}, .name = "src");
    weir_to(weir_filter(in, all), "out");
    expect_text(t, several_text);
}

static const void *keep(weir_context *context, const struct weir_record *record, const void *aggregate)
{
    (void)context, (void)record;
    return aggregate;
}

Test(describe, a_grouped_table_is_as_kafka_streams_prints_it)
{
    weir_topology *t = weir_topology_new("t");
    weir_table *rows = weir_table_from(t, "in", "in-rows", &weir_str_type, &weir_str_type);
    weir_grouped_table *by = weir_group_by(rows, "by-v", &weir_str_type, value_of);
    weir_to(weir_changes(weir_count(by, "counts")), "out");
    weir_to(weir_changes(weir_reduce(by, "reds", keep, .subtract = keep, .name = "red")), "out2");
    expect_text(t, regroup_text);
}

static void add_any(weir_context *context, const struct weir_record *record, void *aggregate)
{
    (void)context, (void)record, (void)aggregate;
}

Test(describe, a_cogroup_is_as_kafka_streams_prints_it)
{
    weir_topology *t = weir_topology_new("t");
    weir_stream *left = texts(t, "left"), *right = texts(t, "right");
    weir_cogrouped *both = weir_cogroup_add(weir_cogroup(weir_group(left), add_any), weir_group(right), add_any);
    weir_to(weir_changes(weir_cogroup_aggregate(both, "a", &weir_str_type)), "out");
    expect_text(t, cogroup_text);
}

Test(describe, a_named_cogroup_behind_a_repartition_is_as_kafka_streams_prints_it)
{
    weir_topology *t = weir_topology_new("t");
    weir_grouped *left = weir_group_by(texts(t, "left"), "by", &weir_str_type, value_of);
    weir_cogrouped *both = weir_cogroup(left, add_any);
    weir_cogroup_add(both, weir_group(texts(t, "right")), add_any);
    weir_to(weir_changes(weir_cogroup_aggregate(both, "a", &weir_str_type, .name = "both")), "out");
    expect_text(t, named_cogroup_text);
}

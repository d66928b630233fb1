/* How wide the topics of a layout are when the broker learns of one late. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/config.h"
#include "broker/broker.h"
#include "runtime/layout.h"

/* The embedded log, but a topic stays unknown to the first who ask for its partitions: one of several brokers does not know yet what
 * was made through another. */
static struct {
    struct broker *log;
    const struct broker_ops *honest;
    struct broker_ops ops;
    const char *topic;
    int times;
} late;

static struct broker_topic_spec made; /* as it was asked for first, of the topic */

static bool late_ensure(struct broker *log, const struct broker_topic_spec *specs, size_t count,
                        struct weir_error *error)
{
    for (size_t i = 0; i < count; i++)
        if (!made.name && strcmp(specs[i].name, late.topic) == 0)
            made = specs[i];
    return late.honest->ensure(log, specs, count, error);
}

static int32_t late_partitions(struct broker *log, const char *topic, struct weir_error *error)
{
    if (late.times > 0 && strcmp(topic, late.topic) == 0) {
        late.times--;
        return 0;
    }
    return late.honest->partitions(log, topic, error);
}

static void make_late_topic(const char *topic, int32_t partitions, int times)
{
    struct weir_error error = {0};
    late.log = broker_embedded_open(NULL, NULL, &error);
    cr_assert_not_null(late.log, "%s", error.message);
    const struct broker_topic_spec spec = {.name = topic, .partitions = partitions};
    cr_assert(late.log->ops->ensure(late.log, &spec, 1, &error), "%s", error.message);
    late.honest = late.log->ops;
    late.ops = *late.honest;
    late.ops.partitions = late_partitions;
    late.ops.ensure = late_ensure;
    late.log->ops = &late.ops;
    late.topic = topic;
    late.times = times;
}

static void close_late_topic(void)
{
    cr_expect_eq(late.times, 0, "the topic was never unknown");
    late.log->ops = late.honest;
    late.log->ops->close(late.log);
}

static int32_t count_of(const char *topic)
{
    struct weir_error error = {0};
    return late.honest->partitions(late.log, topic, &error);
}

static void lay_out(struct layout *layout, weir_topology *t)
{
    struct weir_error error = {0};
    struct config *config = config_new();
    cr_assert(layout_init(layout, t, "a", config, &error), "%s", error.message);
    cr_assert(layout_create_topics(layout, late.log, config, &error), "%s", error.message);
    config_free(config);
}

Test(topics, one_that_is_known_late_decides_how_wide_those_are_that_follow_it)
{
    struct layout layout;
    make_late_topic("in", 3, 1);
    weir_topology *t = weir_topology_new("t");
    weir_stream *moved = weir_repartition(weir_from(t, "in", &weir_str_type, &weir_str_type), "moved");
    weir_count(weir_group(moved), "counts");
    lay_out(&layout, t);
    cr_expect_eq(count_of("in"), 3);
    cr_expect_eq(count_of("a-moved-repartition"), 3);
    cr_expect_eq(count_of("a-counts-changelog"), 3);
    for (size_t i = 0; i < layout.part_count; i++)
        cr_expect_eq(layout.parts[i].partitions, 3);
    layout_done(&layout);
    close_late_topic();
}

Test(topics, one_that_is_known_late_may_be_read_by_every_instance)
{
    struct layout layout;
    make_late_topic("all", 3, 1);
    weir_topology *t = weir_topology_new("t");
    weir_global(t, "all", "all", &weir_str_type, &weir_str_type);
    weir_to(weir_from(t, "in", &weir_str_type, &weir_str_type), "out");
    lay_out(&layout, t);
    cr_expect_eq(layout.parts[layout.part_count].source_count, 3);
    layout_done(&layout);
    close_late_topic();
}

Test(topics, a_changelog_of_the_app_that_it_reads_is_compacted)
{
    struct layout layout;
    make_late_topic("in", 3, 0);
    late.topic = "a-counts-changelog";
    weir_topology *t = weir_topology_new("t");
    weir_count(weir_group(weir_from(t, "in", &weir_str_type, &weir_str_type)), "counts");
    weir_to(weir_from(t, "a-counts-changelog", &weir_str_type, &weir_i64_type), "out");
    lay_out(&layout, t);
    cr_expect_eq(made.cleanup, BROKER_COMPACT);
    cr_expect_eq(count_of("a-counts-changelog"), 3);
    layout_done(&layout);
    close_late_topic();
}

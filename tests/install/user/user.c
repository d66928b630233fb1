/* A program that only has the installed package: a topology, a generated schema, the test driver. */
#include <stdio.h>

#include "point.h"
#include "weir.h"

static bool is_positive(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return point_value(record)->x > 0;
}

int main(void)
{
    struct weir_error error = {0};
    weir_topology *topology = weir_topology_new("points");
    weir_stream *points = weir_from(topology, "points", &weir_str_type, &point_type);
    weir_to(weir_filter(points, is_positive), "positive");
    weir_test *test = weir_test_new(topology, (struct weir_config){.application = "points"}, &error);
    if (!test)
        return fprintf(stderr, "%s\n", error.message), 1;
    struct point point = {.x = 7};
    weir_test_send(test, "points", (struct weir_record){.key = WEIR_STR("a"), .value = &point});
    struct weir_record out;
    bool ok = weir_test_recv(test, "positive", &out) && point_value(&out)->x == 7;
    weir_test_free(test);
    puts(ok ? "ok" : "wrong");
    return !ok;
}

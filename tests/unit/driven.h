/* driven.h: a topology in the test driver, with texts in and "key=value@time " out; and joiners of texts. */
#ifndef WEIR_TESTS_DRIVEN_H
#define WEIR_TESTS_DRIVEN_H
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/bytes.h"
#include "graph/graph.h"
#include "weir.h"

static inline weir_test *drive(weir_topology *topology)
{
    struct weir_error error = {0};
    weir_test *test = weir_test_new(topology, (struct weir_config){0}, &error);
    cr_assert_not_null(test, "%s", error.message);
    return test;
}

static inline void put(weir_test *test, const char *topic, const char *key, const char *value, int64_t timestamp_ms)
{
    weir_test_send_raw(test, topic,
                       (struct weir_raw_record){bytes_of_text(key), bytes_of_text(value), timestamp_ms, {NULL, 0}});
}

/* All that has come to "out" since the last time. */
static inline void expect(weir_test *test, const char *lines)
{
    struct buffer text = {0};
    struct weir_raw_record record;
    while (weir_test_recv_raw(test, "out", &record))
        buffer_format(&text, "%.*s=%.*s@%d ", (int)record.key.size, (const char *)record.key.data,
                      record.value.data ? (int)record.value.size : 4,
                      record.value.data ? (const char *)record.value.data : "null", (int)record.timestamp_ms);
    buffer_byte(&text, 0);
    cr_expect_str_eq(text.data, lines);
    buffer_done(&text);
}

static inline void end(weir_test *test)
{
    struct weir_error error = {0};
    cr_expect_not(weir_test_failed(test, &error), "%s", error.message);
    weir_test_free(test);
}

/* A mistake is latched whose message has that part. Frees the topology. */
static inline void expect_refused(weir_topology *t, const char *part)
{
    cr_expect(strstr(t->error.message, part), "found: %s", t->error.message);
    weir_topology_free(t);
}

/* A joiner: "left+right", "left+nobody". */
static inline const void *both(weir_context *context, const struct weir_record *left, const struct weir_record *right)
{
    struct buffer buffer = {0};
    const weir_bytes *one = left->value, *other = right ? right->value : NULL;
    buffer_append(&buffer, one->data, one->size);
    buffer_text(&buffer, "+");
    buffer_append(&buffer, other ? other->data : "nobody", other ? other->size : 6);
    weir_bytes *out = weir_alloc(context, sizeof *out);
    char *data = weir_alloc(context, buffer.size);
    memcpy(data, buffer.data, buffer.size);
    *out = (weir_bytes){data, buffer.size};
    buffer_done(&buffer);
    return out;
}
#endif

/* position.c: positions as text, and back. */
#include <criterion/criterion.h>

#include "runtime/position.h"

static bool reads(const char *text, struct position *first, size_t *count)
{
    static weir_arena arena; /* lives as long as the worker */
    struct position *out = NULL;
    struct weir_error error = {0};
    bool ok = position_read(text, &arena, &out, count, &error);
    if (ok)
        *first = out[0];
    else
        cr_expect_eq(error.code, WEIR_INVALID);
    arena_done(&arena);
    return ok;
}

Test(position, one_entry_is_read)
{
    weir_arena arena;
    arena_init(&arena);
    struct position *out = NULL;
    size_t count = 0;
    struct weir_error error = {0};
    cr_assert(position_read("orders.events:3:1234", &arena, &out, &count, &error));
    cr_expect_eq(count, 1);
    cr_expect_str_eq(out[0].topic, "orders.events");
    cr_expect_eq(out[0].partition, 3);
    cr_expect_eq(out[0].offset, 1234);
    arena_done(&arena);
}

Test(position, several_entries_are_read_in_order)
{
    weir_arena arena;
    arena_init(&arena);
    struct position *out = NULL;
    size_t count = 0;
    struct weir_error error = {0};
    cr_assert(position_read("a:0:1,b-c:2:3,a:1:9223372036854775807", &arena, &out, &count, &error));
    cr_expect_eq(count, 3);
    cr_expect_str_eq(out[1].topic, "b-c");
    cr_expect_eq(out[2].offset, INT64_MAX);
    arena_done(&arena);
}

Test(position, anything_else_is_refused)
{
    static const char *const wrong[] = {"",
                                        "a",
                                        "a:",
                                        "a:1",
                                        "a:1:",
                                        ":1:2",
                                        "a:-1:2",
                                        "a:1:-2",
                                        "a:1:x",
                                        "a:1:2x",
                                        "a:99999999999:1",
                                        "a:1:99999999999999999999",
                                        "a,1:2",
                                        "a:1,2",
                                        "a:1:2,,b:1:2",
                                        "a:1:2,",
                                        ","};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct position first;
        size_t count = 0;
        cr_expect_not(reads(wrong[i], &first, &count), "%s", wrong[i]);
    }
}

/* Two inputs of one task, as a row and a view write them. */
static void expect_written(int64_t first, int64_t second, int32_t partition, const char *expected)
{
    struct layout_source sources[] = {{.topic = "orders.events"}, {.topic = "b"}};
    struct task_source inputs[] = {{.layout = &sources[0]}, {.layout = &sources[1]}};
    _Atomic int64_t committed[2];
    atomic_init(&committed[0], first);
    atomic_init(&committed[1], second);
    const struct task task = {.sources = inputs, .source_count = 2, .partition = partition, .committed = committed};
    struct buffer text = {0};
    weir_arena arena;
    arena_init(&arena);
    position_write(&task, &text);
    cr_expect_str_eq(text.data, expected);
    cr_expect_eq(text.size, strlen(expected));
    cr_expect_str_eq(position_text(&task, &arena), expected);
    buffer_done(&text);
    arena_done(&arena);
}

Test(position, the_committed_inputs_are_written)
{
    expect_written(0, 1234, 3, "orders.events:3:0,b:3:1234");
}

Test(position, the_largest_numbers_are_written)
{
    expect_written(INT64_MAX, INT64_MAX, INT32_MAX,
                   "orders.events:2147483647:9223372036854775807,b:2147483647:9223372036854775807");
}

Test(position, an_input_without_a_commit_is_left_out)
{
    expect_written(-1, 7, 0, "b:0:7");
    expect_written(7, -1, 0, "orders.events:0:7");
    expect_written(-1, -1, 0, "");
}

Test(position, a_task_is_appended_behind_another)
{
    struct layout_source source = {.topic = "a"};
    struct task_source input = {.layout = &source};
    _Atomic int64_t committed;
    atomic_init(&committed, 5);
    struct task task = {.sources = &input, .source_count = 1, .committed = &committed};
    struct buffer text = {0};
    position_write(&task, &text);
    task.partition = 1;
    position_write(&task, &text);
    cr_expect_str_eq(text.data, "a:0:5,a:1:5");
    buffer_done(&text);
}

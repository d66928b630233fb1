/* Rows from several instances become one listing. */
#include <criterion/criterion.h>

#include "base/bytes.h"
#include "http/merge.h"

enum { PARTS = 3 };

static struct buffer parts[PARTS];

static void write_part(size_t part, bool more, const char *const *orders)
{
    buffer_clear(&parts[part]);
    frames_write_head(&parts[part], bytes_of_text(part ? "t:1:7" : "t:0:5"));
    for (; *orders; orders++)
        frames_write_row(&parts[part], &(struct frame){.order = bytes_of_text(*orders),
                                                       .key = bytes_of_text(*orders),
                                                       .window_ms = -5,
                                                       .window_end_ms = 7,
                                                       .partition = (int32_t)part,
                                                       .text = bytes_of_text(*orders)});
    if (more)
        frames_set_more(&parts[part]);
}

static void add(struct merge *merge, size_t part)
{
    struct frames frames;
    cr_assert(frames_read_head(&frames, buffer_bytes(&parts[part])));
    merge_add(merge, frames);
}

/* All rows as "<order><partition> ". */
static const char *read_all(struct merge *merge, bool descending)
{
    static char text[200];
    struct frame row;
    text[0] = 0;
    while (merge_next(merge, descending, &row))
        sprintf(text + strlen(text), "%.*s%d ", (int)row.order.size, (const char *)row.order.data, row.partition);
    return text;
}

#define ROWS(...)                                                                                                      \
    (const char *const[])                                                                                              \
    {                                                                                                                  \
        __VA_ARGS__, NULL                                                                                              \
    }

Test(merge, gives_rows_in_order_and_equal_ones_by_partition)
{
    struct merge merge = {0};
    write_part(0, false, ROWS("a", "c", "e"));
    write_part(1, false, ROWS("b", "c"));
    add(&merge, 0);
    add(&merge, 1);
    cr_expect_str_eq(read_all(&merge, false), "a0 b1 c0 c1 e0 ");
    cr_expect_not(merge.more);
    merge_done(&merge);
}

Test(merge, gives_all_rows_of_the_order_at_which_a_part_is_used_up)
{
    struct merge merge = {0};
    write_part(0, true, ROWS("a", "c"));
    write_part(1, false, ROWS("c", "d"));
    write_part(2, true, ROWS("c"));
    add(&merge, 0);
    add(&merge, 1);
    add(&merge, 2);
    cr_expect_str_eq(read_all(&merge, false), "a0 c0 c1 c2 ");
    cr_expect(merge.more);
    merge_done(&merge);
}

Test(merge, goes_down_when_asked_to)
{
    struct merge merge = {0};
    write_part(0, false, ROWS("e", "a"));
    write_part(1, false, ROWS("c"));
    add(&merge, 0);
    add(&merge, 1);
    cr_expect_str_eq(read_all(&merge, true), "e0 c1 a0 ");
    merge_done(&merge);
}

Test(merge, ends_where_a_part_is_used_up_that_has_more)
{
    struct merge merge = {0};
    write_part(0, true, ROWS("a", "c"));
    write_part(1, false, ROWS("b", "d"));
    add(&merge, 0);
    add(&merge, 1);
    cr_expect_str_eq(read_all(&merge, false), "a0 b1 c0 ");
    cr_expect(merge.more);
    merge_done(&merge);
}

Test(merge, joins_the_positions)
{
    struct merge merge = {0};
    weir_arena arena;
    arena_init(&arena);
    write_part(0, false, ROWS("a"));
    write_part(1, false, ROWS("b"));
    add(&merge, 0);
    add(&merge, 1);
    cr_expect_str_eq(merge_position(&merge, &arena), "t:0:5,t:1:7");
    arena_done(&arena);
    merge_done(&merge);
}

Test(frames, that_are_cut_off_anywhere_give_the_whole_rows_before)
{
    struct frames frames;
    struct frame row;
    write_part(0, false, ROWS("first", "second"));
    for (size_t size = 0; size < parts[0].size; size++) {
        weir_bytes cut = {parts[0].data, size};
        if (!frames_read_head(&frames, cut))
            continue;
        size_t count = 0;
        while (frames_next(&frames, &row))
            count++;
        cr_expect(count < 2, "%zu bytes", size);
        cr_expect(count == 0 || (row.window_ms == -5 && row.window_end_ms == 7));
    }
}

Test(frames, of_something_else_are_none)
{
    struct frames frames;
    cr_expect_not(frames_read_head(&frames, bytes_of_text("{\"data\":[]}")));
    cr_expect_not(frames_read_head(&frames, (weir_bytes){"", 0}));
}

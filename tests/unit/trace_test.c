/* trace_test.c: what is a traceparent and what is not (W3C Trace Context, 3.2). SPDX-License-Identifier: Apache-2.0 */
#include "base/trace.h"

#include <criterion/criterion.h>

#include "base/bytes.h"

#define PARENT "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

Test(trace, the_id_is_taken_from_a_traceparent)
{
    cr_assert_str_eq(trace_of_parent(bytes_of_text(PARENT)).text, "4bf92f3577b34da6a3ce929d0e0e4736");
}

Test(trace, what_is_malformed_is_none)
{
    static const char *const wrong[] = {
        "",
        "00",
        "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4BF92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0x",
        "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01",
        PARENT "-more",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_expect_str_eq(trace_of_parent(bytes_of_text(wrong[i])).text, "", "%s", wrong[i]);
    static const char with_nul[TRACE_PARENT_BYTES + 1] = "00-4bf92f3577b34da6a3ce929d0e0e\0736-00f067aa0ba902b7-01";
    cr_expect_not(trace_is_parent((weir_bytes){with_nul, TRACE_PARENT_BYTES}));
}

Test(trace, the_first_header_of_that_name_counts)
{
    struct weir_header items[] = {{"other", bytes_of_text(PARENT)},
                                  {"traceparent", bytes_of_text(PARENT)},
                                  {"traceparent", bytes_of_text("00-x")}};
    cr_expect_str_eq(trace_of_headers((struct weir_headers){items, 3}).text, "4bf92f3577b34da6a3ce929d0e0e4736");
    cr_expect_str_eq(trace_of_headers((struct weir_headers){items, 1}).text, "");
    cr_expect_str_eq(trace_of_headers((struct weir_headers){items + 2, 1}).text, "");
}

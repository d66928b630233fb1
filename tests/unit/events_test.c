/* What another instance tells as server-sent events, cut into events. */
#include <criterion/criterion.h>

#include "base/bytes.h"
#include "http/events.h"

static void expect(weir_bytes found, const char *text)
{
    cr_expect(bytes_equal(found, bytes_of_text(text)), "'%.*s', not '%s'", (int)found.size, (const char *)found.data,
              text);
}

Test(events, an_event_has_its_name_its_id_and_its_data)
{
    struct event event;
    size_t skipped;
    const char *text = "event: change\nid: 0:1,2:3\ndata: {\"a\":1}\n\nevent: next";
    cr_assert_eq(events_next(bytes_of_text(text), &event, &skipped), strstr(text, "event: next") - text);
    expect(event.name, "change");
    expect(event.id, "0:1,2:3");
    expect(event.data, "{\"a\":1}");
}

Test(events, what_has_no_data_is_left_out)
{
    struct event event;
    size_t skipped;
    const char *text = "retry: 1000\n\n:\n\nid: 7:7\n\nevent:ready\ndata:x\n\n";
    cr_assert_eq(events_next(bytes_of_text(text), &event, &skipped), strlen(text));
    expect(event.name, "ready");
    expect(event.data, "x");
    cr_expect_null(event.id.data);
}

Test(events, one_that_is_not_whole_waits_and_what_stands_before_it_may_go)
{
    struct event event;
    size_t skipped;
    cr_expect_eq(events_next(bytes_of_text("event: change\ndata: {}\n"), &event, &skipped), 0);
    cr_expect_eq(skipped, 0);
    cr_expect_eq(events_next(bytes_of_text(":\n\n:\n\nevent: cha"), &event, &skipped), 0);
    cr_expect_eq(skipped, 6);
}

Test(events, a_partition_is_a_number_of_the_view)
{
    int32_t partition = -1;
    cr_expect(events_partition(bytes_of_text("{\"partition\":7}"), 8, &partition));
    cr_expect_eq(partition, 7);
    static const char *const wrong[] = {"{\"partition\":8}",
                                        "{\"partition\":}",
                                        "{\"partition\":-1}",
                                        "{\"partition\":1",
                                        "{\"partition\":99999999999999999999}",
                                        "{}",
                                        ""};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_expect_not(events_partition(bytes_of_text(wrong[i]), 8, &partition), "%s", wrong[i]);
}

/* aurore_test.c: the rules of aurore, one by one. Whole runs: systems_test.py.
 * SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <string.h>

#include "aurore/aurore.h"
#include "aurore_views.h"
#include "retention.h"

static weir_test *driver;

static void set_up(void)
{
    struct weir_error error = {0};
    driver = weir_test_new(aurore_topology(), (struct weir_config){.application = "aurore"}, &error);
    cr_assert(driver, "%s", error.message);
}

static void tear_down(void)
{
    struct weir_error error = {0};
    cr_expect_not(weir_test_failed(driver, &error), "%s", error.message);
    weir_test_free(driver);
}

TestSuite(aurore, .init = set_up, .fini = tear_down);

static weir_bytes text(const char *chars)
{
    return (weir_bytes){chars, strlen(chars)};
}

static void send(const char *value)
{
    weir_test_send_raw(driver, "aurore.events", (struct weir_raw_record){.value = text(value), .timestamp_ms = 1000});
}

/* id NULL: it has none. */
static void event(const char *service, const char *time, const char *id)
{
    char value[400];
    snprintf(value, sizeof value, "{\"timestamp\":\"%s\",\"service\":\"%s\",\"message\":\"<b>ok</b>\"%s%s%s}", time,
             service, id ? ",\"eventId\":\"" : "", id ? id : "", id ? "\"" : "");
    send(value);
}

static const void *row(const char *view, const char *key)
{
    weir_bytes bytes = text(key);
    return weir_test_get(driver, view, &bytes);
}

static int64_t total(void)
{
    const struct service_total *all = row("aurore-total", "all");
    return all ? all->events : 0;
}

static void expect_dead_letter(const char *reason)
{
    struct weir_raw_record letter;
    cr_assert(weir_test_recv_raw(driver, "aurore.events.dlq", &letter));
    for (size_t i = 0; i < letter.headers.count; i++) {
        weir_bytes value = letter.headers.items[i].value;
        if (memmem(value.data, value.size, reason, strlen(reason)))
            return;
    }
    cr_expect_fail("no header says %s", reason);
}

Test(aurore, an_event_is_found_by_service_and_by_time_as_it_was_given)
{
    event("mail", "2024-12-04T10:30:00.000Z", "e-1");
    const struct kept_event *kept = row("aurore-events", "mail/2024-12-04T10:30:00.000Z/e-1");
    cr_assert_not_null(kept);
    cr_expect_eq(kept->message.size, 9u);
    cr_expect_eq(memcmp(kept->message.data, "<b>ok</b>", 9), 0);
    cr_expect_not_null(row("aurore-events-by-time", "2024-12-04T10:30:00.000Z/mail/e-1"));
}

Test(aurore, an_event_that_has_an_id_counts_once)
{
    for (int i = 0; i < 3; i++)
        event("mail", "2024-12-04T10:30:00.000Z", "e-1");
    cr_expect_eq(total(), 1);
    cr_expect_eq(weir_test_dropped(driver, "duplicate"), 2u);
}

Test(aurore, an_event_without_an_id_is_told_from_others_by_its_place)
{
    event("mail", "2024-12-04T10:30:00.000Z", NULL);
    event("mail", "2024-12-04T10:30:00.000Z", NULL);
    cr_expect_eq(total(), 2);
    cr_expect_not_null(row("aurore-events", "mail/2024-12-04T10:30:00.000Z/0-1"));
}

Test(aurore, totals_are_kept_per_service_and_of_all)
{
    event("mail", "2024-12-04T10:30:00.000Z", "e-1");
    event("mail", "2024-12-04T09:30:00.000Z", "e-2");
    event("search", "2024-12-04T10:31:00.000Z", "e-3");
    const struct service_total *mail = row("aurore-services", "mail");
    cr_assert_not_null(mail);
    cr_expect_eq(mail->events, 2);
    cr_expect_eq(mail->last - mail->first, 3600000);
    cr_expect_eq(total(), 3);
}

Test(aurore, an_event_is_in_every_window_that_reaches_over_it)
{
    const int64_t ten_thirty = INT64_C(1733308200000);
    event("mail", "2024-12-04T10:30:00.000Z", "e-1");
    weir_bytes all = text("all");
    const int64_t *minute = weir_test_get_window(driver, "aurore-per-minute", &all, ten_thirty);
    const int64_t *hour = weir_test_get_window(driver, "aurore-last-hour", &all, ten_thirty - 59 * 60000);
    cr_assert(minute && hour);
    cr_expect(*minute == 1 && *hour == 1);
    cr_expect_null(weir_test_get_window(driver, "aurore-last-hour", &all, ten_thirty - 60 * 60000));
}

Test(aurore, an_event_is_gone_when_time_has_passed_it_by_thirty_days)
{
    event("mail", "2024-12-04T10:30:00.000Z", "old");
    event("mail", "2025-01-03T10:29:59.999Z", "e-2");
    cr_expect_not_null(row("aurore-events", "mail/2024-12-04T10:30:00.000Z/old"));
    event("mail", "2025-01-03T10:30:00.000Z", "e-3");
    cr_expect_null(row("aurore-events", "mail/2024-12-04T10:30:00.000Z/old"));
    cr_expect_null(row("aurore-events-by-time", "2024-12-04T10:30:00.000Z/mail/old"));
    cr_expect_eq(total(), 3, "what was counted stays counted");
}

Test(aurore, a_dead_letter_names_the_field_of_what_breaks_a_rule)
{
    event("", "2024-12-04T10:30:00.000Z", NULL);
    expect_dead_letter("service: is empty");
    char long_name[102] = "";
    memset(long_name, 'x', 101);
    event(long_name, "2024-12-04T10:30:00.000Z", NULL);
    expect_dead_letter("service: has more than 100 characters");
    event("mail", "1969-12-31T23:59:59.999Z", NULL);
    expect_dead_letter("timestamp: is before 1970");
    cr_expect_eq(total(), 0);
}

Test(aurore, a_hundred_characters_are_counted_as_characters)
{
    char name[301] = "";
    for (int i = 0; i < 100; i++)
        memcpy(name + 3 * i, "\u20ac", 3);
    event(name, "2024-12-04T10:30:00.000Z", "e-1");
    cr_expect_eq(total(), 1);
}

/* ---- retention by the wall clock ---- */

static void ask_for_retention(void)
{
    weir_test_send_raw(driver, "aurore.retention",
                       (struct weir_raw_record){.key = text("r-1"),
                                                .value = text("{\"requestId\":\"r-1\",\"requestedAt\":0}"),
                                                .timestamp_ms = weir_days(400).ms});
}

static const struct retention_run *run(void)
{
    return row("aurore-retention", "partition-0");
}

Test(aurore, an_event_is_deleted_at_two_in_the_night_when_it_is_thirty_days_old_though_no_other_comes)
{
    event("mail", "1970-01-02T01:00:00.000Z", "old");
    event("mail", "1970-01-02T03:00:00.000Z", "new");
    weir_test_advance(driver, weir_days(31)); /* 1970-02-01, midnight */
    cr_expect_not_null(row("aurore-events", "mail/1970-01-02T01:00:00.000Z/old"));
    weir_test_advance(driver, weir_hours(2));
    weir_test_advance(driver, weir_seconds(1));
    cr_expect_null(row("aurore-events", "mail/1970-01-02T01:00:00.000Z/old"));
    cr_expect_null(row("aurore-events-by-time", "1970-01-02T01:00:00.000Z/mail/old"));
    cr_expect_not_null(row("aurore-events", "mail/1970-01-02T03:00:00.000Z/new"));
    cr_expect_eq(total(), 2, "what was counted stays counted");
}

Test(aurore, retention_runs_when_it_is_asked_for_and_tells_what_it_did)
{
    event("mail", "1970-01-01T01:00:00.000Z", "old");
    event("mail", "1970-01-02T03:00:00.000Z", "new");
    weir_test_advance(driver, weir_hours(30 * 24 + 12));
    ask_for_retention();
    weir_test_advance(driver, weir_seconds(1));
    cr_expect_null(row("aurore-events", "mail/1970-01-01T01:00:00.000Z/old"));
    cr_expect_not_null(row("aurore-events-by-time", "1970-01-02T03:00:00.000Z/mail/new"));
    cr_assert_not_null(run());
    cr_expect_eq(run()->deleted, 1);
    cr_expect(run()->has_finished_at);
    cr_expect_eq(run()->before, weir_hours(12).ms);
}

Test(aurore, a_run_over_many_events_deletes_them_a_few_thousand_at_a_time)
{
    for (int i = 0; i < 5500; i++) {
        char id[16];
        snprintf(id, sizeof id, "e-%04d", i);
        event("mail", "1970-01-01T01:00:00.000Z", id);
    }
    weir_test_advance(driver, weir_hours(30 * 24 + 12));
    ask_for_retention();
    weir_test_advance(driver, weir_millis(200));
    cr_expect_eq(run()->deleted, 5000);
    cr_expect_not(run()->has_finished_at);
    weir_test_advance(driver, weir_millis(200));
    cr_expect_eq(run()->deleted, 5500);
    cr_expect(run()->has_finished_at);
    cr_expect_null(row("aurore-events", "mail/1970-01-01T01:00:00.000Z/e-5499"));
}

/* shop_events_test.c: are the generated events what the demo and the tests rely on?
 * SPDX-License-Identifier: Apache-2.0 */
#include "commerce/generator.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const int64_t start_ms = 1733308200000;

static char *events_of(uint64_t seed, int count)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    struct generator *shop = generator_new(seed, start_ms, 200);
    struct generator_event event;
    for (int i = 0; i < count && generator_next(shop, INT64_MAX, &event); i++)
        fprintf(out, "%s %s %s\n", event.topic, event.key ? event.key : "-", event.value);
    generator_free(shop);
    fclose(out);
    return text;
}

Test(shop_events, a_seed_gives_the_same_events_again)
{
    char *first = events_of(7, 2000), *second = events_of(7, 2000), *other = events_of(8, 2000);
    cr_expect_str_eq(first, second);
    cr_expect_str_neq(first, other);
    free(first);
    free(second);
    free(other);
}

Test(shop_events, arrival_never_goes_back_but_event_time_does)
{
    struct generator *shop = generator_new(1, start_ms, 200);
    struct generator_event event;
    int64_t last_ms = 0;
    int late = 0;
    for (int i = 0; i < 20000; i++) {
        cr_assert(generator_next(shop, INT64_MAX, &event));
        cr_assert(event.arrival_ms >= last_ms);
        last_ms = event.arrival_ms;
        late += event.arrival_ms - event.timestamp_ms > 1000;
    }
    cr_expect(late > 100 && late < 1500, "%d", late);
    generator_free(shop);
}

Test(shop_events, some_events_come_twice_and_some_are_broken)
{
    struct generator *shop = generator_new(1, start_ms, 200);
    struct generator_event event;
    int broken = 0, keyless = 0;
    for (int i = 0; i < 50000; i++) {
        cr_assert(generator_next(shop, INT64_MAX, &event));
        broken += event.broken;
        keyless += event.key == NULL;
    }
    generator_free(shop);
    cr_expect(broken > 5 && broken < 200, "%d", broken);
    cr_expect(keyless > 0 && keyless < broken);
}

Test(shop_events, keeps_the_pace)
{
    struct generator *shop = generator_new(1, start_ms, 10);
    struct generator_event event;
    int count = 0;
    while (generator_next(shop, start_ms + 600000, &event))
        count++;
    cr_expect(count > 4500 && count < 7500, "%d events in 600 s at 10 per second", count);
    generator_set_pace(shop, 1000);
    count = 0;
    while (generator_next(shop, start_ms + 630000, &event))
        count++;
    cr_expect(count > 22000 && count < 38000, "%d events in 30 s at 1000 per second", count);
    generator_free(shop);
}

Test(shop_events, gives_nothing_before_its_time)
{
    struct generator *shop = generator_new(1, start_ms, 200);
    struct generator_event event;
    cr_expect_not(generator_next(shop, start_ms - 1, &event));
    generator_free(shop);
}

Test(shop_events, knows_all_its_topics)
{
    struct generator *shop = generator_new(3, start_ms, 200);
    struct generator_event event;
    for (int i = 0; i < 3000; i++) {
        cr_assert(generator_next(shop, INT64_MAX, &event));
        bool known = false;
        for (size_t t = 0; generator_topics[t]; t++)
            known = known || strcmp(generator_topics[t], event.topic) == 0;
        cr_assert(known, "%s", event.topic);
    }
    generator_free(shop);
}

/* codec.c: how long does it take to read and to write one order event with five items, as JSON and as Avro?
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "measure.h"
#include "order_event.h"
#include "orders.h"
#include "schemas/codec.h"

enum { WARM_ROUNDS = 20000, ROUNDS = 400000 };

struct subject {
    weir_arena arena;
    struct buffer out;
    struct weir_error error;
    weir_bytes json, avro;
    const struct order_event *event;
};

static void must(bool done, const struct subject *subject)
{
    if (!done)
        measure_fail("codec: %s", subject->error.message);
}

static void read_json(struct subject *subject)
{
    must(json_read(&order_event_type, subject->json, &subject->arena, &subject->error), subject);
}

static void write_json(struct subject *subject)
{
    must(json_write(&order_event_type, subject->event, &subject->out, &subject->error), subject);
}

static void read_avro(struct subject *subject)
{
    must(avro_read(&order_event_type, subject->avro, &subject->arena, &subject->error), subject);
}

static void write_avro(struct subject *subject)
{
    must(avro_write(&order_event_type, subject->event, &subject->out, &subject->error), subject);
}

static void repeat(void (*step)(struct subject *), struct subject *subject, int rounds)
{
    for (int i = 0; i < rounds; i++) {
        step(subject);
        arena_clear(&subject->arena);
        buffer_clear(&subject->out);
    }
}

static double nanoseconds_of(void (*step)(struct subject *), struct subject *subject)
{
    repeat(step, subject, WARM_ROUNDS);
    double began = measure_cpu_seconds();
    repeat(step, subject, ROUNDS);
    return (measure_cpu_seconds() - began) * 1e9 / ROUNDS;
}

/* The forms that are read; they live in an arena of their own. */
static void prepare(struct subject *subject, weir_arena *kept)
{
    struct orders orders = {.seed = 1, .start_ms = 1733308200000};
    static struct orders_event order;
    orders_write(&orders, 0, ORDERS_ITEMS_MAX, &order);
    subject->json = (weir_bytes){order.value, strlen(order.value)};
    subject->event = json_read(&order_event_type, subject->json, kept, &subject->error);
    must(subject->event != NULL, subject);
    write_avro(subject);
    subject->avro = arena_bytes(kept, buffer_bytes(&subject->out));
    buffer_clear(&subject->out);
}

int main(void)
{
    weir_arena kept;
    struct subject subject = {0};
    arena_init(&kept);
    arena_init(&subject.arena);
    prepare(&subject, &kept);
    printf("{\"json_bytes\":%zu,\"avro_bytes\":%zu", subject.json.size, subject.avro.size);
    printf(",\"json_read_ns\":%.0f", nanoseconds_of(read_json, &subject));
    printf(",\"json_write_ns\":%.0f", nanoseconds_of(write_json, &subject));
    printf(",\"avro_read_ns\":%.0f", nanoseconds_of(read_avro, &subject));
    printf(",\"avro_write_ns\":%.0f}\n", nanoseconds_of(write_avro, &subject));
    buffer_done(&subject.out);
    arena_done(&subject.arena);
    arena_done(&kept);
    return 0;
}

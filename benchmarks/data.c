/* data.c: see data.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "data.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measure.h"

enum { ORDER_BYTES = 100, PAID_WITHIN_MS = 90000, BEFORE_MS = 1000 };

struct data_payment {
    int64_t timestamp_ms, order;
};

static const char *const shapes[] = {"orders", "sequence", "purchases", "payments", "products", "restocks"};

/* The same number for the same question, whoever asks. */
static int64_t drawn(int64_t number, uint64_t question, int64_t below)
{
    uint64_t state = (uint64_t)number * 0x2545f4914f6cdd1du + question;
    return (int64_t)(measure_random(&state) % (uint64_t)below);
}

int64_t data_stock(int64_t product)
{
    return drawn(product, 1, 1000);
}
int64_t data_amount(int64_t order)
{
    return 100 + drawn(order, 2, 9900);
}
int64_t data_purchased_ms(int64_t order)
{
    return DATA_START_MS + order * 1000 / DATA_RECORDS_PER_S;
}
int64_t data_paid_ms(int64_t order)
{
    return data_purchased_ms(order) + drawn(order, 3, PAID_WITHIN_MS);
}

static int earlier(const void *left, const void *right)
{
    const struct data_payment *a = left, *b = right;
    if (a->timestamp_ms != b->timestamp_ms)
        return a->timestamp_ms < b->timestamp_ms ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

static struct data_payment *payments_new(int64_t count)
{
    struct data_payment *payments = malloc((size_t)count * sizeof *payments);
    if (!payments)
        measure_fail("no memory for %" PRId64 " payments", count);
    for (int64_t i = 0; i < count; i++)
        payments[i] = (struct data_payment){data_paid_ms(i), i};
    qsort(payments, (size_t)count, sizeof *payments, earlier);
    return payments;
}

bool data_open(struct data *data, const char *shape, int64_t records, int64_t keys)
{
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        if (strcmp(shapes[i], shape) != 0)
            continue;
        *data = (struct data){.shape = (enum data_shape)i, .records = records, .keys = keys};
        if (data->shape == DATA_PAYMENTS)
            data->payments = payments_new(records);
        return true;
    }
    return false;
}

void data_close(struct data *data)
{
    free(data->payments);
}

static void key_of_product(struct data_record *record)
{
    record->key_size = (size_t)snprintf(record->key, sizeof record->key, "key-%08" PRId64, record->product);
}

static void key_of_order(struct data_record *record)
{
    record->key_size = (size_t)snprintf(record->key, sizeof record->key, "o%08" PRId64, record->order);
}

static void value_of_order(struct data_record *record)
{
    static const char pad[ORDER_BYTES] = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
    record->qty = drawn(record->order, 4, 10);
    record->price = 100 + drawn(record->order, 5, 9900);
    int size = snprintf(record->value, sizeof record->value,
                        "{\"order_id\":\"o%08" PRId64 "\",\"product_id\":\"key-%08" PRId64 "\",\"qty\":%" PRId64
                        ",\"price\":%" PRId64 ",\"pad\":\"",
                        record->order, record->product, record->qty, record->price);
    int missing = size < ORDER_BYTES - 2 ? ORDER_BYTES - 2 - size : 0;
    size += snprintf(record->value + size, sizeof record->value - (size_t)size, "%.*s\"}", missing, pad);
    record->value_size = (size_t)size;
}

static void value_of_stock(struct data_record *record)
{
    record->value_size = (size_t)snprintf(record->value, sizeof record->value,
                                          "{\"product_id\":\"key-%08" PRId64 "\",\"stock\":%" PRId64
                                          ",\"name\":\"product number %" PRId64 "\"}",
                                          record->product, record->stock, record->product);
}

static void payment_at(const struct data *data, int64_t number, struct data_record *record)
{
    record->order = data->payments[number].order;
    record->timestamp_ms = data->payments[number].timestamp_ms;
    record->amount = data_amount(record->order);
    key_of_order(record);
    record->value_size = (size_t)snprintf(record->value, sizeof record->value,
                                          "{\"order_id\":\"o%08" PRId64 "\",\"amount\":%" PRId64
                                          ",\"method\":\"card\",\"pad\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}",
                                          record->order, record->amount);
}

static void order_at(const struct data *data, int64_t number, struct data_record *record)
{
    record->order = number;
    record->timestamp_ms = data_purchased_ms(number);
    record->product = data->shape == DATA_SEQUENCE ? number % data->keys : drawn(number, 6, data->keys);
    value_of_order(record);
    if (data->shape == DATA_PURCHASES)
        key_of_order(record);
    else
        key_of_product(record);
}

static void stock_at(const struct data *data, int64_t number, struct data_record *record)
{
    bool again = data->shape == DATA_RESTOCKS;
    record->product = again ? drawn(number, 7, data->keys) : number;
    record->stock = again ? drawn(number, 8, 1000) : data_stock(number);
    record->timestamp_ms = again ? data_purchased_ms(number) : DATA_START_MS - BEFORE_MS;
    value_of_stock(record);
    key_of_product(record);
}

void data_at(const struct data *data, int64_t number, struct data_record *record)
{
    record->order = record->product = record->qty = record->price = record->stock = record->amount = -1;
    if (data->shape == DATA_PAYMENTS)
        payment_at(data, number, record);
    else if (data->shape == DATA_PRODUCTS || data->shape == DATA_RESTOCKS)
        stock_at(data, number, record);
    else
        order_at(data, number, record);
}

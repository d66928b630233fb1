/* raw_foreign.c: how fast can purchases be joined with the products they name at all? Tables in memory that forget nothing; of what
 * changed a commit sends each row to a changelog once, and every ten seconds RocksDB gets it, sorted.
 *
 *   raw_foreign BROKERS PURCHASES,PRODUCTS,REGISTRATIONS,RESPONSES OUT CHANGELOGS RECORDS GUARANTEE COMMIT -
 *
 * What goes over the wire is what goes there for Weir and Kafka Streams (KIP-213, operators/subscription.h), in a form that is easier
 * to read: a purchase registers with the product it names, by that key, with its hash; it is kept there, and answered when the
 * product is there; the answer meets the purchase that has that hash, and the two become what workloads.c makes of them. Two
 * CHANGELOGS, with a comma between them: of registrations, and what became of them; the topics of purchases and products are
 * their own. RECORDS are those of PURCHASES and PRODUCTS. No purchase comes twice, so nobody moves to another product.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "measure.h"
#include "raw.h"
#include "raw_rows.h"
#include "raw_store.h"

enum input { PURCHASES, PRODUCTS, REGISTRATIONS, RESPONSES };
enum { JOINED = RESPONSES, TABLES };           /* the other tables are of the inputs of their names */
enum { FIRST_WITH_CHANGELOG = REGISTRATIONS }; /* the topics of those before it are theirs */

struct __attribute__((packed)) digest { /* of a purchase; as long as Murmur3's, which is what the others send */
    uint64_t half[2];
};

struct __attribute__((packed)) registration { /* a value; the key is the product's */
    struct digest purchase;
    int32_t partition; /* of the purchase */
    uint8_t key_size;  /* of the purchase */
    char key[RAW_KEY_MAX];
};

struct __attribute__((packed)) response { /* a value; the key is the purchase's */
    struct digest purchase;
    char product[RAW_VALUE_MAX];
};

static struct raw raw;
static struct raw_rows tables[TABLES];
static rd_kafka_topic_t *changelogs[TABLES], *registrations, *responses, *out;

static struct digest digest_of(const struct raw_row *purchase)
{
    uint64_t hash = raw_hash(purchase->value, purchase->size);
    return (struct digest){{hash, ~hash}};
}

static bool is_digest_of(const struct raw_row *purchase, const struct digest *asked)
{
    struct digest now = digest_of(purchase);
    return memcmp(&now, asked, sizeof now) == 0;
}

/* To a topic of our own, which is one more record to read. */
static void send_on(rd_kafka_topic_t *topic, int64_t timestamp_ms, const char *key, size_t key_size, const void *value,
                    size_t size)
{
    client_send(raw.producer, topic, timestamp_ms, key, key_size, value, size);
    raw.own++;
}

/* ---- where the purchase is -------------------------------------------------------------------------------------- */

/* The text between the quotes behind "product_id":. */
static const char *product_of(const struct raw_row *purchase, size_t *size)
{
    static const char quoted[] = "\"product_id\":\"";
    const char *at = memmem(purchase->value, purchase->size, quoted, sizeof quoted - 1);
    const char *end = at ? memchr(at + sizeof quoted - 1, '"', RAW_KEY_MAX) : NULL;
    if (!end)
        measure_fail("a purchase names no product");
    *size = (size_t)(end - at) - (sizeof quoted - 1);
    return at + sizeof quoted - 1;
}

static void register_purchase(const rd_kafka_message_t *message)
{
    size_t size;
    const struct raw_row *row = raw_rows_keep(&tables[PURCHASES], message);
    const char *product = product_of(row, &size);
    struct registration registration = {digest_of(row), message->partition, row->key_size, {0}};
    memcpy(registration.key, row->key, row->key_size);
    send_on(registrations, row->timestamp_ms, product, size, &registration,
            offsetof(struct registration, key) + row->key_size);
}

static void join_response(const rd_kafka_message_t *message)
{
    char value[RAW_VALUE_MAX + FIELDS_ADDED_MAX];
    const struct response *response = message->payload;
    const char *key = message->key;
    const struct raw_row *purchase = raw_rows_find(&tables[PURCHASES], key, message->key_len);
    if (!purchase || !is_digest_of(purchase, &response->purchase))
        return;
    int64_t timestamp_ms = rd_kafka_message_timestamp(message, NULL),
            stock = fields_number(response->product, message->len - sizeof response->purchase, "\"stock\":");
    size_t size = fields_add(value, purchase->value, purchase->size, "\"stock\":", stock);
    raw_rows_set(&tables[JOINED], raw_rows_at(&tables[JOINED], key, message->key_len), timestamp_ms, value, size);
    client_send(raw.producer, out, timestamp_ms, key, message->key_len, value, size);
}

/* ---- where the product is --------------------------------------------------------------------------------------- */

static void respond(const struct raw_row *registered, const struct raw_row *product)
{
    const struct registration *registration = (const struct registration *)registered->value;
    struct response response = {.purchase = registration->purchase};
    memcpy(response.product, product->value, product->size);
    send_on(responses,
            product->timestamp_ms > registered->timestamp_ms ? product->timestamp_ms : registered->timestamp_ms,
            registration->key, registration->key_size, &response, sizeof response.purchase + product->size);
}

static void tell_all(const rd_kafka_message_t *message)
{
    const struct raw_row *product = raw_rows_keep(&tables[PRODUCTS], message);
    for (uint32_t number = product->link; number; number = tables[REGISTRATIONS].rows[number].link)
        respond(&tables[REGISTRATIONS].rows[number], product);
}

/* Under the keys of both, as one; behind the product's row in a list. */
static struct raw_row *keep_registration(const rd_kafka_message_t *message, struct raw_row *product)
{
    char key[2 * RAW_KEY_MAX];
    const struct registration *registration = message->payload;
    memcpy(key, message->key, message->key_len);
    memcpy(key + message->key_len, registration->key, registration->key_size);
    struct raw_rows *rows = &tables[REGISTRATIONS];
    struct raw_row *row = raw_rows_at(rows, key, message->key_len + registration->key_size);
    if (!row->size) {
        row->link = product->link;
        product->link = (uint32_t)(row - rows->rows);
    }
    raw_rows_set(rows, row, rd_kafka_message_timestamp(message, NULL), message->payload, message->len);
    return row;
}

static void answer_registration(const rd_kafka_message_t *message)
{
    struct raw_row *product = raw_rows_at(&tables[PRODUCTS], message->key, message->key_len);
    const struct raw_row *row = keep_registration(message, product);
    if (product->size)
        respond(row, product);
}

/* ---- all -------------------------------------------------------------------------------------------------------- */

static void take_one(struct raw *self, const rd_kafka_message_t *message)
{
    static void (*const take[])(const rd_kafka_message_t *) = {
        [PURCHASES] = register_purchase,
        [PRODUCTS] = tell_all,
        [REGISTRATIONS] = answer_registration,
        [RESPONSES] = join_response,
    };
    take[raw_input(self, message)](message);
}

static void write_database(void)
{
    for (int i = 0; i < TABLES; i++)
        raw_store_put_rows(&tables[i], (char)('a' + i));
    raw_store_written();
}

static void keep_changes(void *self)
{
    (void)self;
    for (int i = FIRST_WITH_CHANGELOG; i < TABLES; i++)
        raw_rows_send(&tables[i], raw.producer, changelogs[i]);
    if (raw_store_is_due())
        write_database();
}

static const char *next_name(char **names)
{
    const char *name = strsep(names, ",");
    if (!name)
        measure_fail("a topic is missing");
    return name;
}

static void open_all(char **argv)
{
    raw_open(&raw, raw_options_of(argv));
    raw.before_commit = keep_changes;
    char *names = argv[2];
    next_name(&names);
    next_name(&names);
    registrations = raw_topic(&raw, next_name(&names));
    responses = raw_topic(&raw, next_name(&names));
    out = raw_topic(&raw, argv[3]);
    for (int i = FIRST_WITH_CHANGELOG; i < TABLES; i++) {
        changelogs[i] = raw_topic(&raw, next_name(&argv[4]));
        tables[i].has_changelog = true;
    }
    raw_store_open();
}

static void close_all(void)
{
    rd_kafka_topic_destroy(registrations);
    rd_kafka_topic_destroy(responses);
    rd_kafka_topic_destroy(out);
    for (int i = FIRST_WITH_CHANGELOG; i < TABLES; i++)
        rd_kafka_topic_destroy(changelogs[i]);
    for (int i = 0; i < TABLES; i++)
        raw_rows_done(&tables[i]);
    raw_close(&raw);
    raw_store_close();
}

int main(int argc, char **argv)
{
    if (argc != 9)
        measure_fail(
            "usage: raw_foreign BROKERS PURCHASES,PRODUCTS,REGISTRATIONS,RESPONSES OUT CHANGELOGS RECORDS GUARANTEE "
            "COMMIT -");
    double began = measure_seconds();
    open_all(argv);
    raw_run(&raw, take_one);
    double seconds = measure_seconds() - began;
    write_database();
    raw_print(&raw, seconds);
    close_all();
    return 0;
}

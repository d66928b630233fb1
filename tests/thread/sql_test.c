/* sql_test.c: SQL over the views of a real app, beside SQLite over a copy of the same rows.
 *
 * The app runs on the embedded log, four partitions. Its rows are walked by weir_view_scan and put into plain tables of a
 * database of this test's own; then generated queries are asked of both, and their answers must be the same. After that
 * records go on coming while queries look whether they see one commit. A plain program, so that it runs under
 * ThreadSanitizer too. SQL_TEST_QUERIES and SQL_TEST_SEED: how many, which.
 * SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/tree.h"
#include "sql/sql.h"
#include "weir.h"

enum { ORDERS = 1200, NUMBERS = 400, CUSTOMERS = 40, QUERIES = 900, TEXT_BYTES = 8192, ROWS_MAX = 20000 };

static int failures;
static char folder[64], log_directory[96], state_directory[96];
static unsigned seed = 20241204;

#define CHECK(condition, ...)                                                                                          \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            failures++;                                                                                                \
            fprintf(stderr, "%s:%d: ", __FILE__, __LINE__);                                                            \
            fprintf(stderr, __VA_ARGS__);                                                                              \
            fputc('\n', stderr);                                                                                       \
        }                                                                                                              \
    } while (0)

/* ---- the app ---------------------------------------------------------------------------------------------------- */

struct order {
    weir_bytes customer;
    int64_t quantity;
    weir_decimal total;
    int64_t placed;
    int32_t tier;
    bool urgent, has_note;
    double weight;
    weir_bytes note;
    weir_array tags;
};

static const struct weir_type string_type = {.name = "string", .kind = WEIR_KIND_STRING, .size = sizeof(weir_bytes)};
static const struct weir_type long_type = {.name = "long", .kind = WEIR_KIND_I64, .size = 8};
static const struct weir_type bool_type = {.name = "boolean", .kind = WEIR_KIND_BOOL, .size = 1};
static const struct weir_type double_type = {.name = "double", .kind = WEIR_KIND_DOUBLE, .size = 8};
static const struct weir_type time_type = {.name = "timestamp-millis", .kind = WEIR_KIND_TIMESTAMP, .size = 8};
static const struct weir_type money_type = {.name = "decimal", .kind = WEIR_KIND_DECIMAL, .size = 8, .scale = 2};
static const char *const tiers[] = {"BRONZE", "SILVER", "GOLD"};
static const struct weir_type tier_type = {
    .name = "tier", .kind = WEIR_KIND_ENUM, .size = 4, .symbols = tiers, .symbol_count = 3};
static const struct weir_type tags_type = {
    .name = "array", .kind = WEIR_KIND_ARRAY, .size = sizeof(weir_array), .item = &string_type};
#define FIELD(member, type)                                                                                            \
    {                                                                                                                  \
#member, &(type), offsetof(struct order, member), WEIR_NO_PRESENCE, NULL, NULL                                 \
    }
static const struct weir_field order_fields[] = {
    FIELD(customer, string_type),
    FIELD(quantity, long_type),
    FIELD(total, money_type),
    FIELD(placed, time_type),
    FIELD(tier, tier_type),
    FIELD(urgent, bool_type),
    FIELD(weight, double_type),
    {"note", &string_type, offsetof(struct order, note), offsetof(struct order, has_note), NULL, NULL},
    FIELD(tags, tags_type)};
static const struct weir_type order_type = {
    .name = "test.Order",
    .kind = WEIR_KIND_RECORD,
    .size = sizeof(struct order),
    .fields = order_fields,
    .field_count = sizeof order_fields / sizeof *order_fields,
    .schema = "{\"name\":\"test.Order\",\"type\":\"record\",\"fields\":[]}",
    .fingerprint = 0x1204,
};

static const void *key_of(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return &((const struct order *)record->value)->customer;
}

static weir_topology *build(void)
{
    weir_topology *t = weir_topology_new("sql");
    weir_table_from(t, "orders", "the-orders", &weir_str_type, &order_type);
    weir_table_from(t, "numbers", "numbers", &weir_i64_type, &weir_i64_type);
    weir_stream *events = weir_from(t, "events", &weir_str_type, &order_type);
    weir_stream *customers = weir_rekey(events, "by-customer", &weir_str_type, key_of);
    weir_grouped *grouped = weir_group(customers);
    weir_count(grouped, "minutes",
               .window = {.size = weir_minutes(1), .grace = weir_days(1), .retention = weir_days(9)});
    weir_count(grouped, "visits", .window = {.gap = weir_minutes(2), .grace = weir_days(1), .retention = weir_days(9)});
    weir_count(grouped, "one");
    weir_count(grouped, "two");
    return t;
}

static weir_app *start(void)
{
    struct weir_error error = {0};
    weir_app *app = weir_start(build(),
                               (struct weir_config){.application = "sql",
                                                    .set = (const char *const[][2]){{"log.dir", log_directory},
                                                                                    {"state.dir", state_directory},
                                                                                    {"num.stream.threads", "2"},
                                                                                    {"commit.interval.ms", "20"},
                                                                                    {"state.flush.interval.ms", "300"},
                                                                                    {NULL}}},
                               &error);
    if (!app) {
        fprintf(stderr, "weir_start: %s\n", error.message);
        exit(1);
    }
    for (int tries = 0; tries < 3000 && weir_app_state(app) != WEIR_RUNNING; tries++)
        usleep(10 * 1000);
    return app;
}

static unsigned below(unsigned bound)
{
    return (unsigned)rand_r(&seed) % bound;
}

/* Records are sent many at a time: each call waits until all are durable. */
struct batch {
    weir_app *app;
    const char *topic;
    struct weir_raw_record records[200];
    char texts[200][640];
    size_t count;
};

static void flush(struct batch *batch)
{
    struct weir_error error = {0};
    struct weir_produced produced[200];
    CHECK(batch->count == 0 || weir_produce(batch->app, batch->topic, batch->records, batch->count, produced, &error),
          "%s: %s", batch->topic, error.message);
    batch->count = 0;
}

static void send(struct batch *batch, weir_bytes key, weir_bytes value, int64_t at_ms)
{
    char *text = batch->texts[batch->count];
    memcpy(text, key.data, key.size);
    memcpy(text + key.size, value.data, value.size);
    batch->records[batch->count++] =
        (struct weir_raw_record){{text, key.size}, {text + key.size, value.size}, at_ms, {NULL, 0}};
    if (batch->count == 200)
        flush(batch);
}

enum { START_MS = 1733306400 };

static void write_order(char *out, size_t size, unsigned i)
{
    static const char *const notes[] = {"", ",\"note\":\"call first\"", ",\"note\":\"\"",
                                        ",\"note\":\"it's \\\"so\\\"\"", ",\"note\":null"};
    static const char *const tags[] = {"[]", "[\"web\"]", "[\"web\",\"gift\"]", "[\"\xe2\x82\xac\"]"};
    snprintf(out, size,
             "{\"customer\":\"c%02u\",\"quantity\":%d,\"total\":%d.%02u,\"placed\":\"2024-12-%02uT%02u:00:00.%03uZ\","
             "\"tier\":\"%s\",\"urgent\":%s,\"weight\":%d.%u%s,\"tags\":%s}",
             below(CUSTOMERS), (int)below(12) - 2, (int)below(4000) - 300, below(100), 1 + below(9), below(24),
             below(1000), tiers[below(3)], below(2) ? "true" : "false", (int)below(50) - 5, below(1000),
             notes[below(5)], tags[below(4)]);
    (void)i;
}

static void send_order(struct batch *batch, unsigned i)
{
    char key[32], value[512];
    snprintf(key, sizeof key, "%s%u", i % 7 ? "o-" : "O-", i);
    write_order(value, sizeof value, i);
    send(batch, (weir_bytes){key, strlen(key)}, (weir_bytes){value, strlen(value)},
         (START_MS + (int64_t)below(3600)) * 1000 + below(1000));
}

static void send_number(struct batch *batch, int64_t key)
{
    uint64_t wire[2] = {__builtin_bswap64((uint64_t)key), __builtin_bswap64((uint64_t)key * (uint64_t)key - 70)};
    send(batch, (weir_bytes){&wire[0], 8}, (weir_bytes){&wire[1], 8}, START_MS * INT64_C(1000));
}

static int64_t rows_of(weir_app *app, const char *name)
{
    struct weir_error error = {0};
    weir_view *view = weir_view_open(app, name, &error);
    weir_arena *arena = weir_arena_new();
    struct weir_row row;
    int64_t rows = 0;
    weir_cursor *cursor = view ? weir_view_scan(view, arena, (struct weir_range){0}, &error) : NULL;
    for (; cursor && weir_next(cursor, &row, &error); rows++)
        ;
    weir_cursor_close(cursor);
    weir_arena_free(arena);
    weir_view_close(view);
    CHECK(error.code == WEIR_OK, "%s: %s", name, error.message);
    return rows;
}

static void fill(weir_app *app)
{
    static struct batch batch;
    batch = (struct batch){.app = app, .topic = "orders"};
    for (unsigned i = 0; i < ORDERS; i++)
        send_order(&batch, i);
    flush(&batch);
    batch.topic = "events";
    for (unsigned i = 0; i < ORDERS; i++)
        send_order(&batch, i);
    flush(&batch);
    batch.topic = "numbers";
    for (int i = 0; i < NUMBERS; i++)
        send_number(&batch, i - 60);
    send_number(&batch, INT64_MAX), send_number(&batch, INT64_MIN);
    flush(&batch);
    for (int tries = 0, calm = 0; tries < 600 && calm < 5; tries++) { /* the same five times: nothing comes any more */
        int64_t before = rows_of(app, "minutes") + rows_of(app, "visits");
        usleep(100 * 1000);
        bool all = rows_of(app, "the-orders") == ORDERS && rows_of(app, "numbers") == NUMBERS + 2 && before > 0;
        calm = all && rows_of(app, "minutes") + rows_of(app, "visits") == before ? calm + 1 : 0;
    }
}

/* ---- the copy --------------------------------------------------------------------------------------------------- */

static sqlite3 *copy;

static void run_on_copy(const char *text)
{
    char *message = NULL;
    int status = sqlite3_exec(copy, text, NULL, NULL, &message);
    CHECK(status == SQLITE_OK, "%s: %s", text, message ? message : "");
    sqlite3_free(message);
}

static char *text_of(weir_arena *arena, const struct weir_type *type, const void *value)
{
    weir_bytes json = weir_to_json(arena, type, value);
    const char *at = json.data;
    bool quoted = at[0] == '"';
    return sqlite3_mprintf("%.*s", (int)json.size - (quoted ? 2 : 0), at + quoted);
}

static void copy_order(weir_arena *arena, const struct weir_row *row)
{
    const struct order *order = row->value;
    const weir_bytes *key = row->key;
    char *placed = text_of(arena, &time_type, &order->placed), *at = text_of(arena, &time_type, &row->timestamp_ms);
    char *total = text_of(arena, &money_type, &order->total), *tags = text_of(arena, &tags_type, &order->tags);
    char *note =
        order->has_note ? sqlite3_mprintf("%.*s", (int)order->note.size, (const char *)order->note.data) : NULL;
    char *text = sqlite3_mprintf(
        "insert into the_orders values(%.*Q,%.*Q,%lld,%s,%Q,%Q,%d,%.17g,%Q,%Q,%Q,%d,%lld,%lld,%lld)", (int)key->size,
        (const char *)key->data, (int)order->customer.size, (const char *)order->customer.data,
        (long long)order->quantity, total, placed, tiers[order->tier], order->urgent, order->weight, note, tags, at,
        row->partition, (long long)order->total.unscaled, (long long)order->placed, (long long)row->timestamp_ms);
    run_on_copy(text);
    sqlite3_free(placed), sqlite3_free(at), sqlite3_free(total), sqlite3_free(tags), sqlite3_free(note);
    sqlite3_free(text);
}

static void copy_number(weir_arena *arena, const struct weir_row *row)
{
    char *at = text_of(arena, &time_type, &row->timestamp_ms);
    char *text = sqlite3_mprintf("insert into numbers values(%lld,%lld,%Q,%d)", *(const long long *)row->key,
                                 *(const long long *)row->value, at, row->partition);
    run_on_copy(text);
    sqlite3_free(at), sqlite3_free(text);
}

static void copy_windowed(const char *table, weir_arena *arena, const struct weir_row *row)
{
    const weir_bytes *key = row->key;
    char *start = text_of(arena, &time_type, &row->window.start_ms),
         *end = text_of(arena, &time_type, &row->window.end_ms);
    char *at = text_of(arena, &time_type, &row->timestamp_ms);
    char *text = sqlite3_mprintf("insert into %s values(%.*Q,%Q,%Q,%lld,%Q,%d,%lld,%lld)", table, (int)key->size,
                                 (const char *)key->data, start, end, *(const long long *)row->value, at,
                                 row->partition, (long long)row->window.start_ms, (long long)row->window.end_ms);
    run_on_copy(text);
    sqlite3_free(start), sqlite3_free(end), sqlite3_free(at), sqlite3_free(text);
}

static void copy_view(weir_app *app, const char *name)
{
    struct weir_error error = {0};
    weir_view *view = weir_view_open(app, name, &error);
    weir_arena *arena = weir_arena_new();
    struct weir_row row;
    weir_cursor *cursor = weir_view_scan(view, arena, (struct weir_range){0}, &error);
    while (cursor && weir_next(cursor, &row, &error)) {
        if (strcmp(name, "the-orders") == 0)
            copy_order(arena, &row);
        else if (strcmp(name, "numbers") == 0)
            copy_number(arena, &row);
        else
            copy_windowed(name, arena, &row);
    }
    weir_cursor_close(cursor);
    weir_arena_free(arena);
    weir_view_close(view);
}

static void make_copy(weir_app *app)
{
    sqlite3_open(":memory:", &copy);
    run_on_copy("create table the_orders(key text, customer text, quantity integer, total real, placed text, tier text,"
                " urgent integer, weight real, note text, tags text, timestamp text, partition integer,"
                " total_units integer, placed_ms integer, timestamp_ms integer)");
    run_on_copy("create table numbers(key integer, value integer, timestamp text, partition integer)");
    for (int i = 0; i < 2; i++)
        run_on_copy(
            i ? "create table visits(key text, window_start text, window_end text, value integer, timestamp text,"
                " partition integer, window_start_ms integer, window_end_ms integer)"
              : "create table minutes(key text, window_start text, window_end text, value integer, timestamp text,"
                " partition integer, window_start_ms integer, window_end_ms integer)");
    run_on_copy("begin");
    copy_view(app, "the-orders");
    copy_view(app, "numbers");
    copy_view(app, "minutes");
    copy_view(app, "visits");
    run_on_copy("commit");
}

/* ---- queries ---------------------------------------------------------------------------------------------------- */

struct text {
    char data[TEXT_BYTES];
    size_t size;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int written = vsnprintf(text->data + text->size, TEXT_BYTES - text->size, format, arguments);
    va_end(arguments);
    text->size += written > 0 ? (size_t)written : 0;
    CHECK(text->size < TEXT_BYTES, "a query is too long");
}

static const char *pick(const char *const *choices, unsigned count)
{
    return choices[below(count)];
}
#define PICK(...) pick((const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static const char *comparison(void)
{
    return PICK("=", "<", "<=", ">", ">=", "<>", "is", "is not");
}

static void add_text_key(struct text *text, const char *prefix)
{
    switch (below(9)) {
    case 0:
        add(text, "%skey %s 'o-%u'", prefix, comparison(), below(ORDERS));
        return;
    case 1:
        add(text, "%skey between 'o-%u' and 'o-%u'", prefix, below(99), below(ORDERS));
        return;
    case 2:
        add(text, "%skey in ('o-%u','O-%u','o-%u','nothing')", prefix, below(ORDERS), below(ORDERS), below(ORDERS));
        return;
    case 3:
        add(text, "%skey glob '%s%u*'", prefix, PICK("o-", "O-", "?-", "[oO]-"), below(120));
        return;
    case 4:
        add(text, "%skey like 'O-%u%%'", prefix, below(50));
        return;
    case 5:
        add(text, "%skey = 'O-%u' collate nocase", prefix, below(ORDERS));
        return;
    case 6:
        add(text, "%skey %s %s", prefix, comparison(), PICK("null", "5", "2.5", "x'6f2d31'", "''", "'o-'"));
        return;
    case 7:
        add(text, "%skey > 'o-%u' and %skey <= 'o-%u'", prefix, below(300), prefix, below(ORDERS));
        return;
    default:
        add(text, "%skey in (select key from the_orders where quantity = %d)", prefix, (int)below(12) - 2);
    }
}

static void add_order_test(struct text *text, const char *prefix)
{
    switch (below(11)) {
    case 0:
        add(text, "%squantity %s %d", prefix, comparison(), (int)below(12) - 2);
        return;
    case 1:
        add(text, "%stotal %s %d.%02u", prefix, comparison(), (int)below(3000), below(100));
        return;
    case 2:
        add(text, "%splaced %s '2024-12-0%u'", prefix, comparison(), 1 + below(9));
        return;
    case 3:
        add(text, "%snote %s", prefix, PICK("is null", "is not null", "= ''", "like '%so%'"));
        return;
    case 4:
        add(text, "%stier in ('GOLD','%s')", prefix, PICK("SILVER", "TIN"));
        return;
    case 5:
        add(text, "json_extract(%stags, '$[0]') = 'web'", prefix);
        return;
    case 6:
        add(text, "%surgent", prefix);
        return;
    case 7:
        add(text, "%sweight > %stotal / 100", prefix, prefix);
        return;
    case 8:
        add(text, "%scustomer = 'c%02u'", prefix, below(CUSTOMERS));
        return;
    case 9:
        add(text, "%stotal_units between %u and %u", prefix, below(90000), below(400000));
        return;
    default:
        add_text_key(text, prefix);
    }
}

static void add_number_test(struct text *text, const char *prefix)
{
    static const char *const odd[] = {
        "null",  "'17'",   "17.0",  "17.5", "'x'", "9223372036854775807", "-9223372036854775808",
        "1e300", "-1e300", "x'31'", "-0.5"};
    switch (below(6)) {
    case 0:
        add(text, "%skey %s %d", prefix, comparison(), (int)below(NUMBERS) - 60);
        return;
    case 1:
        add(text, "%skey between %d and %d", prefix, (int)below(200) - 60, (int)below(NUMBERS) - 60);
        return;
    case 2:
        add(text, "%skey %s %s", prefix, comparison(), odd[below(11)]);
        return;
    case 3:
        add(text, "%skey in (%d, %d, %u, '8')", prefix, (int)below(90) - 60, (int)below(90) - 60, below(NUMBERS));
        return;
    case 4:
        add(text, "%svalue %% 7 = %u", prefix, below(7));
        return;
    default:
        add(text, "%skey >= %u and %skey < %u.5", prefix, below(100), prefix, below(NUMBERS));
    }
}

static void add_time(struct text *text)
{
    switch (below(4)) {
    case 0:
        add(text, "'2024-12-04T10:%02u'", below(60));
        return;
    case 1:
        add(text, "'2024-12-04T10:%02u:00.000Z'", below(60));
        return;
    case 2:
        add(text, "%s", PICK("'2024'", "'2024-12-04'", "''", "'zzz'", "null", "'2024-12-04T10:30:00.0005'"));
        return;
    default:
        add(text, "'2024-12-04T10:%02u:%02u.%03uZ'", below(60), below(60), below(1000));
    }
}

static void add_window_test(struct text *text, const char *prefix)
{
    switch (below(6)) {
    case 0:
        add(text, "%skey %s 'c%02u'", prefix, comparison(), below(CUSTOMERS));
        return;
    case 1:
    case 2:
        add(text, "%s%s %s ", prefix, PICK("window_start", "window_end"), comparison());
        add_time(text);
        return;
    case 3:
        add(text, "%skey in ('c%02u','c%02u') and %swindow_start >= ", prefix, below(CUSTOMERS), below(CUSTOMERS),
            prefix);
        add_time(text);
        return;
    case 4:
        add(text, "%s%s %s %lld", prefix, PICK("window_start_ms", "window_end_ms"), comparison(),
            (START_MS + (long long)below(60) * 60) * 1000);
        return;
    default:
        add(text, "%svalue %s %u", prefix, comparison(), below(4));
    }
}

typedef void test_adder(struct text *, const char *prefix);

static void add_where(struct text *text, test_adder *one, const char *prefix)
{
    add(text, " where ");
    for (unsigned left = below(3);; left--) {
        add(text, "%s(", PICK("", "", "not "));
        one(text, prefix);
        add(text, ")");
        if (left == 0)
            return;
        add(text, " %s ", PICK("and", "and", "or"));
    }
}

static void plain(struct text *text)
{
    switch (below(4)) {
    case 0:
        add(text, "select key, quantity, total, placed, tier, note, tags, partition from the_orders");
        add_where(text, add_order_test, "");
        return;
    case 1:
        add(text, "select key, value, timestamp from numbers");
        add_where(text, add_number_test, "");
        return;
    case 2:
        add(text, "select key, window_start, window_end, value from minutes");
        add_where(text, add_window_test, "");
        return;
    default:
        add(text, "select key, window_start, window_end, value, window_end_ms - window_start_ms from visits");
        add_where(text, add_window_test, "");
    }
}

/* With a total order, so that what comes first is the same on both sides. */
static void ordered(struct text *text)
{
    const char *direction = PICK("", " desc");
    switch (below(3)) {
    case 0:
        add(text, "select key, total from the_orders");
        add_where(text, add_order_test, "");
        add(text, " order by key%s limit %u", direction, 1 + below(40));
        return;
    case 1:
        add(text, "select key, value from numbers");
        add_where(text, add_number_test, "");
        add(text, " order by key%s limit %u offset %u", direction, 1 + below(40), below(5));
        return;
    default:
        add(text, "select key, window_start, value from minutes");
        add_where(text, add_window_test, "");
        add(text, " order by key%s, window_start%s limit %u", direction, direction, 1 + below(40));
    }
}

static void grouped(struct text *text)
{
    switch (below(4)) {
    case 0:
        add(text,
            "select tier, urgent, count(*), sum(total_units), min(placed), max(total), count(note) from the_orders");
        add_where(text, add_order_test, "");
        add(text, " group by tier, urgent having count(*) > %u", below(4));
        return;
    case 1:
        add(text, "select distinct customer, tier from the_orders");
        add_where(text, add_order_test, "");
        return;
    case 2:
        add(text, "select key, sum(value), count(*) from minutes");
        add_where(text, add_window_test, "");
        add(text, " group by key");
        return;
    default:
        add(text, "select substr(window_start, 1, 15), sum(value) from visits");
        add_where(text, add_window_test, "");
        add(text, " group by 1");
    }
}

static void joined(struct text *text)
{
    switch (below(5)) {
    case 0:
        add(text, "select a.key, b.key, a.total from the_orders a %s join the_orders b on b.key = %s", PICK("", "left"),
            PICK("lower(a.key)", "upper(a.key)", "a.key", "'o-' || a.quantity"));
        add_where(text, add_order_test, "a.");
        return;
    case 1:
        add(text, "select a.key, n.value from the_orders a join numbers n on n.key = a.quantity");
        add_where(text, add_order_test, "a.");
        return;
    case 2:
        add(text, "select m.key, m.window_start, v.window_start from minutes m join visits v on v.key = m.key and "
                  "v.window_start <= m.window_end and v.window_end >= m.window_start");
        add_where(text, add_window_test, "m.");
        return;
    case 3:
        add(text, "select a.key, j.value from the_orders a, json_each(a.tags) j");
        add_where(text, add_order_test, "a.");
        return;
    default:
        add(text, "select key, (select count(*) from minutes m where m.key = a.customer and m.window_start > ");
        add_time(text);
        add(text, ") from the_orders a");
        add_where(text, add_order_test, "a.");
    }
}

static void clever(struct text *text)
{
    switch (below(4)) {
    case 0:
        add(text, "select key, rank() over (partition by tier order by total_units, key) from the_orders");
        add_where(text, add_order_test, "");
        return;
    case 1:
        add(text, "with c as (select customer, count(*) n from the_orders");
        add_where(text, add_order_test, "");
        add(text, " group by customer) select c.customer, n, coalesce(sum(m.value), 0) from c left join minutes m"
                  " on m.key = c.customer group by 1, 2");
        return;
    case 2:
        add(text, "select key from the_orders");
        add_where(text, add_order_test, "");
        add(text, " %s select key from the_orders", PICK("union", "except", "intersect"));
        add_where(text, add_order_test, "");
        return;
    default:
        add(text, "select count(*) from numbers a where exists (select 1 from numbers b where b.key = a.key + %u and ",
            below(3));
        add_number_test(text, "b.");
        add(text, ")");
    }
}

/* ---- answers ---------------------------------------------------------------------------------------------------- */

struct answer {
    char *rows[ROWS_MAX];
    size_t count;
    bool is_too_many;
};

static void take(struct answer *answer, char *row)
{
    if (answer->count == ROWS_MAX) {
        answer->is_too_many = true;
        sqlite3_free(row);
    } else {
        answer->rows[answer->count++] = row;
    }
}

static bool take_columns(void *self, const struct sql_column *columns, size_t count)
{
    (void)self, (void)columns, (void)count;
    return true;
}

static bool take_row(void *self, const struct sql_value *values, size_t count)
{
    sqlite3_str *row = sqlite3_str_new(NULL);
    for (size_t i = 0; i < count; i++) {
        const struct sql_value *value = &values[i];
        if (value->type == SQL_INTEGER)
            sqlite3_str_appendf(row, "|i%lld", (long long)value->integer);
        else if (value->type == SQL_REAL)
            sqlite3_str_appendf(row, "|r%.17g", value->real);
        else if (value->type != SQL_NULL)
            sqlite3_str_appendf(row, "|t%.*s", (int)value->bytes.size, (const char *)value->bytes.data);
        else
            sqlite3_str_appendall(row, "|null");
    }
    take(self, sqlite3_str_finish(row));
    return true;
}

static bool is_never_abandoned(void *self)
{
    (void)self;
    return false;
}

static void ask_copy(const char *text, struct answer *answer)
{
    sqlite3_stmt *statement = NULL;
    int status = sqlite3_prepare_v2(copy, text, -1, &statement, NULL);
    CHECK(status == SQLITE_OK, "%s: %s", text, sqlite3_errmsg(copy));
    while (status == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW) {
        struct sql_value values[16];
        int count = sqlite3_column_count(statement);
        for (int i = 0; i < count; i++) {
            int type = sqlite3_column_type(statement, i);
            values[i] = (struct sql_value){.type = type == SQLITE_INTEGER ? SQL_INTEGER
                                                   : type == SQLITE_FLOAT ? SQL_REAL
                                                   : type == SQLITE_NULL  ? SQL_NULL
                                                                          : SQL_TEXT};
            values[i].integer = sqlite3_column_int64(statement, i);
            values[i].real = sqlite3_column_double(statement, i);
            values[i].bytes.data = sqlite3_column_text(statement, i);
            values[i].bytes.size = (size_t)sqlite3_column_bytes(statement, i);
        }
        take_row(answer, values, (size_t)count);
    }
    sqlite3_finalize(statement);
}

static struct sql_view views[16];
static size_t view_count;

static void open_views(weir_app *app)
{
    struct weir_view_info infos[16];
    struct weir_error error = {0};
    view_count = weir_app_views(app, infos, 16);
    for (size_t i = 0; i < view_count; i++)
        views[i] = (struct sql_view){weir_view_open(app, infos[i].name, &error), infos[i]};
}

static void close_views(void)
{
    for (size_t i = 0; i < view_count; i++)
        weir_view_close(views[i].view);
}

static bool ask(const char *text, struct answer *answer, struct sql_result *result)
{
    weir_arena *arena = weir_arena_new();
    struct sql_query query = {.text = {text, strlen(text)},
                              .views = views,
                              .view_count = view_count,
                              .limits = {60000, 50 * 1000 * 1000, 256u << 20},
                              .output = {answer, take_columns, take_row, is_never_abandoned}};
    bool ok = sql_run(&query, arena, result);
    weir_arena_free(arena);
    return ok;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void done(struct answer *answer)
{
    for (size_t i = 0; i < answer->count; i++)
        sqlite3_free(answer->rows[i]);
    answer->count = 0;
    answer->is_too_many = false;
}

static size_t rows_compared;

static void show_difference(const char *text, const struct answer *got, const struct answer *wanted)
{
    failures++;
    fprintf(stderr, "%s\n  %zu rows, the copy gives %zu\n", text, got->count, wanted->count);
    for (size_t i = 0; i < got->count || i < wanted->count; i++) {
        const char *a = i < got->count ? got->rows[i] : "(none)", *b = i < wanted->count ? wanted->rows[i] : "(none)";
        if (strcmp(a, b) == 0)
            continue;
        fprintf(stderr, "  row %zu: %s\n   copy: %s\n", i, a, b);
        return;
    }
}

static void expect_same(const char *text, bool is_ordered)
{
    static struct answer got, wanted;
    struct sql_result result;
    CHECK(ask(text, &got, &result), "%s: %s", text, result.message);
    ask_copy(text, &wanted);
    if (!is_ordered) {
        qsort(got.rows, got.count, sizeof *got.rows, compare);
        qsort(wanted.rows, wanted.count, sizeof *wanted.rows, compare);
    }
    rows_compared += wanted.count;
    bool same = got.count == wanted.count;
    for (size_t i = 0; same && i < got.count; i++)
        same = strcmp(got.rows[i], wanted.rows[i]) == 0;
    if (!same)
        show_difference(text, &got, &wanted);
    done(&got);
    done(&wanted);
}

static void ask_many(int queries)
{
    static void (*const kinds[])(struct text *) = {plain, plain, ordered, ordered, grouped, joined, clever};
    static struct text text;
    for (int i = 0; i < queries && failures < 5; i++) {
        unsigned kind = below(sizeof kinds / sizeof *kinds);
        text.size = 0;
        kinds[kind](&text);
        expect_same(text.data, kinds[kind] == ordered);
    }
    CHECK(rows_compared / 20 > (size_t)queries, "%zu rows in all: the queries ask for nothing", rows_compared);
}

/* ---- one commit ------------------------------------------------------------------------------------------------- */

static atomic_bool writing;

static void *write_on(void *self)
{
    static struct batch events, orders;
    unsigned own = 77;
    char key[16], value[512];
    events = (struct batch){.app = self, .topic = "events"};
    orders = (struct batch){.app = self, .topic = "orders"};
    while (atomic_load(&writing)) {
        snprintf(key, sizeof key, "o-%d", (int)((unsigned)rand_r(&own) % ORDERS));
        snprintf(
            value, sizeof value,
            "{\"customer\":\"c%02d\",\"quantity\":1,\"total\":1.00,\"placed\":\"2024-12-01T00:00:00.000Z\",\"tier\":"
            "\"GOLD\",\"urgent\":true,\"weight\":1.5,\"tags\":[]}",
            (int)((unsigned)rand_r(&own) % CUSTOMERS));
        send(&events, (weir_bytes){key, strlen(key)}, (weir_bytes){value, strlen(value)}, START_MS * INT64_C(1000));
        send(&orders, (weir_bytes){key, strlen(key)}, (weir_bytes){value, strlen(value)},
             START_MS * INT64_C(1000) + rand_r(&own) % 1000);
    }
    return NULL;
}

static void expect_nothing(const char *text, const char *meaning)
{
    static struct answer answer;
    struct sql_result result;
    bool ok = ask(text, &answer, &result);
    CHECK(ok || result.code == SQL_LATER, "%s: %s", text, result.message);
    CHECK(answer.count == 0, "%s: %s", meaning, answer.rows[0]);
    done(&answer);
}

static void expect_one_commit(weir_app *app)
{
    pthread_t writer;
    atomic_store(&writing, true);
    pthread_create(&writer, NULL, write_on, app);
    for (int i = 0; i < 60; i++) {
        expect_nothing("select a.partition, sum(a.value), sum(b.value) from one a join two b using (key) "
                       "group by 1 having sum(a.value) <> sum(b.value)",
                       "two stores of a task differ");
        expect_nothing(
            "select a.key from the_orders a join the_orders b on b.key = a.key where a.timestamp <> b.timestamp",
            "two walks of a query differ");
        expect_nothing("select 1 from (select count(*) n, sum(timestamp_ms) s from the_orders) a, (select count(*) n,"
                       " sum(timestamp_ms) s from the_orders) b where a.n <> b.n or a.s <> b.s",
                       "two sums of a query differ");
    }
    atomic_store(&writing, false);
    pthread_join(writer, NULL);
}

/* ---- limits ----------------------------------------------------------------------------------------------------- */

static void expect_code(const char *text, struct sql_limits limits, enum sql_code code)
{
    static struct answer answer;
    struct sql_result result;
    weir_arena *arena = weir_arena_new();
    struct sql_query query = {.text = {text, strlen(text)},
                              .views = views,
                              .view_count = view_count,
                              .limits = limits,
                              .output = {&answer, take_columns, take_row, is_never_abandoned}};
    sql_run(&query, arena, &result);
    CHECK(result.code == code, "%s: code %d, \"%s\"", text, (int)result.code, result.message);
    done(&answer);
    weir_arena_free(arena);
}

static void expect_limits(void)
{
    const struct sql_limits wide = {60000, 1000 * 1000, 64u << 20};
    struct sql_limits limits = wide;
    limits.time_ms = 100;
    expect_code("with recursive n(x) as (select 1 union all select x + 1 from n) select count(*) from n", limits,
                SQL_TOO_LONG);
    expect_code("select count(*) from the_orders a, the_orders b, the_orders c where a.total + b.total + c.total = 0.5",
                limits, SQL_TOO_LONG);
    limits = wide;
    limits.scanned_rows = ORDERS - 1;
    expect_code("select count(*) from the_orders", limits, SQL_TOO_LARGE);
    expect_code("select count(*) from the_orders where key < 'o-2'", limits, SQL_DONE);
    limits = wide;
    limits.memory_bytes = 16u << 20;
    expect_code("with recursive n(x) as (select 1 union all select x + 1 from n) select x, printf('%100d', x) from n "
                "order by 2",
                limits, SQL_TOO_LARGE);
    expect_code("select zeroblob(100000000)", wide, SQL_TOO_LARGE);
    expect_code("select replace(hex(zeroblob(1500000)), '0', 'xxxx')", wide, SQL_TOO_LARGE);
}

int main(void)
{
    const char *queries = getenv("SQL_TEST_QUERIES"), *chosen = getenv("SQL_TEST_SEED");
    snprintf(folder, sizeof folder, "/tmp/weir-thread-sql-XXXXXX");
    if (!mkdtemp(folder))
        return 1;
    snprintf(log_directory, sizeof log_directory, "%s/log", folder);
    snprintf(state_directory, sizeof state_directory, "%s/state", folder);
    weir_app *app = start();
    fill(app);
    open_views(app);
    make_copy(app);
    if (chosen)
        seed = (unsigned)strtoul(chosen, NULL, 10);
    ask_many(queries ? atoi(queries) : QUERIES);
    expect_limits();
    expect_one_commit(app);
    close_views();
    sqlite3_close(copy);
    struct weir_error error = {0};
    CHECK(weir_stop(app, weir_seconds(30), &error), "weir_stop: %s", error.message);
    tree_remove(folder);
    printf("%s\n", failures ? "FAILED" : "ok");
    return failures != 0;
}

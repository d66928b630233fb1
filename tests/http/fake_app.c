/* fake_app.c: see fake_app.h. It stands in for the runtime when the doors are tested or looked at alone; types and codecs
 * are the real ones. Rows move with the clock, so that a dashboard has something to show. Knobs, from the environment:
 * FAKE_STATE (index of enum weir_state), FAKE_PARTITIONS_HERE (of 4; they begin at FAKE_PARTITIONS_FROM), FAKE_STILL (rows
 * do not move), FAKE_PEER (host:port of an instance with the other partitions), FAKE_ROUTING (http.routing), FAKE_http_access_file and so on (any setting, dots as underscores).
 * SPDX-License-Identifier: Apache-2.0 */
#include "fake_app.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"

enum {
    CUSTOMERS = 500,
    COUNTRIES = 8,
    WINDOWS = 30,
    SHELVES = 60,
    PARTITIONS = 4,
    WINDOW_MS = 60000,
    PRICED = 3,
    VERSIONS = 5,
    NOTES = 60,
    VIEWS_MAX = 5
};

struct total {
    weir_bytes customer;
    int64_t orders;
    weir_decimal spent;
    int64_t last_order;
    int32_t tier;
    weir_bytes note;
    bool has_note;
    weir_array tags;
};
struct revenue {
    int64_t orders;
    weir_decimal sum;
};
struct order {
    weir_bytes customer;
    weir_decimal total;
    int64_t placed;
};

static const struct weir_type string_type = {.name = "string", .kind = WEIR_KIND_STRING, .size = sizeof(weir_bytes)};
static const struct weir_type long_type = {.name = "long", .kind = WEIR_KIND_I64, .size = 8};
static const struct weir_type time_type = {.name = "timestamp-millis", .kind = WEIR_KIND_TIMESTAMP, .size = 8};
static const struct weir_type money_type = {.name = "decimal", .kind = WEIR_KIND_DECIMAL, .size = 8, .scale = 2};
static const char *const tiers[] = {"BRONZE", "SILVER", "GOLD"};
static const struct weir_type tier_type = {
    .name = "tier", .kind = WEIR_KIND_ENUM, .size = 4, .symbols = tiers, .symbol_count = 3};
static const struct weir_type tags_type = {
    .name = "array", .kind = WEIR_KIND_ARRAY, .size = sizeof(weir_array), .item = &string_type};

#define FIELD(record, member, type)                                                                                    \
    {                                                                                                                  \
#member, &type, offsetof(struct record, member), WEIR_NO_PRESENCE, NULL, NULL                                  \
    }
static const struct weir_field total_fields[] = {
    FIELD(total, customer, string_type),
    FIELD(total, orders, long_type),
    FIELD(total, spent, money_type),
    FIELD(total, last_order, time_type),
    FIELD(total, tier, tier_type),
    {"note", &string_type, offsetof(struct total, note), offsetof(struct total, has_note), NULL, NULL},
    FIELD(total, tags, tags_type)};
static const struct weir_type total_type = {.name = "shop.CustomerTotal",
                                            .kind = WEIR_KIND_RECORD,
                                            .size = sizeof(struct total),
                                            .fields = total_fields,
                                            .field_count = 7};
static const struct weir_field revenue_fields[] = {FIELD(revenue, orders, long_type), FIELD(revenue, sum, money_type)};
static const struct weir_type revenue_type = {.name = "shop.Revenue",
                                              .kind = WEIR_KIND_RECORD,
                                              .size = sizeof(struct revenue),
                                              .fields = revenue_fields,
                                              .field_count = 2};
static const struct weir_field order_fields[] = {FIELD(order, customer, string_type), FIELD(order, total, money_type),
                                                 FIELD(order, placed, time_type)};
static const struct weir_type order_type = {.name = "shop.Order",
                                            .kind = WEIR_KIND_RECORD,
                                            .size = sizeof(struct order),
                                            .fields = order_fields,
                                            .field_count = 3};

struct note {
    weir_bytes id;
    int64_t timestamp, ingested_at;
    weir_bytes author, text, extra;
    int32_t stars;
    bool has_stars, has_extra;
};
static const struct weir_type int_type = {.name = "int", .kind = WEIR_KIND_I32, .size = 4};
static const struct weir_type json_type = {.name = "json", .kind = WEIR_KIND_JSON, .size = sizeof(weir_bytes)};
static const struct weir_field note_fields[] = {
    {"noteId", &string_type, offsetof(struct note, id), WEIR_NO_PRESENCE, NULL, NULL},
    FIELD(note, timestamp, time_type),
    {"ingestedAt", &time_type, offsetof(struct note, ingested_at), WEIR_NO_PRESENCE, NULL, NULL},
    FIELD(note, author, string_type),
    FIELD(note, text, string_type),
    {"stars", &int_type, offsetof(struct note, stars), offsetof(struct note, has_stars), NULL, NULL},
    {"extra", &json_type, offsetof(struct note, extra), offsetof(struct note, has_extra), NULL, NULL}};
static const struct weir_type note_type = {.name = "shop.Note",
                                           .kind = WEIR_KIND_RECORD,
                                           .size = sizeof(struct note),
                                           .fields = note_fields,
                                           .field_count = 7};

struct question {
    weir_bytes id, who;
};
static const struct weir_field question_fields[] = {
    {"questionId", &string_type, offsetof(struct question, id), WEIR_NO_PRESENCE, NULL, NULL},
    FIELD(question, who, string_type)};
static const struct weir_type question_type = {.name = "shop.Question",
                                               .kind = WEIR_KIND_RECORD,
                                               .size = sizeof(struct question),
                                               .fields = question_fields,
                                               .field_count = 2};

struct verdict {
    weir_bytes who, rule;
    int64_t limit, left, again;
    bool ok;
};
static const struct weir_type flag_type = {.name = "boolean", .kind = WEIR_KIND_BOOL, .size = 1};
static const struct weir_field verdict_fields[] = {FIELD(verdict, who, string_type), FIELD(verdict, rule, string_type),
                                                   FIELD(verdict, limit, long_type), FIELD(verdict, left, long_type),
                                                   FIELD(verdict, again, time_type), FIELD(verdict, ok, flag_type)};
static const struct weir_type verdict_type = {.name = "shop.Verdict",
                                              .kind = WEIR_KIND_RECORD,
                                              .size = sizeof(struct verdict),
                                              .fields = verdict_fields,
                                              .field_count = 6};

struct weir_app {
    const char *name;
    int index;
};
enum view_id { TOTALS, REVENUE, STOCK, ODD, PRICES, NOTES_BY_AUTHOR, NOTES_BY_TIME, VERDICTS };
struct weir_view {
    enum view_id id;
};
struct weir_cursor {
    struct weir_view *view;
    struct weir_copies copies;
    struct weir_range range;
    weir_arena *arena;
    int at, count;
    bool is_alone; /* not in the arena */
};

static _Atomic int64_t produced[PARTITIONS];
static int64_t start_ms;

static int knob(const char *name, int initial)
{
    const char *text = getenv(name);
    return text ? atoi(text) : initial;
}

static bool is_still;

static int64_t ticks(void)
{
    return is_still ? 100 : (clock_wall_ms(&clock_system) - start_ms) / 100 + 100;
}

weir_app *fake_app_new(const char *name, int index)
{
    weir_app *app = memory_new(sizeof *app);
    is_still = knob("FAKE_STILL", 0) != 0;
    start_ms = is_still ? 1733306400000 : clock_wall_ms(&clock_system);
    app->name = name;
    app->index = index;
    return app;
}

enum weir_state weir_app_state(weir_app *app)
{
    (void)app;
    return (enum weir_state)knob("FAKE_STATE", WEIR_RUNNING);
}

static _Atomic bool paused;

void weir_pause(weir_app *app)
{
    (void)app;
    atomic_store(&paused, true);
}

void weir_resume(weir_app *app)
{
    (void)app;
    atomic_store(&paused, false);
}

bool weir_is_paused(weir_app *app)
{
    (void)app;
    return atomic_load(&paused);
}

const char *weir_state_name(enum weir_state state)
{
    static const char *const names[] = {"CREATED",     "REBALANCING",   "RUNNING", "PENDING_SHUTDOWN",
                                        "NOT_RUNNING", "PENDING_ERROR", "ERROR"};
    return names[state];
}

bool weir_app_failure(weir_app *app, struct weir_error *error)
{
    return weir_app_state(app) == WEIR_ERROR && !error_set(error, WEIR_FATAL, "the fake has failed");
}

const char *weir_app_name(weir_app *app)
{
    return app->name;
}

const char *weir_app_setting(weir_app *app, const char *key)
{
    if (strcmp(key, "http.routing") == 0)
        return getenv("FAKE_ROUTING") ? getenv("FAKE_ROUTING") : "proxy";
    if (strcmp(key, "application.id") == 0)
        return app->name;
    char name[64] = "FAKE_";
    snprintf(name + 5, sizeof name - 5, "%s", key);
    for (char *at = name; *at; at++)
        *at = *at == '.' ? '_' : *at;
    return getenv(name);
}

/* ---- topology --------------------------------------------------------------------------------------------------- */

static const char orders_json[] =
    "{\"name\":\"orders\",\"subtopologies\":[{\"id\":0,\"nodes\":["
    "{\"name\":\"orders-source\",\"kind\":\"source\",\"topics\":[\"orders\"],\"stores\":[],\"predecessors\":[],"
    "\"successors\":[\"only-paid\"]},"
    "{\"name\":\"only-paid\",\"kind\":\"processor\",\"topics\":[],\"stores\":[],\"predecessors\":[\"orders-source\"],"
    "\"successors\":[\"total-per-customer\",\"by-country\",\"split-large\"]},"
    "{\"name\":\"total-per-customer\",\"kind\":\"processor\",\"topics\":[],\"stores\":[\"customer-totals\"],"
    "\"predecessors\":[\"only-paid\"],\"successors\":[\"totals-sink\"]},"
    "{\"name\":\"split-large\",\"kind\":\"processor\",\"topics\":[],\"stores\":[],\"predecessors\":[\"only-paid\"],"
    "\"successors\":[\"large-sink\"]},"
    "{\"name\":\"large-sink\",\"kind\":\"sink\",\"topics\":[\"large-orders\"],\"stores\":[],\"predecessors\":"
    "[\"split-large\"],\"successors\":[]},"
    "{\"name\":\"by-country\",\"kind\":\"sink\",\"topics\":[\"orders-by-country-repartition\"],\"stores\":[],"
    "\"predecessors\":[\"only-paid\"],\"successors\":[]},"
    "{\"name\":\"totals-sink\",\"kind\":\"sink\",\"topics\":[\"customer-totals-changes\"],\"stores\":[],"
    "\"predecessors\":"
    "[\"total-per-customer\"],\"successors\":[]}]},"
    "{\"id\":1,\"nodes\":[{\"name\":\"by-country-source\",\"kind\":\"source\",\"topics\":"
    "[\"orders-by-country-repartition\"],\"stores\":[],\"predecessors\":[],\"successors\":[\"revenue-per-minute\"]},"
    "{\"name\":\"revenue-per-minute\",\"kind\":\"processor\",\"topics\":[],\"stores\":[\"revenue\"],\"predecessors\":"
    "[\"by-country-source\"],\"successors\":[\"revenue-sink\"]},"
    "{\"name\":\"revenue-sink\",\"kind\":\"sink\",\"topics\":[\"revenue\"],\"stores\":[],\"predecessors\":"
    "[\"revenue-per-minute\"],\"successors\":[]}]}],"
    "\"stores\":[{\"name\":\"customer-totals\",\"kind\":\"key_value\"},{\"name\":\"revenue\",\"kind\":\"window\"}]}";
static const char stock_json[] =
    "{\"name\":\"stock\",\"subtopologies\":[{\"id\":0,\"nodes\":["
    "{\"name\":\"movements-source\",\"kind\":\"source\",\"topics\":[\"movements\"],\"stores\":[],\"predecessors\":[],"
    "\"successors\":[\"sum-movements\"]},"
    "{\"name\":\"sum-movements\",\"kind\":\"processor\",\"topics\":[],\"stores\":[\"stock\"],\"predecessors\":"
    "[\"movements-source\"],\"successors\":[]}]}],\"stores\":[{\"name\":\"stock\",\"kind\":\"key_value\"}]}";

bool weir_app_describe(weir_app *app, enum weir_describe_format format, FILE *out)
{
    if (format == WEIR_DESCRIBE_JSON)
        fputs(app->index ? stock_json : orders_json, out);
    else
        fprintf(out, "Topologies:\n   Sub-topology: 0 of %s, as %d\n", app->name, (int)format);
    return true;
}

/* ---- views ------------------------------------------------------------------------------------------------------ */

static _Atomic bool has_moved; /* fake_app_hold was called: */
static _Atomic int held_from, held_count, peer_port;

static int32_t partitions_here(void)
{
    return atomic_load(&has_moved) ? atomic_load(&held_count) : knob("FAKE_PARTITIONS_HERE", PARTITIONS);
}

static bool is_here(int32_t partition)
{
    int32_t from = atomic_load(&has_moved) ? atomic_load(&held_from) : knob("FAKE_PARTITIONS_FROM", 0);
    return partition >= from && partition < from + partitions_here();
}

/* NULL: there is none. */
static const char *peer_address(weir_arena *arena)
{
    int port = atomic_load(&peer_port);
    return port ? arena_format(arena, "127.0.0.1:%d", port) : getenv("FAKE_PEER");
}

static bool is_asked(const struct weir_copies *copies, int32_t partition)
{
    for (size_t i = 0; i < copies->partition_count; i++)
        if (copies->partitions[i] == partition)
            return true;
    return !copies->partitions;
}

size_t weir_view_held(weir_view *view, struct weir_copies copies, int32_t *out)
{
    size_t count = 0;
    (void)view;
    for (int32_t p = 0; p < PARTITIONS; p++)
        if (is_here(p) && is_asked(&copies, p))
            out[count++] = p;
    return count;
}

size_t weir_view_holders(weir_view *view, int32_t partition, bool any, weir_arena *arena, const char **out, size_t max)
{
    (void)view, (void)any;
    if (is_here(partition) || max == 0)
        return 0;
    out[0] = peer_address(arena);
    return out[0] != NULL;
}

/* Customers whose names end with a digit below 5 were written by orders; of the others it is not known. */
bool weir_view_writer(weir_view *view, struct weir_copies copies, weir_arena *arena, const struct weir_row *row,
                      struct weir_writer *out, struct weir_error *error)
{
    (void)copies, (void)arena, (void)error;
    const weir_bytes *name = row->key;
    bool is_known = view->id == REVENUE || (view->id == TOTALS && ((const char *)name->data)[name->size - 1] < '5');
    *out = (struct weir_writer){.topic = "orders", .partition = 2, .offset = 1207, .timestamp_ms = row->timestamp_ms};
    return is_known;
}

bool weir_view_is_hashed(weir_view *view)
{
    (void)view;
    return false;
}

static struct weir_view_info info_of(enum view_id id)
{
    struct weir_view_info info = {.name = "customer-totals",
                                  .kind = WEIR_VIEW_KEY_VALUE,
                                  .key = &weir_str_type,
                                  .value = &total_type,
                                  .partitions = PARTITIONS,
                                  .rows_approximate = CUSTOMERS};
    if (id == REVENUE) {
        info.name = "revenue";
        info.kind = WEIR_VIEW_WINDOW;
        info.value = &revenue_type;
        info.window_ms = WINDOW_MS;
        info.retention_ms = 24 * 60 * WINDOW_MS;
        info.rows_approximate = COUNTRIES * WINDOWS;
    } else if (id == STOCK) {
        info.name = "stock";
        info.key = &weir_i64_type;
        info.value = &weir_i64_type;
        info.rows_approximate = SHELVES;
    } else if (id == ODD) {
        info.name = "odd-strings";
        info.value = &weir_str_type;
        info.rows_approximate = 5;
    } else if (id == PRICES) {
        info.name = "prices";
        info.kind = WEIR_VIEW_VERSIONED;
        info.value = &weir_i64_type;
        info.retention_ms = VERSIONS * WINDOW_MS;
        info.rows_approximate = PRICED * VERSIONS;
    } else if (id == NOTES_BY_AUTHOR || id == NOTES_BY_TIME) {
        info.name = id == NOTES_BY_TIME ? "notes-by-time" : "notes-by-author";
        info.value = &note_type;
        info.rows_approximate = NOTES;
    }
    if (id == VERDICTS) {
        info.name = "verdicts";
        info.value = &verdict_type;
        info.rows_approximate = 0;
    }
    info.partitions_here = partitions_here();
    return info;
}

static int views_of(const weir_app *app, enum view_id ids[VIEWS_MAX])
{
    ids[0] = app->index ? STOCK : TOTALS;
    ids[1] = app->index ? ODD : REVENUE;
    ids[2] = PRICES;
    ids[3] = NOTES_BY_AUTHOR;
    ids[4] = NOTES_BY_TIME;
    if (!app->index)
        ids[2] = VERDICTS;
    return app->index ? VIEWS_MAX : 3;
}

size_t weir_app_views(weir_app *app, struct weir_view_info *out, size_t max)
{
    enum view_id ids[VIEWS_MAX];
    int count = views_of(app, ids);
    for (int i = 0; i < count && (size_t)i < max; i++)
        out[i] = info_of(ids[i]);
    return (size_t)count;
}

weir_view *weir_view_open(weir_app *app, const char *store, struct weir_error *error)
{
    enum view_id ids[VIEWS_MAX];
    int count = views_of(app, ids);
    for (int i = 0; i < count; i++) {
        if (strcmp(store, info_of(ids[i]).name) == 0) {
            weir_view *view = memory_new(sizeof *view);
            view->id = ids[i];
            return view;
        }
    }
    error_set(error, WEIR_ABSENT, "no store %s", store);
    return NULL;
}

void weir_view_close(weir_view *view)
{
    free(view);
}

struct weir_view_info weir_view_describe(weir_view *view)
{
    return info_of(view->id);
}

static const char *const countries[COUNTRIES] = {"AT", "BR", "DE", "ES", "FR", "IT", "JP", "US"};
static const char *const odd_keys[5] = {"", "<script>alert(1)</script>", "=1+1", "a\"b,c", "a/b"};
static const char *const odd_values[5] = {"empty key", "@SUM(A1)", "-2", "line\r\nbreak",
                                          "\xe2\x82\xac \xf0\x9f\x8c\x8a"};

static int rows_of(enum view_id id)
{
    static const int counts[] = {CUSTOMERS, COUNTRIES * WINDOWS, SHELVES, 5, PRICED * VERSIONS, NOTES, NOTES, 0};
    return counts[id];
}

static weir_bytes *text_in(weir_arena *arena, const char *text)
{
    weir_bytes *out = arena_alloc(arena, sizeof *out);
    *out = bytes_of_text(arena_text(arena, text));
    return out;
}

static _Atomic int64_t changes_of[CUSTOMERS]; /* fake_app_change: each is an order more */

static void make_total(weir_arena *arena, int i, struct weir_row *row)
{
    struct total *total = arena_alloc(arena, sizeof *total);
    int64_t moves = (ticks() * 7 + i * 13) / CUSTOMERS;
    char *text = arena_alloc_raw(arena, 16);
    memcpy(text, "customer-", 9);
    for (int k = 11, n = i; k >= 9; k--, n /= 10)
        text[k] = (char)('0' + n % 10);
    text[12] = 0;
    total->customer = (weir_bytes){text, 12};
    total->orders = 3 + i % 17 + moves + atomic_load(&changes_of[i]);
    total->spent.unscaled = total->orders * (1999 + i * 7);
    total->last_order = start_ms + moves * CUSTOMERS * 100 / 7 - i * 1000;
    total->tier = i % 3;
    total->has_note = i % 5 == 0;
    total->note = bytes_of_text(i % 2 ? "calls, before noon" : "prefers \"green\" boxes");
    weir_bytes *tags = arena_alloc(arena, 2 * sizeof *tags);
    tags[0] = bytes_of_text("web");
    tags[1] = bytes_of_text("returning");
    total->tags = (weir_array){tags, (size_t)(i % 3)};
    weir_bytes *key = arena_alloc(arena, sizeof *key);
    *key = total->customer;
    *row = (struct weir_row){.key = key, .value = total, .timestamp_ms = total->last_order};
}

static void make_revenue(weir_arena *arena, int i, struct weir_row *row)
{
    struct revenue *revenue = arena_alloc(arena, sizeof *revenue);
    int64_t last = (start_ms + (ticks() - 100) * 100) / WINDOW_MS * WINDOW_MS;
    row->window.start_ms = last - (int64_t)(WINDOWS - 1 - i % WINDOWS) * WINDOW_MS;
    row->window.end_ms = row->window.start_ms + WINDOW_MS;
    revenue->orders = 20 + (i * 31) % 23 + (i % WINDOWS == WINDOWS - 1 ? ticks() / 20 : 0);
    revenue->sum.unscaled = revenue->orders * 4711;
    row->key = text_in(arena, countries[i / WINDOWS]);
    row->value = revenue;
    row->timestamp_ms = row->window.start_ms + 59999;
}

/* Versions of a minute each, the first of each key at the epoch; the last is still valid. */
static void make_price(weir_arena *arena, int i, struct weir_row *row)
{
    static const char *const names[PRICED] = {"ink", "paper", "pen"};
    int64_t *price = arena_alloc(arena, sizeof *price), version = i % VERSIONS;
    *price = 100 * (i / VERSIONS) + version;
    *row = (struct weir_row){
        .key = text_in(arena, names[i / VERSIONS]), .value = price, .timestamp_ms = version * WINDOW_MS};
    row->window.start_ms = row->timestamp_ms;
    row->window.end_ms = version == VERSIONS - 1 ? WEIR_VERSION_OPEN : (version + 1) * WINDOW_MS;
}

struct kept_note {
    char keys[2][96]; /* by author, by time */
    const char *author;
    int64_t timestamp;
    int number;
};
static struct kept_note notes[2][NOTES]; /* in the order of their keys */

static int compare_by_author(const void *a, const void *b)
{
    return strcmp(((const struct kept_note *)a)->keys[0], ((const struct kept_note *)b)->keys[0]);
}

static int compare_by_time(const void *a, const void *b)
{
    return strcmp(((const struct kept_note *)a)->keys[1], ((const struct kept_note *)b)->keys[1]);
}

/* One a minute from each author; the keys of the second lie between those of the first. */
static void write_notes(void)
{
    static const char *const authors[] = {"ann", "ann/2024-12-04T10:05:30.000Z", "bob"};
    for (int i = 0; i < NOTES; i++) {
        struct kept_note *note = &notes[0][i];
        char time[32];
        snprintf(time, sizeof time, "2024-12-04T10:%02d:00.000Z", i / 3);
        *note = (struct kept_note){.author = authors[i % 3], .timestamp = 1733306400000 + i / 3 * 60000, .number = i};
        snprintf(note->keys[0], sizeof note->keys[0], "%s/%s/%d", note->author, time, i);
        snprintf(note->keys[1], sizeof note->keys[1], "%s/%s/%d", time, note->author, i);
        notes[1][i] = *note;
    }
    qsort(notes[0], NOTES, sizeof notes[0][0], compare_by_author);
    qsort(notes[1], NOTES, sizeof notes[1][0], compare_by_time);
}

static void make_note(weir_arena *arena, int order, int i, struct weir_row *row)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, write_notes);
    const struct kept_note *kept = &notes[order][i];
    struct note *note = arena_alloc(arena, sizeof *note);
    note->id = *text_in(arena, kept->keys[1]);
    note->author = bytes_of_text(kept->author);
    note->text = bytes_of_text("<i>text</i>");
    note->timestamp = note->ingested_at = kept->timestamp;
    note->has_stars = true;
    note->stars = kept->number;
    *row = (struct weir_row){.key = text_in(arena, kept->keys[order]), .value = note, .timestamp_ms = kept->timestamp};
}

static void make_row(enum view_id id, weir_arena *arena, int i, struct weir_row *row)
{
    int64_t *numbers;
    *row = (struct weir_row){0};
    switch (id) {
    case TOTALS:
        make_total(arena, i, row);
        break;
    case REVENUE:
        make_revenue(arena, i, row);
        break;
    case STOCK:
        numbers = arena_alloc(arena, 2 * sizeof *numbers);
        numbers[0] = 1000 + i;
        numbers[1] = 40 + (ticks() / (10 + i) + i * 37) % 200;
        *row = (struct weir_row){.key = &numbers[0], .value = &numbers[1], .timestamp_ms = start_ms};
        break;
    case PRICES:
        make_price(arena, i, row);
        break;
    case NOTES_BY_AUTHOR:
    case NOTES_BY_TIME:
        make_note(arena, id == NOTES_BY_TIME, i, row);
        break;
    case VERDICTS: /* has no rows to walk over */
        break;
    case ODD:
        *row = (struct weir_row){
            .key = text_in(arena, odd_keys[i]), .value = text_in(arena, odd_values[i]), .timestamp_ms = start_ms};
    }
    row->partition = i % PARTITIONS;
    row->position = "orders:0:1200,orders:1:1180,payments:0:77";
}

static int compare_keys(enum view_id id, const void *a, const void *b)
{
    if (id == STOCK)
        return (*(const int64_t *)a > *(const int64_t *)b) - (*(const int64_t *)a < *(const int64_t *)b);
    return bytes_compare(*(const weir_bytes *)a, *(const weir_bytes *)b);
}

static bool is_foreign(weir_view *view, const void *key)
{
    static const char foreign[] = "foreign";
    weir_bytes text = view->id == STOCK ? (weir_bytes){0} : *(const weir_bytes *)key;
    return text.size >= 7 && memcmp(text.data, foreign, 7) == 0;
}

static bool get_price(weir_view *view, weir_arena *arena, const void *key, int64_t as_of_ms, struct weir_row *row,
                      struct weir_error *error)
{
    for (int i = rows_of(PRICES); i-- > 0;) {
        make_row(view->id, arena, i, row);
        if (compare_keys(view->id, row->key, key) == 0 && row->window.start_ms <= as_of_ms)
            return true;
    }
    return error_set(error, WEIR_ABSENT, "no such key then");
}

/* ---- questions: asked by hand, three are granted to each; answered FAKE_ANSWER_MS later ----------------------------------- */

enum { QUESTIONS_MAX = 1000, GRANTED = 3 };
struct asked {
    char id[128], who[64];
    int64_t answered_us;
    int32_t partition;
    int number; /* of those of the same */
};
static pthread_mutex_t asked_lock = PTHREAD_MUTEX_INITIALIZER;
static struct asked asked[QUESTIONS_MAX];
static int asked_count;

static void take_question(const struct weir_raw_record *record, int32_t partition)
{
    weir_arena *arena = weir_arena_new();
    struct weir_error error = {0};
    const struct question *question = weir_from_json(arena, &question_type, record->value, &error);
    pthread_mutex_lock(&asked_lock);
    struct asked *one = &asked[asked_count];
    snprintf(one->id, sizeof one->id, "%.*s", (int)question->id.size, (const char *)question->id.data);
    snprintf(one->who, sizeof one->who, "%.*s", (int)question->who.size, (const char *)question->who.data);
    for (int i = 0; i < asked_count; i++)
        one->number += strcmp(asked[i].who, one->who) == 0;
    one->partition = partition;
    one->answered_us = clock_monotonic_us(&clock_system) + (int64_t)knob("FAKE_ANSWER_MS", 0) * 1000;
    asked_count++;
    pthread_mutex_unlock(&asked_lock);
    weir_arena_free(arena);
}

static void make_verdict(weir_arena *arena, const struct asked *one, struct weir_row *row)
{
    struct verdict *verdict = arena_alloc(arena, sizeof *verdict);
    *verdict = (struct verdict){.who = *text_in(arena, one->who),
                                .rule = bytes_of_text("by \"rule\""),
                                .limit = GRANTED,
                                .left = one->number < GRANTED ? GRANTED - 1 - one->number : 0,
                                .again = clock_wall_ms(&clock_system) + 7000,
                                .ok = one->number < GRANTED};
    *row = (struct weir_row){.key = text_in(arena, one->id), .value = verdict, .partition = one->partition};
    row->position = "questions:0:1";
}

static bool get_verdict(weir_arena *arena, weir_bytes id, struct weir_row *row, struct weir_error *error)
{
    bool found = false;
    pthread_mutex_lock(&asked_lock);
    for (int i = 0; i < asked_count && !found; i++) {
        found = strlen(asked[i].id) == id.size && memcmp(asked[i].id, id.data, id.size) == 0 &&
                asked[i].answered_us <= clock_monotonic_us(&clock_system);
        if (found)
            make_verdict(arena, &asked[i], row);
    }
    pthread_mutex_unlock(&asked_lock);
    return found || error_set(error, WEIR_ABSENT, "no such key");
}

static bool get(weir_view *view, weir_arena *arena, const void *key, int64_t start, struct weir_row *row,
                struct weir_error *error)
{
    if (view->id == PRICES)
        return get_price(view, arena, key, start, row, error);
    if (view->id == VERDICTS)
        return get_verdict(arena, *(const weir_bytes *)key, row, error);
    if (is_foreign(view, key))
        return error_set(error, WEIR_RETRY, "partition 3 of the view is not on this instance");
    if (view->id == TOTALS) { /* the measured path */
        weir_bytes text = *(const weir_bytes *)key;
        int i = text.size == 12 ? atoi((const char *)text.data + 9) : -1;
        if (i >= 0 && i < CUSTOMERS) {
            make_row(TOTALS, arena, i, row);
            return true;
        }
        return error_set(error, WEIR_ABSENT, "no such key");
    }
    for (int i = 0; i < rows_of(view->id); i++) {
        make_row(view->id, arena, i, row);
        if (compare_keys(view->id, row->key, key) == 0 && row->window.start_ms == start)
            return true;
    }
    return error_set(error, WEIR_ABSENT, "no such key");
}

bool weir_view_get(weir_view *view, weir_arena *arena, const void *key, struct weir_row *row, struct weir_error *error)
{
    return get(view, arena, key, view->id == PRICES ? WEIR_VERSION_OPEN : 0, row, error);
}

bool weir_view_get_window(weir_view *view, weir_arena *arena, const void *key, int64_t start, struct weir_row *row,
                          struct weir_error *error)
{
    return get(view, arena, key, start, row, error);
}

bool weir_view_find(weir_view *view, struct weir_copies copies, weir_arena *arena, const void *key, int64_t start,
                    int64_t end, struct weir_row *row, struct weir_error *error)
{
    (void)end;
    bool found = get(view, arena, key, start, row, error);
    bool is_all = partitions_here() == PARTITIONS || copies.partitions;
    if (found && is_here(row->partition) && is_asked(&copies, row->partition))
        return true;
    if (found || (error->code == WEIR_ABSENT && !is_all)) {
        *error = (struct weir_error){0};
        error_set(error, is_all ? WEIR_ABSENT : WEIR_RETRY, "not in the partitions that are here");
    }
    return false;
}

weir_cursor *weir_view_walk(weir_view *view, struct weir_copies copies, weir_arena *arena, struct weir_range range,
                            struct weir_error *error)
{
    (void)error;
    weir_cursor *cursor = arena_alloc(arena, sizeof *cursor);
    *cursor = (struct weir_cursor){
        .view = view, .copies = copies, .range = range, .arena = arena, .count = rows_of(view->id)};
    return cursor;
}

static bool is_in_range(const struct weir_cursor *cursor, const struct weir_row *row)
{
    const struct weir_range *range = &cursor->range;
    enum view_id id = cursor->view->id;
    weir_bytes text = id == STOCK ? (weir_bytes){0} : *(const weir_bytes *)row->key;
    int sign = range->descending ? -1 : 1;
    if (!is_here(row->partition) || !is_asked(&cursor->copies, row->partition) ||
        (range->from && compare_keys(id, row->key, range->from) < 0) ||
        (range->to && compare_keys(id, row->key, range->to) > 0))
        return false;
    if (range->prefix.size &&
        (text.size < range->prefix.size || memcmp(text.data, range->prefix.data, range->prefix.size) != 0))
        return false;
    int64_t last = id == PRICES ? row->window.end_ms - 1 : row->window.start_ms;
    if (last < range->window_from_ms || (range->window_to_ms && row->window.start_ms > range->window_to_ms))
        return false;
    if (!range->after)
        return true;
    int order = compare_keys(id, row->key, range->after) * sign;
    int64_t window = (row->window.start_ms - range->after_window_ms) * sign;
    return order > 0 || (order == 0 && window > 0);
}

bool weir_next(weir_cursor *cursor, struct weir_row *row, struct weir_error *error)
{
    (void)error;
    while (cursor->at < cursor->count) {
        int i = cursor->range.descending ? cursor->count - 1 - cursor->at : cursor->at;
        cursor->at++;
        make_row(cursor->view->id, cursor->arena, i, row);
        row->order = arena_bytes(cursor->arena, bytes_of_text(arena_format(cursor->arena, "%08d", i)));
        if (is_in_range(cursor, row))
            return true;
    }
    return false;
}

void weir_cursor_close(weir_cursor *cursor)
{
    if (cursor && cursor->is_alone)
        memory_free(cursor);
}

/* ---- changes: made by hand (fake_app_change), of customer-totals; each partition keeps the latest FAKE_KEPT of them -------- */

enum { CHANGES_MAX = 100000 };
struct weir_feed {
    weir_view *view;
    void (*told)(void *self);
    void *self;
    struct weir_feed *next;
};
static pthread_mutex_t changes_lock = PTHREAD_MUTEX_INITIALIZER;
static struct weir_feed *feeds;
static int changed[PARTITIONS][CHANGES_MAX]; /* the row; -1 - row: it was deleted */
static int change_count[PARTITIONS];

void fake_app_change(int row, bool is_gone)
{
    weir_arena *arena = weir_arena_new();
    struct weir_row made = {0};
    if (!is_gone)
        atomic_fetch_add(&changes_of[row], 1);
    make_row(TOTALS, arena, row, &made);
    pthread_mutex_lock(&changes_lock);
    int *count = &change_count[made.partition];
    if (*count < CHANGES_MAX)
        changed[made.partition][(*count)++] = is_gone ? -1 - row : row;
    for (struct weir_feed *feed = feeds; feed; feed = feed->next)
        feed->told(feed->self);
    pthread_mutex_unlock(&changes_lock);
    weir_arena_free(arena);
}

void fake_app_hold(int from, int count, int port)
{
    pthread_mutex_lock(&changes_lock);
    atomic_store(&held_from, from);
    atomic_store(&held_count, count);
    atomic_store(&peer_port, port);
    atomic_store(&has_moved, true);
    for (struct weir_feed *feed = feeds; feed; feed = feed->next)
        feed->told(feed->self);
    pthread_mutex_unlock(&changes_lock);
}

int64_t weir_cursor_mark(const weir_cursor *cursor, int32_t partition)
{
    pthread_mutex_lock(&changes_lock);
    int64_t mark = cursor->view->id == TOTALS ? change_count[partition] : 0;
    pthread_mutex_unlock(&changes_lock);
    return mark;
}

weir_feed *weir_feed_open(weir_view *view, size_t bytes, void (*told)(void *self), void *self)
{
    (void)bytes;
    struct weir_feed *feed = memory_new(sizeof *feed);
    pthread_mutex_lock(&changes_lock);
    *feed = (struct weir_feed){view, told, self, feeds};
    feeds = feed;
    pthread_mutex_unlock(&changes_lock);
    return feed;
}

void weir_feed_close(weir_feed *feed)
{
    pthread_mutex_lock(&changes_lock);
    struct weir_feed **at = &feeds;
    while (*at != feed)
        at = &(*at)->next;
    *at = feed->next;
    pthread_mutex_unlock(&changes_lock);
    memory_free(feed);
}

static void make_change(weir_arena *arena, int32_t partition, int64_t at, struct weir_change *out)
{
    int row = changed[partition][at];
    *out = (struct weir_change){.mark = at + 1};
    make_row(TOTALS, arena, row < 0 ? -1 - row : row, &out->row);
    out->row.order = arena_bytes(arena, bytes_of_text(arena_format(arena, "%08d", row < 0 ? -1 - row : row)));
    if (row < 0)
        out->row.value = NULL;
}

static bool read_feed(const weir_feed *feed, int32_t partition, int64_t *mark, weir_arena *arena,
                      struct weir_change *out, size_t most, size_t *got, struct weir_error *error)
{
    int64_t end = feed->view->id == TOTALS ? change_count[partition] : 0;
    int64_t kept = knob("FAKE_KEPT", CHANGES_MAX), from = end > kept ? end - kept : 0;
    *got = 0;
    if (!is_here(partition))
        return error_set(error, WEIR_RETRY, "the partition has left");
    if (*mark == WEIR_MARK_NOW)
        *mark = end;
    if (*mark < from || *mark > end)
        return error_set(error, *mark < from ? WEIR_FULL : WEIR_ABSENT, "not kept");
    for (; *mark < end && *got < most; ++*mark)
        make_change(arena, partition, *mark, &out[(*got)++]);
    return true;
}

bool weir_feed_read(weir_feed *feed, int32_t partition, int64_t *mark, weir_arena *arena, struct weir_change *out,
                    size_t most, size_t *got, struct weir_error *error)
{
    pthread_mutex_lock(&changes_lock);
    bool ok = read_feed(feed, partition, mark, arena, out, most, got, error);
    pthread_mutex_unlock(&changes_lock);
    return ok;
}

struct weir_snapshot {
    int unused;
};

weir_snapshot *weir_snapshot_open(weir_view *const *views, size_t count, struct weir_error *error)
{
    (void)views, (void)count;
    if (getenv("FAKE_MOVING")) {
        error_set(error, WEIR_RETRY, "tasks are coming or going on this instance");
        return NULL;
    }
    return memory_new(sizeof(struct weir_snapshot));
}

void weir_snapshot_close(weir_snapshot *snapshot)
{
    memory_free(snapshot);
}

bool weir_snapshot_is_wanted(const weir_snapshot *snapshot)
{
    (void)snapshot;
    return false;
}

const char *weir_snapshot_position(const weir_snapshot *snapshot, const weir_view *view, weir_arena *arena,
                                   int32_t *partitions)
{
    (void)snapshot, (void)view;
    *partitions = partitions_here();
    return arena_text(arena, "orders:0:1200,orders:1:1180");
}

/* The cursor is no part of the arena, which is cleared between rows. */
weir_cursor *weir_snapshot_scan(weir_snapshot *snapshot, weir_view *view, weir_arena *arena, struct weir_range range,
                                struct weir_error *error)
{
    (void)snapshot, (void)error;
    weir_cursor *cursor = memory_new(sizeof *cursor);
    *cursor = (struct weir_cursor){
        .view = view, .range = range, .arena = arena, .count = rows_of(view->id), .is_alone = true};
    return cursor;
}

int32_t weir_view_partition(weir_view *view, const void *key)
{
    return view->id == STOCK ? 0 : hash_partition(*(const weir_bytes *)key, PARTITIONS);
}

/* Reached when that many records were produced here; "payments" never moves. */
bool weir_view_wait(weir_view *view, const char *position, int64_t wait_ms, struct weir_error *error)
{
    int partition;
    long long offset;
    char topic[32];
    (void)view;
    if (sscanf(position, "%31[^:]:%d:%lld", topic, &partition, &offset) != 3 || partition < 0 ||
        partition >= PARTITIONS)
        return error_set(error, WEIR_INVALID, "malformed position");
    for (int64_t waited = 0;; waited += 2) {
        if (strcmp(topic, "orders") == 0 && atomic_load(&produced[partition]) >= offset)
            return true;
        if (waited >= wait_ms)
            return error_set(error, WEIR_RETRY, "not there after %lld ms", (long long)wait_ms);
        usleep(2000);
    }
}

const char *weir_view_position_of(weir_view *view, struct weir_copies copies, weir_arena *arena)
{
    (void)copies;
    return weir_view_position(view, arena);
}

const char *weir_view_position(weir_view *view, weir_arena *arena)
{
    (void)view;
    return arena_format(arena, "orders:0:%lld,orders:1:7", (long long)atomic_load(&produced[0]));
}

/* ---- producing and looking on ----------------------------------------------------------------------------------- */

static bool produce(weir_app *app, const char *topic, const struct weir_raw_record *records, size_t count,
                    struct weir_produced *out, struct weir_error *error)
{
    (void)app;
    if (strcmp(topic, "unavailable") == 0)
        return error_set(error, WEIR_RETRY, "topic %s: no leader", topic);
    if (knob("FAKE_FULL", 0))
        return error_set(error, WEIR_FULL, "topic %s: 12 records are waiting to be written already", topic);
    usleep(3000);
    for (size_t i = 0; i < count; i++) {
        out[i].partition = records[i].key.data ? hash_partition(records[i].key, PARTITIONS) : 0;
        out[i].offset = atomic_fetch_add(&produced[out[i].partition], 1);
        if (strcmp(topic, "questions") == 0)
            take_question(&records[i], out[i].partition);
        if (getenv("FAKE_ECHO")) {
            for (size_t k = 0; k < records[i].key.size; k++) /* may hold NUL */
                putchar(((const char *)records[i].key.data)[k]);
            putchar('|');
            for (size_t k = 0; k < records[i].value.size; k++)
                putchar(((const char *)records[i].value.data)[k]);
            printf("|%lld", (long long)records[i].timestamp_ms);
            for (size_t k = 0; k < records[i].headers.count; k++)
                printf("|%s=%.*s", records[i].headers.items[k].name, (int)records[i].headers.items[k].value.size,
                       (const char *)records[i].headers.items[k].value.data);
            printf("\n");
            fflush(stdout);
        }
    }
    return true;
}

void weir_produce_then(weir_app *app, const char *topic, const struct weir_raw_record *records, size_t count,
                       struct weir_produced *out, weir_produced_then *then, void *self)
{
    struct weir_error error = {0};
    produce(app, topic, records, count, out, &error);
    then(self, &error);
}

struct weir_buffer_info weir_app_buffer(weir_app *app)
{
    (void)app;
    bool is_full = knob("FAKE_FULL", 0) != 0;
    while (knob("FAKE_HANGING", 0))
        usleep(10000);
    return (struct weir_buffer_info){.bytes = is_full ? 990 : 10, .bytes_max = 1000, .records = 12, .oldest_ms = 3};
}

size_t weir_app_endpoints(weir_app *app, const struct weir_endpoint **out)
{
    static const struct weir_endpoint endpoints[] = {
        {.kind = WEIR_ENDPOINT_INGEST,
         .path = "/notes",
         .value = &note_type,
         .ingest = {.topic = "notes",
                    .id = "noteId",
                    .ingested_at = "ingestedAt",
                    .key = "noteId",
                    .time = "timestamp",
                    .rules = {{"author", .chars_min = 1, .chars_max = 10},
                              {"timestamp", .is_bounded = true, .least = 0, .most = 253402300799999},
                              {"stars", .is_bounded = true, .least = 1, .most = 5}},
                    .about = "Takes notes."}},
        {.kind = WEIR_ENDPOINT_INGEST, .path = "/lost/notes", .value = &note_type, .ingest = {.topic = "unavailable"}},
        {.kind = WEIR_ENDPOINT_INGEST,
         .path = "/questions",
         .value = &question_type,
         .answer = &verdict_type,
         .ingest = {.topic = "questions",
                    .id = "questionId",
                    .key = "who",
                    .rules = {{"who", .chars_min = 1, .chars_max = 10}},
                    .answers = "verdicts",
                    .quota = {"ok", "rule", "limit", "left", "again"},
                    .about = "Grants three to each."}},
        {.kind = WEIR_ENDPOINT_SEARCH,
         .path = "/notes",
         .value = &note_type,
         .search = {.time = "timestamp",
                    .indexes = {{"notes-by-author", {"author"}}, {"notes-by-time", {NULL}}},
                    .about = "Notes by author and time."}},
    };
    *out = endpoints;
    return app->index ? 0 : sizeof endpoints / sizeof *endpoints;
}

size_t weir_app_topics(weir_app *app, struct weir_topic_info *out, size_t max)
{
    static const struct weir_topic_info orders[] = {
        {"orders", &weir_str_type, &order_type, .is_source = true, .requires_key = true},
        {"customer-totals-changes", &weir_str_type, &total_type, .is_sink = true},
        {"unavailable", &weir_str_type, NULL, .is_source = true},
        {"orders-by-country-repartition", &weir_str_type, &order_type, true, true, true, false}};
    static const struct weir_topic_info stock[] = {{"movements", &weir_i64_type, &weir_i64_type, .is_source = true}};
    size_t count = app->index ? 1 : 4;
    for (size_t i = 0; i < count && i < max; i++)
        out[i] = app->index ? stock[i] : orders[i];
    return count;
}

size_t weir_app_memory(weir_app *app, struct weir_memory_info *out, size_t max)
{
    static const struct weir_memory_info parts[] = {
        {"base", 24 << 20, -1}, {"rows", 300 << 20, 1 << 20}, {"requests", 60 << 20, 10}};
    (void)app;
    for (size_t i = 0; i < sizeof parts / sizeof *parts && i < max; i++)
        out[i] = parts[i];
    return sizeof parts / sizeof *parts;
}

size_t weir_app_tasks(weir_app *app, struct weir_task_info *out, size_t max)
{
    size_t count = app->index ? 4 : 8;
    for (size_t i = 0; i < count && i < max; i++) {
        int64_t wave = (ticks() * (int64_t)(3 + i)) % 97;
        out[i] = (struct weir_task_info){.subtopology = (int32_t)i / 4,
                                         .partition = (int32_t)i % 4,
                                         .state = "running",
                                         .stream_time_ms = start_ms + (ticks() - 103) * 100,
                                         .records = (uint64_t)(ticks() * (900 + (int64_t)i * 130) + wave * 70),
                                         .lag = wave * (int64_t)(i + 1) / 3};
    }
    if (app->index && max > 3) {
        out[3].state = "restoring";
        out[3].restore_remaining = 120000 - ticks() % 100 * 1000;
        out[3].stream_time_ms = out[3].lag = -1;
    }
    return count;
}

size_t weir_app_instances(weir_app *app, weir_arena *arena, struct weir_instance_info **out)
{
    (void)app;
    *out = arena_alloc(arena, 2 * sizeof **out);
    for (size_t i = 0; i < 2; i++) {
        (*out)[i] = (struct weir_instance_info){.id = i ? "peer" : "self",
                                                .address = i ? getenv("FAKE_PEER") : NULL,
                                                .is_self = i == 0,
                                                .shares = arena_alloc(arena, sizeof(struct weir_share_info)),
                                                .share_count = 1};
        (*out)[i].shares[0] = (struct weir_share_info){0, (int32_t)i, i != 0};
    }
    return getenv("FAKE_PEER") ? 2 : 1;
}

size_t weir_app_nodes(weir_app *app, struct weir_node_info *out, size_t max)
{
    static const char *const names[] = {"orders-source",      "only-paid",   "total-per-customer", "split-large",
                                        "large-sink",         "by-country",  "totals-sink",        "by-country-source",
                                        "revenue-per-minute", "revenue-sink"};
    static const char *const stock_names[] = {"movements-source", "sum-movements"};
    static const int shares[] = {100, 82, 82, 82, 9, 82, 82, 82, 82, 60};
    size_t count = app->index ? 2 : 10;
    for (size_t i = 0; i < count && i < max; i++)
        out[i] = (struct weir_node_info){app->index ? stock_names[i] : names[i], (uint64_t)(ticks() * 48 * shares[i]),
                                         i == 0 || i == 7 ? ticks() % 40 : -1};
    return count;
}

size_t weir_app_drops(weir_app *app, struct weir_drop_info *out, size_t max)
{
    if (app->index)
        return 0;
    if (max > 1) {
        out[0] = (struct weir_drop_info){"late", (uint64_t)(ticks() / 9)};
        out[1] = (struct weir_drop_info){"dead_letter", 3};
    }
    return 2;
}

size_t weir_app_drop_places(weir_app *app, struct weir_drop_place *out, size_t max)
{
    if (app->index)
        return 0;
    if (max > 1) {
        out[0] = (struct weir_drop_place){"late", "orders", 1, (uint64_t)(ticks() / 9), 4711};
        out[1] = (struct weir_drop_place){"dead_letter", "orders", 0, 3, 42};
    }
    return 2;
}

size_t weir_app_latest_drops(weir_app *app, struct weir_drop *out, size_t max)
{
    if (app->index)
        return 0;
    if (max > 1) {
        out[0] = (struct weir_drop){"late", "count-per-minute", "orders", 1, 4711, start_ms - 3600000, start_ms};
        out[1] = (struct weir_drop){"dead_letter", NULL, "orders", 0, 42, -1, start_ms};
    }
    return 2;
}

/* The second is of a sub-topology without views. */
size_t weir_app_hot_keys(weir_app *app, weir_arena *arena, struct weir_hot_key *out, size_t max)
{
    if (app->index)
        return 0;
    if (max > 1) {
        out[0] =
            (struct weir_hot_key){"orders", 0, 2, &weir_str_type, text_in(arena, "customer-007"), 40000, 1600, 100000};
        out[1] = (struct weir_hot_key){
            "orders-by-country-repartition", 1, 1, &weir_str_type, text_in(arena, "DE"), 16000, 0, 64000};
    }
    return 2;
}

int64_t weir_app_parked_keys(weir_app *app)
{
    return app->index ? 0 : 2;
}

size_t weir_app_dead_letters(weir_app *app, weir_arena *arena, struct weir_dead_letter *out, size_t max)
{
    if (app->index)
        return 0;
    for (size_t i = 0; i < 3 && i < max; i++)
        out[i] = (struct weir_dead_letter){
            .letters = "orders.dlq",
            .topic = "orders",
            .reason = "unreadable",
            .message = arena_format(arena, "value: total: expected a number (byte %zu)", 17 + i),
            .trace_id = i == 0 ? "4bf92f3577b34da6a3ce929d0e0e4736" : "",
            .partition = (int32_t)i,
            .offset = 40 + (int64_t)i,
            .failed_ms = start_ms - 60000 * (int64_t)i};
    return 3;
}

bool weir_app_replay(weir_app *app, const char *letters, int64_t max, struct weir_replayed *out,
                     struct weir_error *error)
{
    static atomic_llong waiting = 7;
    *out = (struct weir_replayed){0};
    if (strcmp(letters, "busy.dlq") == 0)
        return error_set(error, WEIR_FENCED, "busy.dlq: somebody else replays it now");
    if (app->index || strcmp(letters, "orders.dlq") != 0)
        return error_set(error, WEIR_ABSENT, "'%s' is not a dead letter topic of this topology", letters);
    long long all = atomic_load(&waiting);
    out->sent = max >= 0 && max < all ? max : all;
    atomic_fetch_sub(&waiting, out->sent);
    return true;
}

weir_bytes weir_app_metrics(weir_app *app, weir_arena *arena)
{
    return bytes_of_text(arena_format(arena,
                                      "# HELP weir_tasks Tasks.\n# TYPE weir_tasks gauge\nweir_tasks{app=\"%s\"} 8\n"
                                      "# HELP process_threads Threads.\n# TYPE process_threads gauge\n"
                                      "process_threads %d\n",
                                      app->name, 9 + app->index));
}

/* One copy of every task of "demo", of one file. */
bool weir_copy_make(weir_app *app, const char *application, const char *task, weir_arena *arena, weir_bytes *manifest,
                    struct weir_error *error)
{
    static const char text[] =
        "weir-copy 1\ncopy 0123456789abcdef\nstate 00000000\nstore 00000000 7\nfile 10 000001.sst\nend\n";
    (void)app, (void)arena;
    *error = (struct weir_error){0};
    if (strcmp(application, "demo") == 0 && strcmp(task, "0_9") == 0)
        return error_set(error, WEIR_RETRY, "4 copies are being read");
    if (strcmp(application, "demo") != 0 || strcmp(task, "0_0") != 0)
        return error_set(error, WEIR_ABSENT, "its state is not here");
    *manifest = (weir_bytes){text, sizeof text - 1};
    return true;
}

bool weir_copy_read(weir_app *app, const char *copy, const char *file, int64_t offset, void *out, size_t most,
                    size_t *got, struct weir_error *error)
{
    static const char content[] = "0123456789";
    (void)app;
    if (strcmp(copy, "0123456789abcdef") != 0 || strcmp(file, "000001.sst") != 0)
        return error_set(error, WEIR_ABSENT, "there is no such file");
    *got = offset > 10 ? 0 : 10 - (size_t)offset;
    *got = *got > most ? most : *got;
    memcpy(out, content + (offset > 10 ? 10 : offset), *got);
    return true;
}

void weir_copy_from(weir_app *app, const struct weir_copy_source *source)
{
    (void)app, (void)source;
}

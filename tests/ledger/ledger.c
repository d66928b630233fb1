/* ledger.c: a topology on which every lost, doubled or dirty record shows. `weir run ledger.so`.
 *
 * Entries (key: account, value: a number that is given once) meet the table of accounts (value: region). What is booked
 * goes out as "region|entry", is counted per region behind a repartition, per account without one, and is numbered by a
 * processor that keeps its last number in memory: 1, 2, 3 … per partition, with no number missing and none twice, unless
 * memory survives what the store does not. An entry "bad…" is refused and must be one dead letter. Names of topics begin
 * with the environment's LEDGER, so that runs on one broker do not meet.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "weir.h"

static const void *book(weir_context *context, const struct weir_record *entry, const struct weir_record *account)
{
    const weir_bytes *number = entry->value, *region = account->value;
    weir_bytes *line = weir_alloc(context, sizeof *line);
    char *text = weir_alloc(context, region->size + 1 + number->size);
    memcpy(text, region->data, region->size);
    text[region->size] = '|';
    memcpy(text + region->size + 1, number->data, number->size);
    *line = (weir_bytes){text, region->size + 1 + number->size};
    return line;
}

static const void *region_of(weir_context *context, const struct weir_record *booked)
{
    const weir_bytes *line = booked->value;
    weir_bytes *region = weir_alloc(context, sizeof *region);
    const char *bar = memchr(line->data, '|', line->size);
    *region = (weir_bytes){line->data, (size_t)(bar - (const char *)line->data)};
    return region;
}

struct numbering {
    weir_store *store;
    int64_t last;
};

static void open_numbering(weir_context *context)
{
    struct numbering *self = weir_self(context);
    self->store = weir_store_named(context, "last-number");
    const int64_t *last = weir_get(self->store, WEIR_STR("last"));
    self->last = last ? *last : 0;
}

static void give_number(weir_context *context, const struct weir_record *booked)
{
    struct numbering *self = weir_self(context);
    const weir_bytes *line = booked->value;
    if (memmem(line->data, line->size, "|bad", 4)) {
        weir_fail(context, "bad entry");
        return;
    }
    int64_t number = ++self->last;
    weir_put(self->store, WEIR_STR("last"), &number);
    struct weir_record numbered = *booked;
    numbered.value = &number;
    weir_forward(context, &numbered);
}

static const struct weir_processor numbering = {
    .self_size = sizeof(struct numbering), .open = open_numbering, .process = give_number};

static const char *topic(const char *name)
{
    static char names[5][200];
    static size_t next;
    const char *prefix = getenv("LEDGER");
    char *full = names[next++ % 5];
    snprintf(full, sizeof names[0], "%s-%s", prefix ? prefix : "ledger", name);
    return full;
}

static weir_topology *build(void)
{
    weir_topology *t = weir_topology_new("ledger");
    weir_table *accounts = weir_table_from(t, topic("accounts"), "accounts", &weir_str_type, &weir_str_type);
    weir_stream *entries = weir_from(t, topic("entries"), &weir_str_type, &weir_str_type);
    weir_stream *booked = weir_join_table(entries, accounts, book, .value = &weir_str_type);
    weir_to(booked, topic("booked"));
    weir_table *by_region = weir_count(weir_group_by(booked, "by-region", &weir_str_type, region_of), "region-counts");
    weir_to(weir_changes(by_region), topic("regions"));
    weir_count(weir_group(booked), "account-counts");
    weir_add_store(t, "last-number", &weir_str_type, &weir_i64_type);
    weir_to(weir_process(booked, &numbering, .stores = {"last-number"}, .value = &weir_i64_type), topic("numbers"));
    return t;
}

WEIR_EXPORT_TOPOLOGIES = {{"ledger", "entries booked, counted and numbered", build}, {NULL, NULL, NULL}};

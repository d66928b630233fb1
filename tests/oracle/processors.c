/* processors.c: see processors.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "oracle/processors.h"

#include "oracle/texts.h"

enum { FORGOTTEN_ABOVE = 2 };

/* ---- stores ---- */

const void *processor_remember(weir_context *context, const struct weir_record *record)
{
    weir_store *last = weir_store_named(context, weir_user(context));
    const weir_bytes *before = weir_get(last, record->key);
    weir_put(last, record->key, record->value ? text_keep_folded(context, text_of_value(context, record)) : NULL);
    if (!record->value)
        return NULL;
    return text_keep_folded(context,
                            JOIN(context, before ? *before : TEXT("null"), TEXT(">"), text_of_value(context, record)));
}

static weir_bytes text_in(weir_store *shelf, const void *key, int64_t start_ms)
{
    const weir_bytes *found = weir_window_get(shelf, key, start_ms);
    return found ? *found : TEXT("null");
}

static void shelve_process(weir_context *context, const struct weir_record *record)
{
    const struct shelf *args = weir_user(context);
    weir_store *shelf = weir_store_named(context, args->store);
    if (!record->key)
        return;
    int64_t start_ms = record->timestamp_ms / args->size_ms * args->size_ms;
    const weir_bytes here = text_in(shelf, record->key, start_ms);
    const weir_bytes before = text_in(shelf, record->key, start_ms - args->size_ms);
    weir_window_put(shelf, record->key, start_ms,
                    record->value ? text_keep_folded(context, text_of_value(context, record)) : NULL);
    struct weir_record out = *record;
    out.value =
        text_keep_folded(context, JOIN(context, before, TEXT(">"), here, TEXT(">"), text_of_value(context, record)));
    weir_forward(context, &out);
}

const struct weir_processor processor_shelve = {.process = shelve_process};

static void diary_process(weir_context *context, const struct weir_record *record)
{
    const struct shelf *args = weir_user(context);
    weir_store *diary = weir_store_named(context, args->store);
    if (!record->key)
        return;
    int64_t start_ms = record->timestamp_ms / args->size_ms * args->size_ms, end_ms = start_ms + args->size_ms;
    const weir_bytes *found = weir_session_get(diary, record->key, start_ms, end_ms);
    const weir_bytes before = found ? *found : TEXT("null");
    weir_session_put(diary, record->key, start_ms, end_ms,
                     record->value ? text_keep_folded(context, text_of_value(context, record)) : NULL);
    struct weir_record out = *record;
    out.value = text_keep_folded(context, JOIN(context, before, TEXT(">"), text_of_value(context, record)));
    weir_forward(context, &out);
}

const struct weir_processor processor_diary = {.process = diary_process};

/* ---- a part of a store ---- */

struct survey {
    weir_context *context;
    weir_bytes all;
};

static bool survey_row(void *self, const struct weir_record *row)
{
    struct survey *survey = self;
    survey->all = JOIN(survey->context, survey->all, *(const weir_bytes *)row->key, TEXT("="),
                       *(const weir_bytes *)row->value, TEXT(";"));
    return true;
}

static struct weir_range survey_part(int64_t weight)
{
    static const weir_bytes keys[] = {{"k0", 2}, {"k1", 2}, {"k2", 2}, {"k3", 2}};
    switch (floor_mod(weight, 3)) {
    case 0:
        return (struct weir_range){.from = &keys[1], .to = &keys[3]};
    case 1:
        return (struct weir_range){.from = &keys[0], .to = &keys[2], .descending = true};
    default:
        return (struct weir_range){.prefix = TEXT("k")};
    }
}

static void survey_process(weir_context *context, const struct weir_record *record)
{
    weir_store *rows = weir_store_named(context, weir_user(context));
    struct survey survey = {context, TEXT("")};
    if (!record->key)
        return;
    weir_put(rows, record->key, record->value ? text_keep_folded(context, text_of_value(context, record)) : NULL);
    weir_range_each(rows, survey_part(record_weight(record)), survey_row, &survey);
    struct weir_record out = *record;
    out.value = text_keep_folded(context, survey.all);
    weir_forward(context, &out);
}

const struct weir_processor processor_survey = {.process = survey_process};

/* ---- ways ---- */

static void route_process(weir_context *context, const struct weir_record *record)
{
    const struct route *route = weir_user(context);
    int64_t by = record_weight(record);
    if (floor_mod(by, 5) == 0)
        weir_forward(context, record);
    else
        weir_forward_to(context, route->children[floor_mod(by, 2)], record);
}

const struct weir_processor processor_route = {.process = route_process};

/* ---- the processor ---- */

struct punctuation {
    weir_context *context;
    weir_store *counts;
    int64_t now_ms;
};

static void tell_count(void *self, const struct weir_record *row)
{
    const struct punctuation *punctuation = self;
    struct weir_record out = *row;
    out.timestamp_ms = punctuation->now_ms;
    weir_forward(punctuation->context, &out);
    if (*(const int64_t *)row->value > FORGOTTEN_ABOVE)
        weir_put(punctuation->counts, row->key, NULL);
}

static void tally_punctuate(weir_context *context, int64_t now_ms)
{
    const struct tally *tally = weir_user(context);
    struct punctuation punctuation = {context, weir_store_named(context, tally->store), now_ms};
    weir_each(punctuation.counts, tell_count, &punctuation);
}

static void tally_open(weir_context *context)
{
    const struct tally *tally = weir_user(context);
    if (tally->every_ms > 0)
        weir_schedule(context, tally->clock, weir_millis(tally->every_ms), tally_punctuate);
}

static void tally_process(weir_context *context, const struct weir_record *record)
{
    const struct tally *tally = weir_user(context);
    if (!record->key)
        return;
    weir_store *counts = weir_store_named(context, tally->store);
    struct weir_record out = *record;
    out.key = text_keep(context, text_of_key(context, record));
    const int64_t *old = weir_get(counts, out.key);
    const int64_t count = old ? *old + 1 : 1;
    weir_put(counts, out.key, &count);
    out.value = &count;
    if (count % 2 == 0)
        weir_forward(context, &out);
}

const struct weir_processor processor_tally = {.open = tally_open, .process = tally_process};

/* ---- the processor of values ---- */

static weir_bytes recall(weir_context *context, const struct weir_record *record)
{
    weir_store *last = weir_store_named(context, weir_user(context));
    if (!record->key)
        return TEXT("null");
    const void *key = text_keep(context, text_of_key(context, record));
    const weir_bytes *before = weir_get(last, key);
    weir_put(last, key, record->value ? text_keep_folded(context, text_of_value(context, record)) : NULL);
    return before ? *before : TEXT("null");
}

static void recall_process(weir_context *context, const struct weir_record *record)
{
    struct weir_record out = *record;
    weir_bytes before = recall(context, record);
    const weir_bytes both = text_fold(context, JOIN(context, before, TEXT(">"), text_of_value(context, record)));
    out.value = &both;
    out.headers = weir_headers_with(context, record->headers, "size", text_print(context, "%zu", both.size));
    weir_forward(context, &out);
}

const struct weir_processor processor_recall = {.process = recall_process};

/* ---- a global store ---- */

static void pile_process(weir_context *context, const struct weir_record *record)
{
    weir_store *store = weir_store_named(context, weir_user(context));
    if (!record->key)
        return;
    const weir_bytes *before = weir_get(store, record->key);
    const weir_bytes value = text_of_value(context, record);
    const weir_bytes both = before ? JOIN(context, *before, TEXT("+"), value) : value;
    weir_put(store, record->key, record->value ? text_keep_folded(context, both) : NULL);
}

const struct weir_processor processor_pile = {.process = pile_process};

static void consult_process(weir_context *context, const struct weir_record *record)
{
    weir_store *store = weir_store_named(context, weir_user(context));
    struct weir_record out = *record;
    const void *key = text_keep(context, text_of_value(context, record));
    const weir_bytes *found = weir_get(store, key);
    const weir_bytes both = JOIN(context, text_of_value(context, record), TEXT("?"), found ? *found : TEXT("null"));
    out.value = text_keep_folded(context, both);
    weir_forward(context, &out);
}

const struct weir_processor processor_consult = {.process = consult_process};

/* intake.c: see intake.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/intake.h"

#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "http/json.h"
#include "http/limits.h"
#include "http/time.h"
#include "http/uuid.h"

enum { REFUSALS_MAX = 20 }; /* that one answer lists */

/* ---- reading ---------------------------------------------------------------------------------------------------- */

static bool begins_array(weir_bytes json)
{
    const char *at = json.data;
    size_t i = 0;
    while (i < json.size && (at[i] == ' ' || at[i] == '\t' || at[i] == '\n' || at[i] == '\r'))
        i++;
    return i < json.size && at[i] == '[';
}

bool intake_read(struct intake *intake, weir_bytes body, struct weir_error *error)
{
    const struct endpoint *endpoint = intake->endpoint;
    intake->is_list = begins_array(body);
    intake->count = 1;
    if (!intake->is_list) {
        intake->values = weir_from_json(intake->arena, &endpoint->body, body, error);
        return intake->values != NULL;
    }
    const weir_array *list = weir_from_json(intake->arena, &endpoint->bodies, body, error);
    if (!list)
        return false;
    intake->values = list->items;
    intake->count = list->count;
    if (intake->count == 0 || intake->count > LIMIT_BATCH_RECORDS)
        return error_set(error, WEIR_POISON, "the array has %zu items; it may have 1 to %d", intake->count,
                         LIMIT_BATCH_RECORDS);
    return true;
}

/* ---- checking --------------------------------------------------------------------------------------------------- */

/* Characters of UTF-8: bytes that do not continue one. */
static int64_t count_chars(weir_bytes text)
{
    int64_t count = 0;
    for (size_t i = 0; i < text.size; i++)
        count += (((const unsigned char *)text.data)[i] & 0xC0) != 0x80;
    return count;
}

static const char *check_chars(weir_arena *arena, const struct weir_rule *rule, weir_bytes text)
{
    int64_t count = count_chars(text);
    if (count < rule->chars_min)
        return count == 0 ? "is empty" : arena_format(arena, "has fewer than %d characters", rule->chars_min);
    if (rule->chars_max && count > rule->chars_max)
        return arena_format(arena, "has more than %d characters", rule->chars_max);
    return NULL;
}

static const char *check_bounds(weir_arena *arena, const struct weir_rule *rule, const struct weir_type *type,
                                const void *place)
{
    int64_t number = type->kind == WEIR_KIND_I32 ? *(const int32_t *)place : *(const int64_t *)place;
    int64_t bound = number < rule->least ? rule->least : rule->most;
    if (number >= rule->least && number <= rule->most)
        return NULL;
    if (type->kind != WEIR_KIND_TIMESTAMP)
        return arena_format(arena, "is %s than %lld", number < bound ? "less" : "more", (long long)bound);
    char text[TIME_TEXT_BYTES + 1];
    time_text(bound, text);
    return arena_format(arena, "is %s %s", number < bound ? "before" : "after", text);
}

static const struct weir_field *find_field(const struct weir_type *record, const char *name)
{
    for (size_t i = 0; i < record->field_count; i++)
        if (strcmp(record->fields[i].name, name) == 0)
            return &record->fields[i];
    return NULL;
}

/* NULL: the rule is kept, or its field is absent. */
static const char *check_rule(const struct intake *intake, const struct weir_rule *rule, const char *value)
{
    const struct weir_field *field = find_field(&intake->endpoint->body, rule->field);
    if (!field || (field->presence != WEIR_NO_PRESENCE && !*(const bool *)(value + field->presence)))
        return NULL;
    const void *place = value + field->offset;
    if (rule->is_bounded)
        return check_bounds(intake->arena, rule, field->type, place);
    return field->type->kind == WEIR_KIND_STRING ? check_chars(intake->arena, rule, *(const weir_bytes *)place) : NULL;
}

static const char *name_of(const struct intake *intake, size_t i, const char *field)
{
    return intake->is_list ? arena_format(intake->arena, "[%zu].%s", i, field) : field;
}

bool intake_check(const struct intake *intake, intake_refuse *refuse, void *self)
{
    const struct weir_rule *rules = intake->endpoint->declared->ingest.rules;
    size_t broken = 0;
    for (size_t i = 0; i < intake->count && broken < REFUSALS_MAX; i++) {
        const char *value = intake->values + i * intake->endpoint->body.size;
        for (size_t k = 0; k < WEIR_RULES_MAX && rules[k].field; k++) {
            const char *message = check_rule(intake, &rules[k], value);
            if (!message)
                continue;
            refuse(self, name_of(intake, i, rules[k].field), message);
            broken++;
        }
    }
    return broken == 0;
}

bool intake_check_future(const struct intake *intake, int64_t now_ms, intake_refuse *refuse, void *self)
{
    const struct weir_field *time = intake->endpoint->time;
    int64_t limit_ms = intake->endpoint->future_ms;
    size_t found = 0;
    if (!time || limit_ms < 0 || time == intake->endpoint->ingested_at)
        return true;
    for (size_t i = 0; i < intake->count && found < REFUSALS_MAX; i++) {
        const char *value = intake->values + i * intake->endpoint->body.size;
        int64_t at_ms = *(const int64_t *)(value + time->offset);
        if (at_ms <= now_ms || at_ms - now_ms <= limit_ms)
            continue;
        refuse(self, name_of(intake, i, time->name),
               arena_format(intake->arena, "is %lld ms ahead of the clock; %lld are allowed (max.future.ms)",
                            (long long)(at_ms - now_ms), (long long)limit_ms));
        found++;
    }
    return found == 0;
}

/* ---- completing ------------------------------------------------------------------------------------------------- */

static void set_presence(char *value, const struct weir_field *field)
{
    if (field->presence != WEIR_NO_PRESENCE)
        *(bool *)(value + field->presence) = true;
}

static void give_id(const struct intake *intake, char *value, int64_t now_ms)
{
    const struct weir_field *field = intake->endpoint->id;
    weir_bytes id = intake->id;
    if (!id.data) {
        char *text = arena_alloc_raw(intake->arena, UUID_TEXT_BYTES + 1);
        uuid_text(now_ms, text);
        id = (weir_bytes){text, UUID_TEXT_BYTES};
    }
    *(weir_bytes *)(value + field->offset) = id;
    set_presence(value, field);
}

static void give_time(const struct intake *intake, char *value, int64_t now_ms)
{
    const struct weir_field *field = intake->endpoint->ingested_at;
    *(int64_t *)(value + field->offset) = now_ms;
    set_presence(value, field);
}

static void tell(const struct endpoint *endpoint, const char *value, int64_t now_ms, struct buffer *told)
{
    if (endpoint->id) {
        buffer_format(told, "\"%s\":", endpoint->id->name);
        json_string(told, *(const weir_bytes *)(value + endpoint->id->offset));
    }
    if (endpoint->ingested_at) {
        buffer_format(told, "%s\"%s\":", endpoint->id ? "," : "", endpoint->ingested_at->name);
        json_time(told, now_ms);
    }
}

struct weir_raw_record intake_record(const struct intake *intake, size_t i, int64_t now_ms, struct buffer *told)
{
    const struct endpoint *endpoint = intake->endpoint;
    const struct weir_type *type = endpoint->declared->value;
    char *value = arena_alloc(intake->arena, type->size);
    memcpy(value, intake->values + i * type->size, type->size);
    if (endpoint->id)
        give_id(intake, value, now_ms);
    if (endpoint->ingested_at)
        give_time(intake, value, now_ms);
    tell(endpoint, value, now_ms, told);
    struct weir_raw_record record = {.value = weir_to_json(intake->arena, type, value), .timestamp_ms = now_ms};
    if (endpoint->key)
        record.key = *(const weir_bytes *)(value + endpoint->key->offset);
    if (endpoint->time)
        record.timestamp_ms = *(const int64_t *)(value + endpoint->time->offset);
    return record;
}

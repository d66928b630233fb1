/* A body as it comes to an ingest endpoint: read, checked, completed. Nothing may crash; what is accepted keeps the rules, and is
 * written as a value that can be read again, with an id of its own.
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "http/intake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct note {
    weir_bytes id, author, extra;
    int64_t timestamp, ingested_at;
    int32_t stars;
    bool has_stars, has_extra;
};

enum { AUTHOR_CHARS_MAX = 5, STARS_MAX = 9 };

static const struct weir_type string_type = {.name = "string", .kind = WEIR_KIND_STRING, .size = sizeof(weir_bytes)};
static const struct weir_type json_type = {.name = "json", .kind = WEIR_KIND_JSON, .size = sizeof(weir_bytes)};
static const struct weir_type time_type = {.name = "timestamp-millis", .kind = WEIR_KIND_TIMESTAMP, .size = 8};
static const struct weir_type int_type = {.name = "int", .kind = WEIR_KIND_I32, .size = 4};
static const struct weir_field fields[] = {
    {"id", &string_type, offsetof(struct note, id), WEIR_NO_PRESENCE, NULL, NULL},
    {"at", &time_type, offsetof(struct note, timestamp), WEIR_NO_PRESENCE, NULL, NULL},
    {"in", &time_type, offsetof(struct note, ingested_at), WEIR_NO_PRESENCE, NULL, NULL},
    {"author", &string_type, offsetof(struct note, author), WEIR_NO_PRESENCE, NULL, NULL},
    {"stars", &int_type, offsetof(struct note, stars), offsetof(struct note, has_stars), NULL, NULL},
    {"extra", &json_type, offsetof(struct note, extra), offsetof(struct note, has_extra), NULL, NULL}};
static const struct weir_type note_type = {.name = "note",
                                           .kind = WEIR_KIND_RECORD,
                                           .size = sizeof(struct note),
                                           .fields = fields,
                                           .field_count = sizeof fields / sizeof *fields};
static const struct weir_endpoint declared = {
    .kind = WEIR_ENDPOINT_INGEST,
    .path = "/notes",
    .value = &note_type,
    .ingest = {.topic = "notes",
               .id = "id",
               .ingested_at = "in",
               .key = "id",
               .time = "at",
               .rules = {{"author", .chars_min = 1, .chars_max = AUTHOR_CHARS_MAX},
                         {"stars", .is_bounded = true, .least = 1, .most = STARS_MAX},
                         {"at", .is_bounded = true, .least = 0, .most = INT64_C(253402300799999)}}}};

static void refuse(void *self, const char *field, const char *message)
{
    size_t *refused = self;
    assert(field && *field && message && *message);
    ++*refused;
}

static void check_record(weir_arena *arena, const struct weir_raw_record *record)
{
    struct weir_error error = {0};
    const struct note *note = weir_from_json(arena, &note_type, record->value, &error);
    assert(note);
    assert(note->author.size > 0 && note->author.size <= 4 * AUTHOR_CHARS_MAX);
    assert(!note->has_stars || (note->stars >= 1 && note->stars <= STARS_MAX));
    assert(note->timestamp == record->timestamp_ms && note->timestamp >= 0);
    assert(record->key.size == note->id.size && memcmp(record->key.data, note->id.data, note->id.size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    weir_arena arena;
    struct endpoint endpoint;
    struct weir_error error = {0};
    struct buffer told = {0};
    size_t refused = 0;
    arena_init(&arena);
    endpoint_init(&endpoint, &arena, NULL, &declared);
    struct intake intake = {.endpoint = &endpoint, .arena = &arena};
    const weir_bytes body = {size ? (const char *)data : "", size};
    if (!intake_read(&intake, body, &error)) {
        assert(error.message[0]);
    } else if (intake_check(&intake, refuse, &refused)) {
        assert(refused == 0);
        for (size_t i = 0; i < intake.count; i++) {
            struct weir_raw_record record = intake_record(&intake, i, 1000, &told);
            check_record(&arena, &record);
        }
    } else {
        assert(refused > 0);
    }
    buffer_done(&told);
    arena_done(&arena);
    return 0;
}

/* json_read.c: JSON text to values in one pass over the bytes, walking the type table.
 *
 * Members usually come in the order of the fields, so the next field's name is tried before any search. Members that no
 * field asks for are checked and skipped. Every struct is zeroed first, so absent optional fields and padding are zero.
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <string.h>

#include "schemas/base64.h"
#include "schemas/json_number.h"
#include "schemas/json_scan.h"
#include "schemas/text.h"
#include "schemas/type.h"

static bool read_value(struct reader *, const struct weir_type *, void *out);

static bool read_bool(struct reader *reader, bool *out)
{
    *out = json_scan_literal(reader, "true");
    return *out || json_scan_literal(reader, "false") || json_unexpected(reader, "true or false");
}

static bool read_enum(struct reader *reader, const struct weir_type *type, int32_t *out)
{
    weir_bytes name = {NULL, 0};
    if (!json_scan_string(reader, &name))
        return false;
    int32_t symbol = type_symbol(type, name);
    if (symbol < 0)
        return problem_set(&reader->problem, "not a symbol of %s", type->name);
    *out = symbol;
    return true;
}

static bool read_bytes(struct reader *reader, weir_bytes *out)
{
    weir_bytes text = {NULL, 0};
    if (!json_scan_string(reader, &text))
        return false;
    if (text.size > reader->memory_left)
        return problem_set(&reader->problem, "the value would take too much memory");
    reader->memory_left -= text.size;
    return base64_read(text, reader->arena, out) || problem_set(&reader->problem, "a string is not base64");
}

static bool read_timestamp(struct reader *reader, int64_t *out)
{
    weir_bytes text = {NULL, 0};
    if (json_peek(reader) != '"')
        return json_read_integer(reader, INT64_MIN, INT64_MAX, "an ISO-8601 time or milliseconds", out);
    if (!json_scan_string(reader, &text))
        return false;
    return time_read(text, out) || problem_set(&reader->problem, "a string is not an ISO-8601 time");
}

static bool read_json(struct reader *reader, weir_bytes *out)
{
    const unsigned char *start = reader->at;
    if (!json_skip_value(reader))
        return false;
    *out = (weir_bytes){start, (size_t)(reader->at - start)};
    return true;
}

/* ---- records ---------------------------------------------------------------------------------------------------- */

/* Which fields of a record were there; a word is enough for nearly all. */
struct seen {
    uint64_t word;
    uint64_t *words;
};

static bool start_seen(struct reader *reader, size_t count, struct seen *seen)
{
    seen->word = 0;
    seen->words = &seen->word;
    if (count <= 64)
        return true;
    size_t size = (count + 63) / 64 * sizeof(uint64_t);
    seen->words = reader_alloc(reader, size);
    return seen->words && memset(seen->words, 0, size);
}

/* The position behind `"name"`, or NULL when something else stands there. */
static inline const unsigned char *match_name(const unsigned char *at, const unsigned char *end, const char *name)
{
    if (at == end || *at++ != '"')
        return NULL;
    while (at < end && *name && *at == (unsigned char)*name) {
        at++;
        name++;
    }
    return *name || at == end || *at != '"' ? NULL : at + 1;
}

static bool field_is_called(const struct weir_field *field, weir_bytes name)
{
    if (type_name_equals(field->name, name))
        return true;
    for (const char *const *alias = field->aliases; alias && *alias; alias++)
        if (type_name_equals(*alias, name))
            return true;
    return false;
}

/* The index of the field, or field_count: nobody asks for it. Searches onwards from `next`. */
static size_t find_field(const struct weir_type *type, size_t next, weir_bytes name)
{
    for (size_t i = 0; i < type->field_count; i++) {
        size_t index = next + i < type->field_count ? next + i : next + i - type->field_count;
        if (field_is_called(&type->fields[index], name))
            return index;
    }
    return type->field_count;
}

/* Reads `"name" :` and says which field it is; *index is the one that is expected. *name is set unless it is that one. */
static inline bool read_member_name(struct reader *reader, const struct weir_type *type, size_t *index,
                                    weir_bytes *name)
{
    size_t next = *index < type->field_count ? *index : 0;
    const unsigned char *behind = NULL;
    if (next < type->field_count)
        behind = match_name(reader->at, reader->end, type->fields[next].name);
    *index = next;
    if (behind)
        reader->at = behind;
    else if (json_scan_string(reader, name))
        *index = find_field(type, next, *name);
    else
        return false;
    return json_scan_colon(reader);
}

static inline bool read_field(struct reader *reader, const struct weir_field *field, void *record)
{
    if (json_peek(reader) == 'n' && field->type->kind != WEIR_KIND_JSON) {
        if (!json_scan_literal(reader, "null"))
            json_unexpected(reader, "a value");
        else if (!type_field_is_optional(field))
            problem_set(&reader->problem, "required, but it is null");
        else
            return type_set_present(record, field, false), true;
        return problem_in_field(&reader->problem, field->name);
    }
    if (!read_value(reader, field->type, type_field_of(record, field)))
        return problem_in_field(&reader->problem, field->name);
    type_set_present(record, field, true);
    return true;
}

/* Null is a JSON text too, but an optional field of JSON that is null is absent. */
static bool read_json_field(struct reader *reader, const struct weir_field *field, void *record)
{
    if (type_field_is_optional(field) && json_scan_literal(reader, "null"))
        return type_set_present(record, field, false), true;
    return read_field(reader, field, record);
}

/* The default is JSON text of ours, read as if it had stood in the input. */
static bool read_initial(struct reader *reader, const struct weir_field *field, void *record)
{
    struct reader inner = *reader;
    inner.start = inner.at = (const unsigned char *)field->initial;
    inner.end = inner.start + strlen(field->initial);
    bool is_read = read_json_field(&inner, field, record);
    reader->memory_left = inner.memory_left;
    if (!is_read)
        reader->problem = inner.problem;
    return is_read;
}

/* The usual defaults, an absent optional field and an empty array, are what a zeroed struct holds already. */
static bool is_zero_initial(const struct weir_field *field)
{
    if (type_field_is_optional(field))
        return field->initial[0] == 'n';
    return field->type->kind == WEIR_KIND_ARRAY && field->initial[1] == ']';
}

static bool fill_absent(struct reader *reader, const struct weir_field *field, void *record)
{
    if (field->initial)
        return is_zero_initial(field) || read_initial(reader, field, record);
    if (type_field_is_optional(field))
        return true;
    problem_set(&reader->problem, "required, but it is absent");
    return problem_in_field(&reader->problem, field->name);
}

static bool fill_all_absent(struct reader *reader, const struct weir_type *type, const uint64_t *seen, void *record)
{
    for (size_t i = 0; i < type->field_count; i++)
        if (!(seen[i / 64] >> (i % 64) & 1) && !fill_absent(reader, &type->fields[i], record))
            return false;
    return true;
}

/* The members of a closed record are words of its author, no contents: the name may be told. */
static bool refuse_member(struct reader *reader, weir_bytes name)
{
    char shown[41];
    snprintf(shown, sizeof shown, "%.*s", (int)name.size, (const char *)name.data);
    problem_set(&reader->problem, "there is no such member");
    return problem_in_field(&reader->problem, shown);
}

/* One member whose name was not read yet; *next becomes the field that is expected after it. */
static inline bool read_member(struct reader *reader, const struct weir_type *type, void *record, struct seen *seen,
                               size_t *next)
{
    size_t index = *next;
    weir_bytes name = {NULL, 0};
    if (!read_member_name(reader, type, &index, &name))
        return false;
    if (index == type->field_count && type->closed)
        return refuse_member(reader, name);
    if (index == type->field_count)
        return json_skip_value(reader);
    const struct weir_field *field = &type->fields[index];
    seen->words[index / 64] |= UINT64_C(1) << (index % 64);
    *next = index + 1;
    return field->type->kind == WEIR_KIND_JSON ? read_json_field(reader, field, record)
                                               : read_field(reader, field, record);
}

/* `at` stands on the opening bracket; *more says whether anything is inside. */
static inline bool open_bracket(struct reader *reader, unsigned char bracket, const char *expected, bool *more)
{
    if (json_peek(reader) != bracket)
        return json_unexpected(reader, expected);
    if (!reader_enter(reader))
        return false;
    reader->at++;
    json_skip_space(reader);
    *more = json_peek(reader) != bracket + 2; /* in ASCII the closing brackets stand two behind the opening ones */
    if (!*more)
        reader->at++;
    return true;
}

static bool read_record(struct reader *reader, const struct weir_type *type, void *record)
{
    struct seen seen;
    size_t next = 0;
    bool more = false;
    memset(record, 0, type->size);
    if (!open_bracket(reader, '{', "an object", &more) || !start_seen(reader, type->field_count, &seen))
        return false;
    while (more)
        if (!read_member(reader, type, record, &seen, &next) || !json_scan_separator(reader, '}', &more))
            return false;
    bool is_complete = fill_all_absent(reader, type, seen.words, record);
    reader_leave(reader);
    return is_complete;
}

/* ---- arrays and maps -------------------------------------------------------------------------------------------- */

static bool read_entry_key(struct reader *reader, weir_bytes *key)
{
    return json_scan_string(reader, key) && json_scan_colon(reader);
}

static bool read_item(struct reader *reader, const struct weir_type *type, struct items *items)
{
    size_t stride = type_stride(type);
    if (!reader_reserve(reader, items, 1, stride))
        return false;
    char *item = items->data + items->count * stride;
    if (type->kind == WEIR_KIND_MAP && !read_entry_key(reader, (weir_bytes *)(void *)item))
        return false;
    if (!read_value(reader, type->item, item + type_item_offset(type)))
        return false;
    items->count++;
    return true;
}

static bool read_items(struct reader *reader, const struct weir_type *type, weir_array *out)
{
    struct items items = {0};
    bool is_map = type->kind == WEIR_KIND_MAP;
    bool more = false;
    if (!open_bracket(reader, is_map ? '{' : '[', is_map ? "an object" : "an array", &more))
        return false;
    while (more)
        if (!read_item(reader, type, &items) || !json_scan_separator(reader, is_map ? '}' : ']', &more))
            return problem_in_item(&reader->problem, items.count);
    *out = reader_items(type, &items);
    reader_leave(reader);
    return true;
}

static bool read_value(struct reader *reader, const struct weir_type *type, void *out)
{
    switch (type->kind) {
    case WEIR_KIND_BOOL:
        return read_bool(reader, out);
    case WEIR_KIND_I32:
        return json_read_i32(reader, out);
    case WEIR_KIND_I64:
        return json_read_integer(reader, INT64_MIN, INT64_MAX, "an integer", out);
    case WEIR_KIND_FLOAT:
        return json_read_float(reader, out);
    case WEIR_KIND_DOUBLE:
        return json_read_double(reader, out);
    case WEIR_KIND_STRING:
        return json_scan_string(reader, out);
    case WEIR_KIND_BYTES:
        return read_bytes(reader, out);
    case WEIR_KIND_ENUM:
        return read_enum(reader, type, out);
    case WEIR_KIND_DECIMAL:
        return json_read_decimal(reader, type->scale, out);
    case WEIR_KIND_TIMESTAMP:
        return read_timestamp(reader, out);
    case WEIR_KIND_JSON:
        return read_json(reader, out);
    case WEIR_KIND_RECORD:
        return read_record(reader, type, out);
    case WEIR_KIND_ARRAY:
    case WEIR_KIND_MAP:
        return read_items(reader, type, out);
    }
    assert(false && "kind of a type table");
    return false;
}

const void *json_read(const struct weir_type *type, weir_bytes text, weir_arena *arena, struct weir_error *error)
{
    struct reader reader;
    if (!reader_init(&reader, text, arena, error))
        return NULL;
    void *value = reader_alloc(&reader, type->size);
    json_skip_space(&reader);
    if (value && read_value(&reader, type, value)) {
        json_skip_space(&reader);
        if (reader.at == reader.end)
            return value;
        problem_set(&reader.problem, "there is more behind the value");
    }
    reader_report(&reader, error);
    return NULL;
}

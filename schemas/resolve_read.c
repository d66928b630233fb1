/* resolve_read.c: values by the schema of another one (resolve.h).
 *
 * A schema from outside may make a few bytes stand for very many values (an array of nulls, a record without fields), so every
 * step costs a unit of work, of which a value has READER_STEPS_MAX.
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>

#include "schemas/avro_scan.h"
#include "schemas/resolve_private.h"
#include "schemas/type.h"

static bool read_resolved(struct reader *, const struct resolution *, void *out, bool *is_present);
static bool skip(struct reader *, const struct schema *);

static bool work(struct reader *reader)
{
    if (reader->steps_left == 0)
        return problem_set(&reader->problem, "more than %d steps to read it", READER_STEPS_MAX);
    reader->steps_left--;
    return true;
}

static bool read_branch(struct reader *reader, const struct schema *of, size_t *out)
{
    int64_t branch = 0;
    if (!avro_scan_long(reader, &branch))
        return false;
    if (branch < 0 || (uint64_t)branch >= of->count)
        return problem_set(&reader->problem, "branch %lld of a union of %zu", (long long)branch, of->count);
    *out = (size_t)branch;
    return true;
}

/* ---- what nobody asks for ---- */

static bool skip_bytes(struct reader *reader, size_t size)
{
    if (size > avro_scan_left(reader))
        return avro_scan_cut_off(reader);
    reader->at += size;
    return true;
}

static bool skip_fields(struct reader *reader, const struct schema *record)
{
    if (!reader_enter(reader))
        return false;
    for (size_t i = 0; i < record->count; i++)
        if (!skip(reader, record->fields[i].type))
            return problem_in_field(&reader->problem, record->fields[i].name);
    reader_leave(reader);
    return true;
}

static bool skip_block(struct reader *reader, const struct schema *items, int64_t count)
{
    weir_bytes key;
    for (; count > 0; count--)
        if ((items->kind == SCHEMA_MAP && !avro_scan_bytes(reader, &key)) || !skip(reader, items->item))
            return false;
    return true;
}

static bool skip_items(struct reader *reader, const struct schema *items)
{
    const unsigned char *end = NULL;
    int64_t count = 0;
    if (!reader_enter(reader))
        return false;
    for (;;) {
        if (!work(reader) || !avro_scan_block(reader, &count, &end))
            return false;
        if (count == 0 && !end)
            break;
        if (end)
            reader->at = end;
        else if (!skip_block(reader, items, count))
            return false;
    }
    reader_leave(reader);
    return true;
}

static bool skip_union(struct reader *reader, const struct schema *of)
{
    size_t branch = 0;
    return read_branch(reader, of, &branch) && skip(reader, of->branches[branch]);
}

static bool skip(struct reader *reader, const struct schema *schema)
{
    int64_t number;
    weir_bytes bytes;
    if (!work(reader))
        return false;
    switch (schema->kind) {
    case SCHEMA_NULL:
        return true;
    case SCHEMA_BOOLEAN:
        return skip_bytes(reader, 1);
    case SCHEMA_INT:
    case SCHEMA_LONG:
    case SCHEMA_ENUM:
        return avro_scan_long(reader, &number);
    case SCHEMA_FLOAT:
        return skip_bytes(reader, sizeof(float));
    case SCHEMA_DOUBLE:
        return skip_bytes(reader, sizeof(double));
    case SCHEMA_BYTES:
    case SCHEMA_STRING:
        return avro_scan_bytes(reader, &bytes);
    case SCHEMA_FIXED:
        return skip_bytes(reader, schema->size);
    case SCHEMA_RECORD:
        return skip_fields(reader, schema);
    case SCHEMA_ARRAY:
    case SCHEMA_MAP:
        return skip_items(reader, schema);
    case SCHEMA_UNION:
        return skip_union(reader, schema);
    }
    assert(false && "kind of a schema");
    return false;
}

/* ---- numbers ---- */

static bool scan_number(struct reader *reader, enum schema_kind kind, int64_t *integer, float *single)
{
    int32_t narrow = 0;
    if (kind == SCHEMA_FLOAT)
        return avro_scan_plain(reader, single, sizeof *single);
    if (kind == SCHEMA_LONG)
        return avro_scan_long(reader, integer);
    if (!avro_scan_int(reader, &narrow))
        return false;
    *integer = narrow;
    return true;
}

static bool read_number(struct reader *reader, const struct resolution *resolution, void *out)
{
    int64_t integer = 0;
    float single = 0;
    enum schema_kind kind = resolution->writer->kind;
    if (!scan_number(reader, kind, &integer, &single))
        return false;
    if (resolution->type->kind == WEIR_KIND_FLOAT)
        *(float *)out = (float)integer;
    else if (resolution->type->kind == WEIR_KIND_DOUBLE)
        *(double *)out = kind == SCHEMA_FLOAT ? (double)single : (double)integer;
    else
        *(int64_t *)out = integer;
    return true;
}

static bool read_symbol(struct reader *reader, const struct resolution *resolution, int32_t *out)
{
    int64_t index = 0;
    if (!avro_scan_long(reader, &index))
        return false;
    if (index < 0 || (uint64_t)index >= resolution->writer->count)
        return problem_set(&reader->problem, "%lld is not an index into the symbols of %.60s", (long long)index,
                           resolution->writer->name);
    if (resolution->symbols[index] < 0)
        return problem_set(&reader->problem, "a symbol that %.60s does not have", resolution->type->name);
    *out = resolution->symbols[index];
    return true;
}

/* ---- records ---- */

static void set_initial(const struct resolve_initial *initial, void *record)
{
    const struct weir_field *field = initial->field;
    if (!initial->value)
        return;
    type_set_present(record, field, true);
    memcpy(type_field_of(record, field), initial->value, field->type->size);
}

static bool read_step(struct reader *reader, const struct resolve_step *step, void *record)
{
    bool is_present = true;
    if (!read_resolved(reader, step->value, type_field_of(record, step->field), &is_present))
        return problem_in_field(&reader->problem, step->field->name);
    type_set_present(record, step->field, is_present);
    return true;
}

static bool read_record(struct reader *reader, const struct resolution *resolution, void *record)
{
    const struct schema *writer = resolution->writer;
    if (!reader_enter(reader))
        return false;
    memset(record, 0, resolution->type->size);
    for (size_t i = 0; i < writer->count; i++) {
        const struct resolve_step *step = &resolution->steps[i];
        if (!step->skip && !read_step(reader, step, record))
            return false;
        if (step->skip && !skip(reader, step->skip))
            return problem_in_field(&reader->problem, writer->fields[i].name);
    }
    for (size_t i = 0; i < resolution->initial_count; i++)
        set_initial(&resolution->initials[i], record);
    reader_leave(reader);
    return true;
}

/* ---- arrays, maps, unions ---- */

static bool read_item(struct reader *reader, const struct resolution *resolution, char *item)
{
    const struct weir_type *type = resolution->type;
    bool is_present = true;
    if (type->kind == WEIR_KIND_MAP && !avro_scan_string(reader, (weir_bytes *)(void *)item))
        return false;
    return read_resolved(reader, resolution->item, item + type_item_offset(type), &is_present);
}

/* Room is made as items come: how few bytes one of the writer's takes is not known. */
static bool read_block(struct reader *reader, const struct resolution *resolution, int64_t count, struct items *items)
{
    size_t stride = type_stride(resolution->type);
    for (; count > 0; count--, items->count++)
        if (!reader_reserve(reader, items, 1, stride) ||
            !read_item(reader, resolution, items->data + items->count * stride))
            return problem_in_item(&reader->problem, items->count);
    return true;
}

static bool read_items(struct reader *reader, const struct resolution *resolution, weir_array *out)
{
    struct items items = {0};
    const unsigned char *end = NULL;
    int64_t count = 0;
    if (!reader_enter(reader))
        return false;
    for (;;) {
        if (!work(reader) || !avro_scan_block(reader, &count, &end))
            return false;
        if (count == 0 && !end)
            break;
        if (!read_block(reader, resolution, count, &items))
            return false;
        if (end && reader->at != end)
            return problem_set(&reader->problem, "a block does not end where its size says");
    }
    *out = reader_items(resolution->type, &items);
    reader_leave(reader);
    return true;
}

static bool read_union(struct reader *reader, const struct resolution *resolution, void *out, bool *is_present)
{
    size_t branch = 0;
    return read_branch(reader, resolution->writer, &branch) &&
           read_resolved(reader, resolution->branches[branch], out, is_present);
}

static bool read_resolved(struct reader *reader, const struct resolution *resolution, void *out, bool *is_present)
{
    if (!work(reader))
        return false;
    switch (resolution->how) {
    case RESOLVE_SAME:
        return avro_read_into(reader, resolution->type, out);
    case RESOLVE_NUMBER:
        return read_number(reader, resolution, out);
    case RESOLVE_DECIMAL:
        return avro_scan_decimal(reader, resolution->writer->kind == SCHEMA_FIXED ? resolution->writer->size : 0, out);
    case RESOLVE_SYMBOL:
        return read_symbol(reader, resolution, out);
    case RESOLVE_RECORD:
        return read_record(reader, resolution, out);
    case RESOLVE_ITEMS:
        return read_items(reader, resolution, out);
    case RESOLVE_UNION:
        return read_union(reader, resolution, out, is_present);
    case RESOLVE_NULL:
        *is_present = false;
        return true;
    case RESOLVE_REFUSE:
        return problem_set(&reader->problem, "%s", resolution->refusal);
    }
    assert(false && "a way to resolve");
    return false;
}

const void *resolution_read(const struct resolution *resolution, weir_bytes bytes, weir_arena *arena,
                            struct weir_error *error)
{
    struct reader reader;
    bool is_present = true;
    if (!reader_init(&reader, bytes, arena, error))
        return NULL;
    void *value = reader_alloc(&reader, resolution->type->size);
    if (value && read_resolved(&reader, resolution, value, &is_present)) {
        if (reader.at == reader.end)
            return value;
        problem_set(&reader.problem, "%zu bytes behind the value", avro_scan_left(&reader));
    }
    reader_report(&reader, error);
    return NULL;
}

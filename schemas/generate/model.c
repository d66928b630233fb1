/* model.c: .avsc text to the generator's model.
 *
 * Reads with jansson because avro-c forgets logicalType and defaults. Whatever the type tables cannot say is an error
 * that names file and field. Schemas are untrusted input: depth, counts and sizes are bounded.
 * SPDX-License-Identifier: Apache-2.0 */
#include "model.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Where the reader stands; passed down, so that errors can say it. */
struct scope {
    struct model *model;
    struct model_file *file;
    const char *space;  /* enclosing namespace; "" for none */
    const char *record; /* enclosing record's C name, or NULL */
    const char *field;
    int depth;
    struct weir_error *error;
};

static const struct model_type *read_type(struct scope *, const json_t *);

/* Always NULL, which is false as well: a step of either kind ends with it. */
__attribute__((format(printf, 2, 3))) static void *fail(struct scope *scope, const char *format, ...)
{
    char problem[200];
    va_list args;
    va_start(args, format);
    vsnprintf(problem, sizeof problem, format, args);
    va_end(args);
    if (scope->record)
        error_set(scope->error, WEIR_INVALID, "%s: %s.%s: %s", scope->file->path, scope->record,
                  scope->field ? scope->field : "", problem);
    else
        error_set(scope->error, WEIR_INVALID, "%s: %s", scope->file->path, problem);
    return NULL;
}

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static struct model_type *find_named(const struct model *model, const char *full_name)
{
    for (size_t i = 0; i < model->named_count; i++)
        if (strcmp(model->named[i]->full_name, full_name) == 0)
            return model->named[i];
    return NULL;
}

static void note_use(struct model_file *file, const struct model_file *used)
{
    if (used == file)
        return;
    for (size_t i = 0; i < file->use_count; i++)
        if (file->uses[i] == used)
            return;
    file->uses = memory_grow(file->uses, &file->use_capacity, file->use_count + 1, sizeof *file->uses);
    file->uses[file->use_count++] = used;
}

static struct model_type *type_of_kind(enum weir_kind kind)
{
    struct model_type *type = memory_new(sizeof *type);
    type->kind = kind;
    return type;
}

static char *qualified(const char *space, const char *name)
{
    if (strchr(name, '.') || !*space)
        return memory_text(name);
    return memory_format("%s.%s", space, name);
}

static bool primitive_kind(const char *name, enum weir_kind *kind)
{
    static const struct {
        const char *name;
        enum weir_kind kind;
    } primitives[] = {
        {"boolean", WEIR_KIND_BOOL}, {"int", WEIR_KIND_I32},       {"long", WEIR_KIND_I64},
        {"float", WEIR_KIND_FLOAT},  {"double", WEIR_KIND_DOUBLE}, {"string", WEIR_KIND_STRING},
        {"bytes", WEIR_KIND_BYTES},
    };
    for (size_t i = 0; i < sizeof primitives / sizeof *primitives; i++) {
        if (strcmp(name, primitives[i].name) == 0) {
            *kind = primitives[i].kind;
            return true;
        }
    }
    return false;
}

static const struct model_type *read_reference(struct scope *scope, const char *name)
{
    enum weir_kind kind;
    if (primitive_kind(name, &kind))
        return type_of_kind(kind);
    if (strcmp(name, "null") == 0)
        return fail(scope, "null is supported only in a union [\"null\", T]");
    char *full_name = qualified(scope->space, name);
    struct model_type *type = find_named(scope->model, full_name);
    free(full_name);
    if (!type)
        type = find_named(scope->model, name);
    if (!type)
        return fail(scope, "unknown type %s (files that define types go before files that use them)", name);
    if (type->file)
        note_use(scope->file, type->file);
    return type;
}

/* Splits "name" and "namespace" as the Avro specification says; valid names only. */
static bool read_names(struct scope *scope, const json_t *object, char **full_name, char **space)
{
    const char *name = text_of(object, "name");
    const char *given = text_of(object, "namespace");
    if (!name)
        return fail(scope, "a record, enum or fixed needs a name");
    *full_name = qualified(given ? given : scope->space, name);
    char *last_dot = strrchr(*full_name, '.');
    *space = last_dot ? memory_format("%.*s", (int)(last_dot - *full_name), *full_name) : memory_text("");
    char *parts = memory_text(*full_name);
    bool is_valid = true;
    for (char *at = parts, *part; (part = strsep(&at, "."));)
        is_valid = is_valid && names_is_valid(part);
    free(parts);
    enum weir_kind kind;
    if (!is_valid || primitive_kind(*full_name, &kind))
        return fail(scope, "'%s' is not a valid name", *full_name);
    if (find_named(scope->model, *full_name))
        return fail(scope, "%s is defined twice", *full_name);
    return true;
}

static bool c_name_is_taken(const struct model *model, const char *c_name)
{
    for (size_t i = 0; i < model->named_count; i++)
        if (model->named[i]->c_name && strcmp(model->named[i]->c_name, c_name) == 0)
            return true;
    return false;
}

static const char *short_name(const char *full_name)
{
    const char *last_dot = strrchr(full_name, '.');
    return last_dot ? last_dot + 1 : full_name;
}

static struct model_type *define(struct scope *scope, const json_t *object, enum weir_kind kind, char **space)
{
    char *full_name = NULL;
    if (!read_names(scope, object, &full_name, space))
        return NULL;
    char *c_name = names_snake(short_name(full_name));
    if (c_name_is_taken(scope->model, c_name))
        return fail(scope, "%s and another type would both be '%s' in C", full_name, c_name);
    struct model_type *type = type_of_kind(kind);
    type->full_name = full_name;
    type->c_name = c_name;
    type->doc = text_of(object, "doc");
    type->file = scope->file;
    struct model *model = scope->model;
    model->named =
        memory_grow(model->named, &model->named_capacity, model->named_count + 1, sizeof(struct model_type *));
    model->named[model->named_count++] = type;
    return type;
}

/* Inner types come first, so that the generated structs stand in the order C needs. */
static void add_to_file(struct model_file *file, struct model_type *type)
{
    file->types = memory_grow(file->types, &file->type_capacity, file->type_count + 1, sizeof(struct model_type *));
    file->types[file->type_count++] = type;
}

static const char **read_texts(const json_t *array, size_t *count)
{
    *count = json_array_size(array);
    const char **texts = memory_new((*count + 1) * sizeof *texts);
    for (size_t i = 0; i < *count; i++)
        texts[i] = json_string_value(json_array_get(array, i));
    return texts;
}

static const struct model_type *read_enum(struct scope *scope, const json_t *object)
{
    char *space;
    struct model_type *type = define(scope, object, WEIR_KIND_ENUM, &space);
    if (!type)
        return NULL;
    type->symbols = read_texts(json_object_get(object, "symbols"), &type->symbol_count);
    if (type->symbol_count == 0 || type->symbol_count > MODEL_FIELDS_MAX)
        return fail(scope, "enum %s needs 1 to %d symbols", type->full_name, MODEL_FIELDS_MAX);
    for (size_t i = 0; i < type->symbol_count; i++) {
        if (!names_is_valid(type->symbols[i]))
            return fail(scope, "enum %s: symbol %zu is not a valid name", type->full_name, i);
        for (size_t j = 0; j < i; j++)
            if (strcmp(type->symbols[i], type->symbols[j]) == 0)
                return fail(scope, "enum %s: symbol %s stands there twice", type->full_name, type->symbols[i]);
    }
    add_to_file(scope->file, type);
    return type;
}

/* ["null", T] and [T, "null"]; sets the branch order. */
static const struct model_type *read_union(struct scope *scope, const json_t *branches, struct model_field *field)
{
    const char *first = json_string_value(json_array_get(branches, 0));
    const char *second = json_string_value(json_array_get(branches, 1));
    bool first_is_null = first && strcmp(first, "null") == 0;
    bool second_is_null = second && strcmp(second, "null") == 0;
    if (json_array_size(branches) != 2 || first_is_null == second_is_null)
        return fail(scope, "unions other than [\"null\", T] are not supported");
    field->is_optional = true;
    field->is_null_last = second_is_null;
    return read_type(scope, json_array_get(branches, first_is_null ? 1 : 0));
}

static bool read_initial(struct scope *scope, const json_t *value, struct model_field *field)
{
    if (!value)
        return true;
    enum { INITIAL_BYTES_MAX = 1000 }; /* it becomes a string literal */
    struct buffer text = {0};
    bool is_null = json_is_null(value);
    if (is_null ? !field->is_optional : !initial_read(field->type, value, &text))
        return fail(scope, "the default does not fit the type");
    if (is_null)
        buffer_text(&text, "null");
    if (text.size > INITIAL_BYTES_MAX)
        return fail(scope, "the default is longer than %d bytes", INITIAL_BYTES_MAX);
    buffer_byte(&text, 0);
    field->initial = text.data;
    return true;
}

static bool read_aliases(struct scope *scope, const json_t *array, struct model_field *field)
{
    field->aliases = read_texts(array, &field->alias_count);
    for (size_t i = 0; i < field->alias_count; i++)
        if (!names_is_valid(field->aliases[i]))
            return fail(scope, "alias %zu is not a valid name", i);
    return true;
}

static bool read_field(struct scope *scope, const json_t *object, struct model_field *field)
{
    field->name = text_of(object, "name");
    scope->field = field->name;
    if (!names_is_valid(field->name))
        return fail(scope, "a field needs a valid name");
    field->c_name = names_snake(field->name);
    field->doc = text_of(object, "doc");
    const json_t *type = json_object_get(object, "type");
    field->type = json_is_array(type) ? read_union(scope, type, field) : read_type(scope, type);
    scope->field = field->name;
    if (!field->type)
        return false;
    if (field->type->is_open)
        return fail(scope, "a record cannot contain itself; use an array of it");
    return read_initial(scope, json_object_get(object, "default"), field) &&
           read_aliases(scope, json_object_get(object, "aliases"), field);
}

/* A name inside the struct: a field, or "has_" and an optional one. */
static bool member_equals(const struct model_field *field, const char *name)
{
    if (strcmp(field->c_name, name) == 0)
        return true;
    return field->is_optional && strncmp(name, "has_", 4) == 0 && strcmp(field->c_name, name + 4) == 0;
}

static bool members_differ(struct scope *scope, const struct model_type *type)
{
    for (size_t i = 0; i < type->field_count; i++) {
        for (size_t j = 0; j < type->field_count; j++) {
            if (i != j && member_equals(&type->fields[j], type->fields[i].c_name)) {
                scope->field = type->fields[i].name;
                return fail(scope, "another field would have the same name in C");
            }
        }
    }
    return true;
}

static bool read_fields(struct scope *scope, const json_t *fields, struct model_type *type)
{
    type->field_count = json_array_size(fields);
    if (!json_is_array(fields) || type->field_count > MODEL_FIELDS_MAX)
        return fail(scope, "fields must be an array of at most %d", MODEL_FIELDS_MAX);
    type->fields = memory_new((type->field_count + 1) * sizeof *type->fields);
    for (size_t i = 0; i < type->field_count; i++)
        if (!read_field(scope, json_array_get(fields, i), &type->fields[i]))
            return false;
    return members_differ(scope, type);
}

static const struct model_type *read_record(struct scope *outer, const json_t *object)
{
    char *space;
    struct model_type *type = define(outer, object, WEIR_KIND_RECORD, &space);
    if (!type)
        return NULL;
    struct scope scope = *outer;
    scope.space = space;
    scope.record = type->full_name;
    scope.field = NULL;
    type->is_open = true;
    if (!read_fields(&scope, json_object_get(object, "fields"), type))
        return NULL;
    type->is_open = false;
    add_to_file(scope.file, type);
    return type;
}

static bool read_decimal(struct scope *scope, const json_t *object, struct model_type *type)
{
    enum { PRECISION_MAX = 18 };
    json_int_t precision = json_integer_value(json_object_get(object, "precision"));
    json_int_t scale = json_integer_value(json_object_get(object, "scale"));
    if (precision < 1 || precision > PRECISION_MAX || scale < 0 || scale > precision)
        return fail(scope, "decimal needs a precision of 1 to %d and a scale of 0 to precision", PRECISION_MAX);
    type->kind = WEIR_KIND_DECIMAL;
    type->precision = (int32_t)precision;
    type->scale = (int32_t)scale;
    return true;
}

static bool is_logical(const json_t *object, const char *name)
{
    const char *logical = text_of(object, "logicalType");
    return logical && strcmp(logical, name) == 0;
}

static const struct model_type *read_fixed(struct scope *scope, const json_t *object)
{
    enum { FIXED_MAX = 16 };
    json_int_t size = json_integer_value(json_object_get(object, "size"));
    char *space;
    if (!is_logical(object, "decimal"))
        return fail(scope, "fixed is supported only for decimals");
    if (size < 1 || size > FIXED_MAX)
        return fail(scope, "a decimal's fixed has 1 to %d bytes", FIXED_MAX);
    struct model_type *type = define(scope, object, WEIR_KIND_DECIMAL, &space);
    if (!type || !read_decimal(scope, object, type))
        return NULL;
    type->fixed_size = (size_t)size;
    return type;
}

/* Logical types that are not known are ignored, as the specification asks. */
static const struct model_type *read_logical(struct scope *scope, const json_t *object, enum weir_kind kind)
{
    struct model_type *type = type_of_kind(kind);
    if (kind == WEIR_KIND_BYTES && is_logical(object, "decimal"))
        return read_decimal(scope, object, type) ? type : NULL;
    if (kind == WEIR_KIND_I64 && is_logical(object, "timestamp-millis"))
        type->kind = WEIR_KIND_TIMESTAMP;
    if (kind == WEIR_KIND_STRING && is_logical(object, "json"))
        type->kind = WEIR_KIND_JSON;
    return type;
}

static const struct model_type *read_items(struct scope *scope, const json_t *items, enum weir_kind kind)
{
    if (json_is_array(items))
        return fail(scope, "unions inside arrays and maps are not supported");
    struct model_type *type = type_of_kind(kind);
    type->item = read_type(scope, items);
    return type->item ? type : NULL;
}

static const struct model_type *read_complex(struct scope *scope, const json_t *object)
{
    const json_t *inner = json_object_get(object, "type");
    const char *name = json_string_value(inner);
    enum weir_kind kind;
    if (!name)
        return json_is_object(inner) ? read_type(scope, inner) : fail(scope, "type must be a name or an object");
    if (strcmp(name, "record") == 0 || strcmp(name, "error") == 0)
        return read_record(scope, object);
    if (strcmp(name, "enum") == 0)
        return read_enum(scope, object);
    if (strcmp(name, "fixed") == 0)
        return read_fixed(scope, object);
    if (strcmp(name, "array") == 0)
        return read_items(scope, json_object_get(object, "items"), WEIR_KIND_ARRAY);
    if (strcmp(name, "map") == 0)
        return read_items(scope, json_object_get(object, "values"), WEIR_KIND_MAP);
    return primitive_kind(name, &kind) ? read_logical(scope, object, kind) : read_reference(scope, name);
}

static const struct model_type *read_type(struct scope *outer, const json_t *value)
{
    struct scope scope = *outer;
    if (++scope.depth > MODEL_DEPTH_MAX)
        return fail(&scope, "types are nested deeper than %d", MODEL_DEPTH_MAX);
    if (json_is_string(value))
        return read_reference(&scope, json_string_value(value));
    if (json_is_object(value))
        return read_complex(&scope, value);
    return fail(&scope, json_is_array(value) ? "a union may only be the type of a field" : "a type is missing");
}

static char *stem_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    return memory_format("%.*s", dot ? (int)(dot - name) : (int)strlen(name), name);
}

static struct model_file *add_file(struct model *model, const char *path, struct weir_error *error)
{
    struct model_file *file = memory_new(sizeof *file);
    file->path = path;
    file->stem = stem_of(path);
    for (size_t i = 0; i < model->file_count; i++) {
        if (strcmp(model->files[i]->stem, file->stem) == 0) {
            error_set(error, WEIR_INVALID, "%s and %s would both become %s.h", model->files[i]->path, path, file->stem);
            return NULL;
        }
    }
    model->files = memory_grow(model->files, &model->file_capacity, model->file_count + 1, sizeof(struct model_file *));
    model->files[model->file_count++] = file;
    return file;
}

/* The JSON stays: the model borrows its texts. */
bool model_read_file(struct model *model, const char *path, struct weir_error *error)
{
    json_error_t problem;
    struct model_file *file = add_file(model, path, error);
    if (!file)
        return false;
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &problem);
    if (!root)
        return error_set(error, WEIR_INVALID, "%s:%d: %s", path, problem.line, problem.text);
    struct scope scope = {.model = model, .file = file, .space = "", .error = error};
    size_t count = json_is_array(root) ? json_array_size(root) : 1;
    for (size_t i = 0; i < count; i++)
        if (!read_type(&scope, json_is_array(root) ? json_array_get(root, i) : root))
            return false;
    if (file->type_count == 0)
        return error_set(error, WEIR_INVALID, "%s: defines no record and no enum", path);
    return true;
}

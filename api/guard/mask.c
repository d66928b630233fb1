/* mask.c: see mask.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "guard/mask.h"

#include <string.h>

#include "base/bytes.h"

enum { DEPTH_MAX = 32, /* deeper than any path in an access file: access.c */ PATH_BYTES_MAX = 512 };

struct masking {
    const struct grant *grant;
    weir_bytes view;
    weir_arena *arena;
    char path[PATH_BYTES_MAX]; /* of the record's fields, with a dot at its end */
};

/* "VIEW.FIELD": the view is a pattern, and names of views may have dots: any of them may be the one that divides. */
static bool names_field(const char *hidden, weir_bytes view, const char *path)
{
    for (const char *dot = strchr(hidden, '.'); dot; dot = strchr(dot + 1, '.')) {
        char pattern[256];
        size_t size = (size_t)(dot - hidden);
        if (size >= sizeof pattern || strcmp(dot + 1, path) != 0)
            continue;
        memcpy(pattern, hidden, size);
        pattern[size] = 0;
        if (pattern_fits(pattern, view))
            return true;
    }
    return false;
}

static bool is_hidden(const struct masking *masking, const char *path)
{
    for (size_t i = 0; i < masking->grant->hide.count; i++)
        if (names_field(masking->grant->hide.items[i], masking->view, path))
            return true;
    return false;
}

static const struct weir_type *mask(struct masking *, const struct weir_type *, int depth);

static struct weir_type *copy_type(struct masking *masking, const struct weir_type *type)
{
    struct weir_type *copy = arena_alloc(masking->arena, sizeof *copy);
    *copy = *type;
    copy->schema = NULL;
    copy->fingerprint = 0;
    return copy;
}

/* A path that does not fit is none that someone has written down. */
static bool enter(struct masking *masking, const char *name, size_t *length)
{
    *length = strlen(masking->path);
    size_t more = strlen(name);
    if (*length + more + 2 > sizeof masking->path)
        return false;
    memcpy(masking->path + *length, name, more + 1);
    return true;
}

static const struct weir_type *mask_field(struct masking *masking, const struct weir_field *field, int depth)
{
    size_t length;
    if (!enter(masking, field->name, &length))
        return field->type;
    const struct weir_type *type = NULL;
    if (!is_hidden(masking, masking->path)) {
        size_t size = strlen(masking->path); /* enter has left room for a dot */
        masking->path[size] = '.';
        masking->path[size + 1] = 0;
        type = mask(masking, field->type, depth + 1);
    }
    masking->path[length] = 0;
    return type;
}

static const struct weir_type *mask_record(struct masking *masking, const struct weir_type *type, int depth)
{
    struct weir_field *fields = arena_alloc(masking->arena, (type->field_count + 1) * sizeof *fields);
    size_t count = 0;
    bool same = true;
    for (size_t i = 0; i < type->field_count; i++) {
        const struct weir_type *seen = mask_field(masking, &type->fields[i], depth);
        same = same && seen == type->fields[i].type;
        if (!seen)
            continue;
        fields[count] = type->fields[i];
        fields[count++].type = seen;
    }
    if (same)
        return type;
    struct weir_type *copy = copy_type(masking, type);
    copy->fields = fields;
    copy->field_count = count;
    return copy;
}

/* Fields of the items of a list or a map have the path of fields of the list. */
static const struct weir_type *mask(struct masking *masking, const struct weir_type *type, int depth)
{
    if (depth > DEPTH_MAX)
        return type;
    if (type->kind == WEIR_KIND_RECORD)
        return mask_record(masking, type, depth);
    if (type->kind != WEIR_KIND_ARRAY && type->kind != WEIR_KIND_MAP)
        return type;
    const struct weir_type *item = mask(masking, type->item, depth + 1);
    if (item == type->item)
        return type;
    struct weir_type *copy = copy_type(masking, type);
    copy->item = item;
    return copy;
}

const struct weir_type *mask_type(const struct grant *grant, weir_bytes view, const struct weir_type *type,
                                  weir_arena *arena)
{
    struct masking masking = {.grant = grant, .view = view, .arena = arena};
    return grant->hide.count ? mask(&masking, type, 0) : type;
}

bool mask_has_field(const struct weir_type *type, const char *path)
{
    while (type->kind == WEIR_KIND_ARRAY || type->kind == WEIR_KIND_MAP)
        type = type->item;
    for (size_t i = 0; type->kind == WEIR_KIND_RECORD && i < type->field_count; i++) {
        size_t size = strlen(type->fields[i].name);
        if (strncmp(path, type->fields[i].name, size) != 0)
            continue;
        if (path[size] == 0 || (path[size] == '.' && mask_has_field(type->fields[i].type, path + size + 1)))
            return true;
    }
    return false;
}

/* header.c: the generated header: structs, enums and checked accessors, from weir.h and the standard library alone.
 * SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model.h"

/* Text of a schema inside a comment: one line, never the end of the comment. */
static void write_comment_text(const char *text, struct buffer *out)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '/' && out->data[out->size - 1] == '*')
            buffer_byte(out, ' ');
        if (c == '*' && out->data[out->size - 1] == '/')
            buffer_byte(out, ' ');
        buffer_byte(out, c < ' ' ? ' ' : c);
    }
}

static void write_doc(const char *doc, const char *before, struct buffer *out)
{
    if (doc && *doc) {
        buffer_format(out, "%s/* ", before);
        write_comment_text(doc, out);
        buffer_text(out, " */");
    }
}

static void write_enum(const struct model_type *type, struct buffer *out)
{
    char *upper = names_upper(type->c_name);
    buffer_text(out, "\n");
    write_doc(type->doc, "", out);
    buffer_format(out, "%senum %s {\n", type->doc ? "\n" : "", type->c_name);
    for (size_t i = 0; i < type->symbol_count; i++)
        buffer_format(out, "    %s_%s,\n", upper, type->symbols[i]);
    buffer_format(out, "};\nextern const struct weir_type %s_type;\n", type->c_name);
    free(upper);
}

/* What the C type does not say: which enum, which items, how many digits stand behind the point. */
static void write_remark(const struct model_type *type, struct buffer *out)
{
    if (type->kind == WEIR_KIND_ENUM)
        buffer_format(out, " /* enum %s */", type->c_name);
    else if (type->kind == WEIR_KIND_DECIMAL)
        buffer_format(out, " /* scale %d */", (int)type->scale);
    else if (type->kind == WEIR_KIND_TIMESTAMP)
        buffer_text(out, " /* milliseconds since 1970, UTC */");
    else if (type->kind == WEIR_KIND_JSON)
        buffer_text(out, " /* JSON text */");
}

static void write_member(const struct layout_member *member, struct buffer *out)
{
    const struct model_field *field = member->field;
    if (member->is_presence) {
        buffer_format(out, "    bool has_%s;\n", field->c_name);
        return;
    }
    const char *c_type = layout_c_type(field->type);
    buffer_format(out, "    %s %s;", c_type, field->c_name);
    write_remark(field->type, out);
    write_doc(field->doc, " ", out);
    buffer_text(out, "\n");
}

static void write_struct(const struct model_type *type, struct buffer *out)
{
    struct layout layout = layout_of(type);
    buffer_text(out, "\n");
    write_doc(type->doc, "", out);
    buffer_format(out, "%sstruct %s {\n", type->doc ? "\n" : "", type->c_name);
    for (size_t i = 0; i < layout.count; i++)
        write_member(&layout.members[i], out);
    if (layout.count == 0)
        buffer_text(out, "    char no_fields;\n");
    buffer_format(out, "};\nextern const struct weir_type %s_type;\n", type->c_name);
    layout_done(&layout);
}

static void write_getter(const char *name, const char *part, struct buffer *out)
{
    buffer_format(out,
                  "\nstatic inline const struct %s *%s_%s(const struct weir_record *record)\n"
                  "{\n"
                  "    assert(record->%s_type == &%s_type);\n"
                  "    return (const struct %s *)record->%s;\n"
                  "}\n",
                  name, name, part, part, name, name, part);
}

static void write_constructor(const char *name, struct buffer *out)
{
    buffer_format(out,
                  "\nstatic inline struct %s *%s_new(weir_context *context)\n"
                  "{\n"
                  "    return (struct %s *)weir_alloc(context, sizeof(struct %s));\n"
                  "}\n",
                  name, name, name, name);
}

/* An array field called like one of the functions above gets an underscore. */
static const char *accessor_end(const struct model_field *field)
{
    static const char *const taken[] = {"value", "key", "new", "type"};
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        if (strcmp(field->c_name, taken[i]) == 0)
            return "_";
    return "";
}

static void write_accessor(const struct model_type *type, const struct model_field *field, struct buffer *out)
{
    const char *c_type = layout_c_type(field->type->item);
    if (field->type->kind == WEIR_KIND_MAP) {
        buffer_format(out, "\nstruct %s_%s_entry {\n    weir_bytes key;\n    %s value;\n};\n", type->c_name,
                      field->c_name, c_type);
        c_type = memory_format("struct %s_%s_entry", type->c_name, field->c_name);
    }
    buffer_format(out,
                  "\nstatic inline const %s *%s_%s%s(const struct %s *value, size_t i)\n"
                  "{\n"
                  "    assert(i < value->%s.count);\n"
                  "    return (const %s *)value->%s.items + i;\n"
                  "}\n",
                  c_type, type->c_name, field->c_name, accessor_end(field), type->c_name, field->c_name, c_type,
                  field->c_name);
}

static void write_functions(const struct model_type *type, struct buffer *out)
{
    write_getter(type->c_name, "value", out);
    write_getter(type->c_name, "key", out);
    write_constructor(type->c_name, out);
    for (size_t i = 0; i < type->field_count; i++)
        if (type->fields[i].type->item)
            write_accessor(type, &type->fields[i], out);
}

/* A guard made of the stem; other characters become underscores. */
static char *guard_of(const char *stem)
{
    char *guard = memory_format("WEIR_SCHEMA_%s_H", stem);
    for (char *at = guard; *at; at++)
        *at = (char)(isalnum((unsigned char)*at) ? toupper((unsigned char)*at) : '_');
    return guard;
}

static void write_types(const struct model_file *file, struct buffer *out)
{
    for (size_t i = 0; i < file->type_count; i++) {
        if (file->types[i]->kind == WEIR_KIND_ENUM)
            write_enum(file->types[i], out);
        else
            write_struct(file->types[i], out);
    }
    for (size_t i = 0; i < file->type_count; i++)
        if (file->types[i]->kind == WEIR_KIND_RECORD)
            write_functions(file->types[i], out);
}

void header_write(const struct model_file *file, struct buffer *out)
{
    char *guard = guard_of(file->stem);
    buffer_format(out, "/* Generated by weir-schema from %s.avsc; do not edit. */\n", file->stem);
    buffer_format(out, "#ifndef %s\n#define %s\n#include <assert.h>\n#include \"weir.h\"\n", guard, guard);
    for (size_t i = 0; i < file->use_count; i++)
        buffer_format(out, "#include \"%s.h\"\n", file->uses[i]->stem);
    buffer_text(out, "\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n");
    write_types(file, out);
    buffer_text(out, "\n#ifdef __cplusplus\n}\n#endif\n#endif\n");
    free(guard);
}

/* model.h: what the generator knows of the schemas it was given. Built once, never freed: the program is short. */
#ifndef WEIR_GENERATE_MODEL_H
#define WEIR_GENERATE_MODEL_H
#include "base/buffer.h"
#include "base/error.h"
#include "weir.h"

enum { MODEL_DEPTH_MAX = 64, MODEL_FIELDS_MAX = 10000 };

struct model_field {
    const char *name, *c_name, *doc;
    const struct model_type *type;
    bool is_optional, is_null_last;
    const char *initial; /* default as JSON text of the codec; NULL: none */
    const char **aliases;
    size_t alias_count;
};

struct model_type {
    enum weir_kind kind;
    const char *full_name; /* of a record, an enum or a fixed; NULL: has no name */
    const char *c_name;    /* of a record or an enum */
    const char *doc;
    int32_t precision, scale; /* of a decimal */
    size_t fixed_size;        /* of a decimal on fixed; 0: on bytes */
    struct model_field *fields;
    size_t field_count;
    const struct model_type *item;
    const char **symbols;
    size_t symbol_count;
    const struct model_file *file; /* that defines it */
    bool is_open;                  /* a record whose fields are still being read: it would contain itself */
};

struct model_file {
    const char *path, *stem;
    struct model_type **types; /* records and enums it defines, in order of definition (inner ones first) */
    size_t type_count, type_capacity;
    const struct model_file **uses; /* other files whose types it mentions */
    size_t use_count, use_capacity;
};

struct model {
    struct model_file **files;
    size_t file_count, file_capacity;
    struct model_type **named; /* over all files */
    size_t named_count, named_capacity;
};

/* Reads one .avsc file; it may mention types of files read before. */
bool model_read_file(struct model *, const char *path, struct weir_error *);

/* names.c: names of C from names of Avro. */
char *names_snake(const char *name);   /* OrderEvent -> order_event; a word of C gets an underscore behind it */
char *names_upper(const char *name);   /* order_event -> ORDER_EVENT */
bool names_is_valid(const char *name); /* [A-Za-z_][A-Za-z0-9_]* */

/* canonical.c: Avro's Parsing Canonical Form of a type, complete in itself. */
char *canonical_text(const struct model_type *);
bool canonical_check(const struct model_file *, struct weir_error *); /* avro-c must accept every named type */

/* initial.c: a default in Avro's JSON form to the codec's JSON form. */
struct json_t;
bool initial_read(const struct model_type *, const struct json_t *value, struct buffer *);

/* layout.c: how the struct of a record lies in memory: bools of [T, null] fields, fields, bools of [null, T] fields. */
struct layout_member {
    const struct model_field *field;
    bool is_presence; /* the bool "has_<field>" */
    size_t offset, size;
};
struct layout {
    struct layout_member *members; /* in order of declaration */
    size_t count;
    size_t size;
};
struct layout layout_of(const struct model_type *record);
void layout_done(struct layout *);
const char *layout_c_type(const struct model_type *); /* "int64_t", "struct order_item"; from memory_format */

/* header.c, table.c: the generated text. */
void header_write(const struct model_file *, struct buffer *);
void table_write(const struct model_file *, struct buffer *);
#endif

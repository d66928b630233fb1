/* columns.h: the columns of a view's table, and the cells of a row.
 *
 * In order: the key (its fields as key_<name> where it is a record), window_start and window_end where there are windows,
 * the value (its fields by name where it is a record), timestamp, partition; then hidden ones, which `SELECT *` leaves out:
 * the milliseconds of every time and the units of every decimal. */
#ifndef WEIR_SQL_COLUMNS_H
#define WEIR_SQL_COLUMNS_H
#include <sqlite3.h>

#include "base/buffer.h"
#include "weir.h"

enum column_source {
    COLUMN_KEY,
    COLUMN_WINDOW_START,
    COLUMN_WINDOW_END,
    COLUMN_VALUE,
    COLUMN_TIMESTAMP,
    COLUMN_PARTITION
};

struct column {
    char name[128];
    enum column_source source;
    const struct weir_type *type;   /* of the cell */
    const struct weir_field *field; /* of a record; NULL: the whole key or value */
    bool is_number;                 /* of a time its milliseconds, of a decimal its units; hidden */
};

enum { COLUMNS_MAX = 400 };

struct columns {
    struct column *items;
    size_t count;
};

#define COLUMNS_TABLE "x" /* what a declaration calls its table; nobody sees it */

void columns_of(const struct weir_view_info *, struct columns *);
void columns_done(struct columns *);
const char *column_type(const struct column *);                /* as declared to SQLite */
void columns_declare(const struct columns *, struct buffer *); /* CREATE TABLE, NUL-terminated */
/* Sets the cell as the result of an xColumn; what the arena holds is copied. */
void column_result(const struct column *, const struct weir_row *, weir_arena *, sqlite3_context *);
#endif

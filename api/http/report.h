/* report.h: a report: a SELECT with a head of comments that says what it is and what it takes.
 *
 *     -- Revenue per day
 *     -- What confirmed orders brought in, the latest days first.
 *     -- :days integer = 30 At most so many days
 *     SELECT …
 *
 * The first line is the title, further ones the description. A line with a colon is a parameter: its name, its type (text,
 * integer, number, boolean, timestamp), "=" and a default without blanks where it has one, and what it means. */
#ifndef WEIR_HTTP_REPORT_H
#define WEIR_HTTP_REPORT_H
#include "base/arena.h"
#include "base/buffer.h"
#include "sql/sql.h"

enum { REPORT_PARAMETERS_MAX = 8 };
enum report_type { REPORT_TEXT, REPORT_INTEGER, REPORT_NUMBER, REPORT_BOOLEAN, REPORT_TIMESTAMP };

struct report_parameter {
    const char *name, *about;
    enum report_type type;
    const char *initial; /* as text; NULL: it must be given */
};

struct report {
    const char *name, *title, *about, *text; /* in the arena; the text is the whole file, comments are SQL */
    struct report_parameter parameters[REPORT_PARAMETERS_MAX];
    size_t parameter_count;
};

/* False: WEIR_INVALID, the message names the report and the line. */
bool report_read(const char *name, const char *text, weir_arena *, struct report *, struct weir_error *);
/* The value of a parameter, from text. False: *why says what is wrong with it. */
bool report_value(enum report_type, weir_bytes text, weir_arena *, struct sql_value *, const char **why);
const char *report_type_name(enum report_type);
#endif

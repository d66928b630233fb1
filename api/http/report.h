/* report.h: a report: a SELECT with a head of comments that says what it is and what it takes.
 *
 *     -- Revenue per day
 *     -- What confirmed orders brought in, the latest days first.
 *     -- :days integer = 30 At most so many days
 *     SELECT …
 *
 * The first line is the title, further ones the description. A line with a colon is a parameter: its name, its type (text,
 * integer, number, boolean, timestamp), "=" and a default without blanks where it has one, and what it means.
 *
 *     -- @board commerce line
 *     -- @es Ingresos por día
 *     -- @es Lo que trajeron los pedidos confirmados, los últimos días primero.
 *     -- @es :days Como mucho tantos días
 *     -- @es =day día
 *
 * A line with @board puts the report on a board of the dashboard, drawn as figures, line, bars or table. A line with @ and
 * a language of two letters says in that language the title, the description, the meaning of a parameter, or the name of
 * a column. */
#ifndef WEIR_HTTP_REPORT_H
#define WEIR_HTTP_REPORT_H
#include "base/arena.h"
#include "base/buffer.h"
#include "sql/sql.h"

enum { REPORT_PARAMETERS_MAX = 8, REPORT_LANGUAGES_MAX = 4, REPORT_COLUMNS_MAX = 32 };
enum report_type { REPORT_TEXT, REPORT_INTEGER, REPORT_NUMBER, REPORT_BOOLEAN, REPORT_TIMESTAMP };

struct report_parameter {
    const char *name, *about;
    enum report_type type;
    const char *initial; /* as text; NULL: it must be given */
};

enum report_chart { REPORT_FIGURES, REPORT_LINE, REPORT_BARS, REPORT_TABLE };

struct report_column {
    const char *name, *text;
};

/* What a report says in another language; NULL where it does not. */
struct report_translation {
    char language[3]; /* ISO 639-1 */
    const char *title, *about, *parameters[REPORT_PARAMETERS_MAX];
    struct report_column columns[REPORT_COLUMNS_MAX];
    size_t column_count;
};

struct report {
    const char *name, *title, *about, *text; /* in the arena; the text is the whole file, comments are SQL */
    struct report_parameter parameters[REPORT_PARAMETERS_MAX];
    size_t parameter_count;
    const char *board; /* on which it is drawn, as its chart; NULL: on none */
    enum report_chart chart;
    struct report_translation translations[REPORT_LANGUAGES_MAX];
    size_t translation_count;
};

/* False: WEIR_INVALID, the message names the report and the line. */
bool report_read(const char *name, const char *text, weir_arena *, struct report *, struct weir_error *);
/* The value of a parameter, from text. False: *why says what is wrong with it. */
bool report_value(enum report_type, weir_bytes text, weir_arena *, struct sql_value *, const char **why);
const char *report_type_name(enum report_type);
const char *report_chart_name(enum report_chart);
#endif

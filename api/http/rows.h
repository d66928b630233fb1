/* rows.h: writing rows as JSON, NDJSON or CSV. */
#ifndef WEIR_HTTP_ROWS_H
#define WEIR_HTTP_ROWS_H
#include "http/request.h"
#include "http/server.h"

enum rows_form { ROWS_JSON, ROWS_LINES, ROWS_CSV };

enum rows_form rows_form(const struct request *); /* that the client asked for */

/* Of windows or sessions. */
static inline bool rows_are_windowed(const struct weir_view_info *info)
{
    return info->kind == WEIR_VIEW_WINDOW || info->kind == WEIR_VIEW_SESSION;
}

/* {"key":…,"value":…,"timestamp":…[,"window":{…}] and, when named, what stands in `more`} */
void rows_write_json(struct request *, const struct weir_view_info *, const struct weir_row *);
void rows_write_members(struct buffer *, weir_arena *, const struct weir_view_info *, const struct weir_row *,
                        weir_bytes value);

/* RFC 4180 with a header line; columns come from the types. A cell that a spreadsheet would run as a formula (a string
 * that begins with = + - @, tab or carriage return) gets an apostrophe in front. */
void rows_write_csv_header(struct buffer *, const struct weir_view_info *);
void rows_write_cell(struct buffer *, weir_bytes text, bool is_string); /* quoted where it must be */
void rows_write_csv(struct request *, const struct weir_view_info *, const struct weir_row *);
#endif

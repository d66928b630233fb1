/* columns.c: see columns.h. Columns of numbers are aligned to the right.
 * SPDX-License-Identifier: Apache-2.0 */
#include "columns.h"

#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"

enum { COLUMNS_MAX = 64, WIDTH_MAX = 40 };

struct cells { /* each ends with NUL; row after row */
    struct buffer text;
    size_t *starts, count, capacity;
    size_t columns;
};

static void end_cell(struct cells *cells, size_t start)
{
    buffer_byte(&cells->text, 0);
    cells->starts = memory_grow(cells->starts, &cells->capacity, cells->count + 1, sizeof *cells->starts);
    cells->starts[cells->count++] = start;
}

/* Reads one cell; returns what follows it. */
static const char *read_cell(struct cells *cells, const char *at, const char *end)
{
    size_t start = cells->text.size;
    bool quoted = at < end && *at == '"';
    for (at += quoted; at < end; at++) {
        if (quoted && *at == '"') {
            if (at + 1 == end || at[1] != '"') {
                quoted = false;
                continue;
            }
            at++;
        } else if (!quoted && (*at == ',' || *at == '\r' || *at == '\n')) {
            break;
        }
        buffer_byte(&cells->text, (unsigned char)*at < 0x20 || *at == 0x7F ? '.' : (unsigned char)*at);
    }
    end_cell(cells, start);
    return at;
}

static void read_cells(struct cells *cells, weir_bytes csv)
{
    const char *at = csv.data, *end = at + csv.size;
    while (at < end) {
        at = read_cell(cells, at, end);
        if (at < end && *at == ',') {
            at++;
            continue;
        }
        cells->columns = cells->columns ? cells->columns : cells->count;
        while (at < end && (*at == '\r' || *at == '\n'))
            at++;
    }
}

static const char *cell(const struct cells *cells, size_t row, size_t column)
{
    size_t index = row * cells->columns + column;
    return index < cells->count ? cells->text.data + cells->starts[index] : "";
}

/* Characters, not bytes. */
static int width_of(const char *text)
{
    int width = 0;
    for (; *text; text++)
        width += (*text & 0xC0) != 0x80;
    return width;
}

static bool is_number(const char *text)
{
    return *text && strspn(text, "0123456789.-") == strlen(text);
}

struct column {
    int width;
    bool numeric;
};

static void measure(const struct cells *cells, size_t rows, struct column *columns)
{
    for (size_t c = 0; c < cells->columns && c < COLUMNS_MAX; c++) {
        columns[c].numeric = rows > 1;
        for (size_t r = 0; r < rows; r++) {
            int width = width_of(cell(cells, r, c));
            columns[c].width = width > columns[c].width ? width : columns[c].width;
            columns[c].numeric = columns[c].numeric && (r == 0 || !*cell(cells, r, c) || is_number(cell(cells, r, c)));
        }
        columns[c].width = columns[c].width > WIDTH_MAX ? WIDTH_MAX : columns[c].width;
    }
}

static void print_cell(FILE *out, const char *text, const struct column *column, bool is_last)
{
    int padding = column->width - width_of(text);
    if (padding < 0) { /* too long for its column: cut at a character's border */
        int kept = 0;
        const char *at = text;
        while (*at && (kept < column->width - 3 || (*at & 0xC0) == 0x80))
            kept += (*at++ & 0xC0) != 0x80;
        fprintf(out, "%.*s...", (int)(at - text), text);
    } else if (column->numeric) {
        fprintf(out, "%*s%s", padding, "", text);
    } else {
        fprintf(out, "%s%*s", text, is_last ? 0 : padding, "");
    }
    fputs(is_last ? "\n" : "  ", out);
}

void columns_print(FILE *out, weir_bytes csv)
{
    struct cells cells = {0};
    struct column columns[COLUMNS_MAX] = {{0, false}};
    read_cells(&cells, csv);
    size_t rows = cells.columns ? cells.count / cells.columns : 0;
    size_t shown = cells.columns < COLUMNS_MAX ? cells.columns : COLUMNS_MAX;
    measure(&cells, rows, columns);
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < shown; c++)
            print_cell(out, cell(&cells, r, c), &columns[c], c + 1 == shown);
    memory_free(cells.starts);
    buffer_done(&cells.text);
}

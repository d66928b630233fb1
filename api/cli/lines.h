/* lines.h: standard input, line by line, with numbers for error messages. */
#ifndef WEIR_CLI_LINES_H
#define WEIR_CLI_LINES_H
#include <stdio.h>

#include "weir.h"

struct lines {
    FILE *file;
    char *text; /* of getline */
    size_t capacity;
    long number; /* of the line just read, from 1 */
};

/* The next line that is not blank, without its end; false at the end. Lives until the next call. */
bool lines_next(struct lines *, weir_bytes *line);
void lines_done(struct lines *);

/* One record as a JSON object; the members "key", "value" and "headers" may be missing. */
struct line_record {
    weir_bytes topic, key, value, headers; /* JSON text; data NULL: missing */
    int64_t timestamp_ms;                  /* of "ts" or "timestamp"; -1: missing */
    weir_bytes advance;                    /* of "advance_ms" */
};
/* False: what is wrong with the line. */
bool lines_read_record(weir_arena *, weir_bytes line, struct line_record *, struct weir_error *);
/* Headers of a JSON object of texts, in the arena. */
bool lines_read_headers(weir_arena *, weir_bytes json, struct weir_headers *, struct weir_error *);
#endif

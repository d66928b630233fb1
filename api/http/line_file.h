/* line_file.h: a file that lines are appended to, and that may be moved away while it is written. One thread at a time. */
#ifndef WEIR_HTTP_LINE_FILE_H
#define WEIR_HTTP_LINE_FILE_H
#include <stdbool.h>
#include <sys/types.h>

#include "weir.h"

struct line_file {
    char *path; /* NULL: there is none, or `fd` belongs to somebody else */
    int fd;
    mode_t mode; /* of a file that is made */
};

bool line_file_open(struct line_file *, const char *path, mode_t); /* false: errno; to be closed in any case */
void line_file_close(struct line_file *);
/* Goes on in a new file when the old one was moved away. */
void line_file_refresh(struct line_file *);
/* In one write, so that a line is whole where several processes share a file. False: it is lost; errno. */
bool line_file_append(const struct line_file *, weir_bytes line);
#endif

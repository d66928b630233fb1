/* audit.h: who did what, as JSON lines in a file of its own: what changes something or runs SQL, and whatever was refused.
 * Never a credential, a query, a key's value or a body. Loop's thread. */
#ifndef WEIR_HTTP_AUDIT_H
#define WEIR_HTTP_AUDIT_H
#include "base/buffer.h"
#include "http/line_file.h"

struct request;

struct audit {
    struct line_file file; /* without a path: none is kept */
    bool has_failed;       /* the last line was lost */
    _Atomic uint64_t lost; /* lines; any thread reads it */
    struct buffer line;
};

bool audit_open(struct audit *, const char *path, struct weir_error *); /* path "" or NULL: none is kept */
void audit_close(struct audit *);
/* Goes on in a new file when the old one was moved away. */
void audit_refresh(struct audit *);
/* Of a request that was answered. A line that cannot be written is counted and logged; the answer is not held up. */
void audit_note(struct audit *, const struct request *);
#endif

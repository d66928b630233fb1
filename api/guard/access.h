/* access.h: the access file: who may come in, and what they may do. One line per credential:
 *
 *     PRINCIPAL ROLE CREDENTIAL [views=PATTERN,…] [deny=PATTERN,…] [hide=VIEW.FIELD,…] [until=TIME]
 *
 *     alice   analyst  key:3f2a9c1d:<64 hexadecimal digits>  views=orders*,stock  hide=*.email  until=2027-01-01
 *     shop    producer certificate:shop.example
 *     ci      reader   token:*          (any subject of a good token that no line names)
 *     guest   reader   anyone           (who shows nothing)
 *
 * A principal may have several lines, so that a key can be replaced while the old one still works. Patterns are names, or
 * begin or end with "*". views: these alone; deny: not these, even if views has them; hide: fields of values, "a.b" inside
 * a record. What no line lets in stays out. Not changed once it is read; shared by reference counts, on one thread. */
#ifndef WEIR_GUARD_ACCESS_H
#define WEIR_GUARD_ACCESS_H
#include "base/arena.h"
#include "guard/key.h"
#include "guard/role.h"

enum credential { CREDENTIAL_KEY, CREDENTIAL_CERTIFICATE, CREDENTIAL_TOKEN, CREDENTIAL_ANYONE, CREDENTIAL_COUNT };

struct patterns {
    const char *const *items;
    size_t count;
};

struct grant { /* a line */
    const char *principal;
    enum role role;
    enum credential credential;
    const char *id; /* of a key, the name in a certificate, the subject of a token; "" of anyone */
    unsigned char digest[KEY_DIGEST_BYTES]; /* of a key */
    struct patterns views, deny, hide;
    int64_t until_ms; /* INT64_MAX: for good */
    int line;         /* in the file, from 1 */
};

struct access;

struct access *access_load(const char *path, struct weir_error *); /* NULL: WEIR_INVALID, the message names the line */
struct access *access_read(const char *path, weir_bytes text, struct weir_error *); /* path: for messages */
struct access *access_keep(struct access *);
void access_drop(struct access *); /* NULL is fine */

/* The line of a credential that is not over. NULL: there is none. A key's secret is yet to be compared. */
const struct grant *access_find(const struct access *, enum credential, weir_bytes id, int64_t now_ms);
const struct grant *access_line(const struct access *, size_t index); /* in their order; NULL: no more */
bool access_has(const struct access *, enum role);                    /* some line has that role */
const char *credential_name(enum credential);                         /* "key", … */
/* What access_find needs, from "key:3f2a9c1d" and the like. */
bool credential_of_text(weir_bytes text, enum credential *, weir_bytes *id);
bool grant_may_read(const struct grant *, weir_bytes view);
/* Whether it may name someone: in a header, a log line and this file. */
bool access_is_name(weir_bytes);
bool pattern_fits(const char *pattern, weir_bytes name);
#endif

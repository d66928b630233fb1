/* guard.h: who asks. Credentials become a principal with its grants; the files they are checked against may be replaced
 * while we run. All calls on one thread, but for what a pass points to: others may read that until it is given back. */
#ifndef WEIR_GUARD_GUARD_H
#define WEIR_GUARD_GUARD_H
#include "base/buffer.h"
#include "guard/access.h"
#include "guard/fit.h"
#include "guard/tls.h"

struct guard_options { /* "" or NULL: not set */
    const char *access_file, *peer_key_file;
    struct tls_options tls;
    const char *jwt_keys_file, *jwt_issuer, *jwt_audience; /* all or none */
    const struct fit_view *views; /* that the access file must fit; names and types live as long as the guard */
    size_t view_count;
};

struct guard;

/* Who asks, as long as a request lasts. grant NULL: nobody asks who they are. */
struct pass {
    const struct grant *grant;
    struct access *access; /* which the grant is part of */
    char id[132];          /* of the credential: "key:3f2a9c1d"; what another instance is told */
};

/* What a connection has shown, so that the same header is not verified again and again. Starts as {0}. */
struct shown {
    struct buffer authorization;
    struct pass pass;
    int64_t until_ms;
    uint64_t jwks_number; /* a token was checked by these keys */
};

struct presented {            /* by a request */
    weir_bytes authorization; /* header; data NULL: none */
    const char *certificate;  /* name in the client's certificate, which was verified; NULL: none */
};

enum guard_verdict {
    GUARD_KNOWN,   /* the pass is filled */
    GUARD_UNKNOWN, /* nothing was shown, and that is not enough */
    GUARD_WRONG,   /* something was shown, and it is not good */
};

/* NULL: WEIR_INVALID, the message names the setting or the line. */
struct guard *guard_open(struct guard_options, struct weir_error *);
void guard_close(struct guard *); /* NULL is fine */
/* Looks whether files have changed. One that cannot be read leaves the old one in force, and is logged. */
void guard_refresh(struct guard *);
uint64_t guard_reloads(const struct guard *, bool good); /* how many there were; any thread */
bool guard_is_on(const struct guard *);                  /* there is an access file */

struct tls *guard_tls(struct guard *); /* NULL: the door speaks in the clear */

/* To be given back by pass_done. */
enum guard_verdict guard_judge(struct guard *, const struct presented *, struct shown *, struct pass *);
/* On behalf of whom a peer asks, from what its own guard has called pass.id. False: nobody here by that name. */
bool guard_speaks_for(struct guard *, weir_bytes id, struct pass *);
/* Our own key, for other instances; NULL: there is none. */
const char *guard_peer_key(const struct guard *);
void pass_done(struct pass *);
void shown_done(struct shown *);
#endif

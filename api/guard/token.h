/* token.h: JSON Web Tokens (RFC 7519), checked as RFC 8725 asks. */
#ifndef WEIR_GUARD_TOKEN_H
#define WEIR_GUARD_TOKEN_H
#include "guard/jwks.h"

enum { TOKEN_BYTES_MAX = 8 * 1024, TOKEN_SKEW_MS = 30 * 1000 };

struct token_rules { /* what a token must say; all required */
    const struct jwks *keys;
    const char *issuer, *audience;
};

struct token {
    weir_bytes subject;
    int64_t until_ms; /* after which it is over, the skew of clocks included */
};

/* False: it is none, not signed by one of the keys, not for us, over or not begun. What of these is nobody's business.
 * What the token points to lives in the arena. */
bool token_read(weir_bytes text, const struct token_rules *, int64_t now_ms, weir_arena *, struct token *);
#endif

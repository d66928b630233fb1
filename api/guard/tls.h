/* tls.h: certificates of the door, which may be replaced while it is open, and the names in those of its clients.
 *
 * TLS 1.2 and 1.3 with forward secrecy and authenticated encryption only (RFC 9325). A client's certificate is asked for
 * when there are authorities to check it by; one that does not pass ends the handshake, none at all does not. */
#ifndef WEIR_GUARD_TLS_H
#define WEIR_GUARD_TLS_H
#include "weir.h"

struct tls_options {              /* PEM files */
    const char *certificate_file; /* with the chain behind it */
    const char *key_file;
    const char *client_ca_file; /* "" or NULL: clients show no certificates */
};

extern const char tls_priorities[]; /* GnuTLS's name for what the text above says */

struct tls;
struct tls_session; /* what a connection holds on to */

struct tls *tls_open(struct tls_options, struct weir_error *); /* NULL: WEIR_INVALID, names the setting and the file */
void tls_close(struct tls *);                                  /* NULL is fine; no session may be left */
/* Looks at the files. False: one has changed and cannot be used; what was there stays. changed: whether any was. */
bool tls_refresh(struct tls *, bool *changed, struct weir_error *);

/* Before the handshake of a gnutls_session_t. */
struct tls_session *tls_begin(struct tls *, void *session);
void tls_end(struct tls_session *); /* NULL is fine */
/* The first name (DNS, URI or mail) that the client's verified certificate stands for, otherwise its subject's common
 * name. False: there is no certificate, or no name that may stand in an access file. */
bool tls_client_name(void *session, char *out, size_t size);
#endif

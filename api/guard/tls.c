/* tls.c: see tls.h. Sessions keep the credentials that they began with.
 * SPDX-License-Identifier: Apache-2.0 */
#include "guard/tls.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/memory.h"
#include "guard/access.h"
#include "guard/file.h"

enum { FILES = 3 };

struct tls_session { /* credentials, and how many hold on to them */
    gnutls_certificate_credentials_t credentials;
    size_t references;
};

struct tls {
    char *files[FILES]; /* certificate, key, client authorities; the last may be NULL */
    struct file_watch watches[FILES];
    struct tls_session *current;
};

const char tls_priorities[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA:-CIPHER-ALL:"
                              "+AES-256-GCM:+CHACHA20-POLY1305:+AES-128-GCM:-MAC-ALL:+AEAD:%SERVER_PRECEDENCE:"
                              "%SAFE_RENEGOTIATION";

/* ---- credentials ------------------------------------------------------------------------------------------------ */

static bool is_set(const char *text)
{
    return text && *text;
}

/* 0: go on. Who shows no certificate may have a key or a token. */
static int verify_client(gnutls_session_t session)
{
    unsigned count = 0, status = 0;
    unsigned char client[] = GNUTLS_KP_TLS_WWW_CLIENT;
    gnutls_typed_vdata_st purpose = {GNUTLS_DT_KEY_PURPOSE_OID, client, 0};
    if (!gnutls_certificate_get_peers(session, &count) || count == 0)
        return 0;
    bool good = gnutls_certificate_verify_peers(session, &purpose, 1, &status) == 0 && status == 0;
    return good ? 0 : GNUTLS_E_CERTIFICATE_ERROR;
}

static bool load_own(const struct tls *tls, gnutls_certificate_credentials_t credentials, struct weir_error *error)
{
    int code = gnutls_certificate_set_x509_key_file(credentials, tls->files[0], tls->files[1], GNUTLS_X509_FMT_PEM);
    if (code >= 0)
        return true;
    return error_set(error, WEIR_INVALID, "http.tls.certificate.file, http.tls.key.file: %.100s, %.100s: %s",
                     tls->files[0], tls->files[1], gnutls_strerror(code));
}

static bool load_authorities(const struct tls *tls, gnutls_certificate_credentials_t credentials,
                             struct weir_error *error)
{
    if (!tls->files[2])
        return true;
    int count = gnutls_certificate_set_x509_trust_file(credentials, tls->files[2], GNUTLS_X509_FMT_PEM);
    if (count <= 0)
        return error_set(error, WEIR_INVALID, "http.tls.client.ca.file: %.200s: %s", tls->files[2],
                         count < 0 ? gnutls_strerror(count) : "there is no certificate in it");
    gnutls_certificate_set_verify_function(credentials, verify_client);
    return true;
}

/* NULL: error is set. */
static struct tls_session *load(const struct tls *tls, struct weir_error *error)
{
    struct tls_session *loaded = memory_new(sizeof *loaded);
    loaded->references = 1;
    if (gnutls_certificate_allocate_credentials(&loaded->credentials) != 0) {
        error_set(error, WEIR_FATAL, "http: no TLS credentials");
        memory_free(loaded);
        return NULL;
    }
    if (load_own(tls, loaded->credentials, error) && load_authorities(tls, loaded->credentials, error))
        return loaded;
    tls_end(loaded);
    return NULL;
}

static bool files_changed(struct tls *tls)
{
    bool changed = false;
    for (size_t i = 0; i < FILES; i++)
        changed = (tls->files[i] && file_changed(&tls->watches[i], tls->files[i])) || changed;
    return changed;
}

struct tls *tls_open(struct tls_options options, struct weir_error *error)
{
    struct tls *tls = memory_new(sizeof *tls);
    tls->files[0] = memory_text(options.certificate_file);
    tls->files[1] = memory_text(options.key_file);
    tls->files[2] = is_set(options.client_ca_file) ? memory_text(options.client_ca_file) : NULL;
    files_changed(tls);
    tls->current = load(tls, error);
    if (tls->current)
        return tls;
    tls_close(tls);
    return NULL;
}

void tls_close(struct tls *tls)
{
    if (!tls)
        return;
    tls_end(tls->current);
    for (size_t i = 0; i < FILES; i++)
        memory_free(tls->files[i]);
    memory_free(tls);
}

bool tls_refresh(struct tls *tls, bool *changed, struct weir_error *error)
{
    *changed = files_changed(tls);
    struct tls_session *loaded = *changed ? load(tls, error) : NULL;
    if (loaded) {
        tls_end(tls->current);
        tls->current = loaded;
    }
    return loaded || !*changed;
}

/* ---- sessions --------------------------------------------------------------------------------------------------- */

struct tls_session *tls_begin(struct tls *tls, void *session)
{
    gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, tls->current->credentials);
    gnutls_certificate_server_set_request(session, tls->files[2] ? GNUTLS_CERT_REQUEST : GNUTLS_CERT_IGNORE);
    tls->current->references++;
    return tls->current;
}

void tls_end(struct tls_session *session)
{
    if (!session || --session->references > 0)
        return;
    gnutls_certificate_free_credentials(session->credentials);
    memory_free(session);
}

static bool is_name_type(int type)
{
    return type == GNUTLS_SAN_DNSNAME || type == GNUTLS_SAN_URI || type == GNUTLS_SAN_RFC822NAME;
}

static bool alternative_name(gnutls_x509_crt_t certificate, char *out, size_t size)
{
    size_t length = size - 1;
    int type;
    for (unsigned i = 0; (type = gnutls_x509_crt_get_subject_alt_name(certificate, i, out, &length, NULL)) !=
                         GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE;
         i++) {
        if (type >= 0 && is_name_type(type)) {
            out[length] = 0;
            return strlen(out) == length;
        }
        length = size - 1;
    }
    return false;
}

static bool common_name(gnutls_x509_crt_t certificate, char *out, size_t size)
{
    size_t length = size;
    int code = gnutls_x509_crt_get_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0, 0, out, &length);
    return code == 0 && strlen(out) == length;
}

bool tls_client_name(void *session, char *out, size_t size)
{
    unsigned count = 0;
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &count);
    gnutls_x509_crt_t certificate;
    if (!chain || count == 0 || gnutls_x509_crt_init(&certificate) != 0)
        return false;
    bool named = gnutls_x509_crt_import(certificate, &chain[0], GNUTLS_X509_FMT_DER) == 0 &&
                 (alternative_name(certificate, out, size) || common_name(certificate, out, size)) &&
                 access_is_name(bytes_of_text(out));
    gnutls_x509_crt_deinit(certificate);
    return named;
}

/* guard.c: see guard.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "guard/guard.h"

#include <gnutls/gnutls.h>
#include <string.h>
#include <strings.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "guard/file.h"
#include "guard/token.h"

struct guard {
    char *access_file;
    struct file_watch access_watch;
    struct access *access;
    struct tls *tls;
    char *jwks_file, *issuer, *audience;
    struct file_watch jwks_watch;
    struct jwks *jwks;
    struct fit_view *views;
    size_t view_count;
    uint64_t jwks_number; /* of those that were in force so far */
    char *peer_key;
    _Atomic uint64_t reloads[2]; /* failed, done; any thread reads them */
};

/* ---- files ------------------------------------------------------------------------------------------------------ */

static bool is_set(const char *text)
{
    return text && *text;
}

static bool read_peer_key(struct guard *guard, const char *path, struct weir_error *error)
{
    struct buffer text = {0};
    weir_bytes id;
    bool good = file_read("http.peer.key.file", path, &text, error);
    while (good && text.size && strchr(" \r\n", text.data[text.size - 1]))
        text.data[--text.size] = 0;
    if (good && !key_id(buffer_bytes(&text), &id))
        good = error_set(error, WEIR_INVALID, "http.peer.key.file: %.200s holds no key of `weir key create`", path);
    if (good)
        guard->peer_key = memory_text(text.data);
    if (text.data)
        gnutls_memset(text.data, 0, text.size);
    buffer_done(&text);
    return good;
}

static struct access *load_access(const struct guard *guard, struct weir_error *error)
{
    struct access *access = access_load(guard->access_file, error);
    if (!access || fit_check(access, guard->access_file, guard->views, guard->view_count, error))
        return access;
    access_drop(access);
    return NULL;
}

static bool open_access(struct guard *guard, const char *path, struct weir_error *error)
{
    guard->access_file = memory_text(path);
    file_changed(&guard->access_watch, path);
    guard->access = load_access(guard, error);
    return guard->access != NULL;
}

static bool open_tls(struct guard *guard, struct tls_options options, struct weir_error *error)
{
    if (!is_set(options.certificate_file) && !is_set(options.key_file) && !is_set(options.client_ca_file))
        return true;
    if (!is_set(options.certificate_file) || !is_set(options.key_file))
        return error_set(error, WEIR_INVALID, "TLS needs both http.tls.certificate.file and http.tls.key.file");
    guard->tls = tls_open(options, error);
    return guard->tls != NULL;
}

static bool open_tokens(struct guard *guard, const struct guard_options *options, struct weir_error *error)
{
    bool has_file = is_set(options->jwt_keys_file);
    if (has_file != is_set(options->jwt_issuer) || has_file != is_set(options->jwt_audience))
        return error_set(error, WEIR_INVALID,
                         "tokens need all of http.jwt.keys.file, http.jwt.issuer and http.jwt.audience");
    if (!has_file)
        return true;
    if (!guard->access)
        return error_set(error, WEIR_INVALID,
                         "http.jwt.keys.file needs http.access.file, which gives tokens their roles");
    guard->jwks_file = memory_text(options->jwt_keys_file);
    guard->issuer = memory_text(options->jwt_issuer);
    guard->audience = memory_text(options->jwt_audience);
    file_changed(&guard->jwks_watch, guard->jwks_file);
    guard->jwks = jwks_load(guard->jwks_file, error);
    return guard->jwks != NULL;
}

struct guard *guard_open(struct guard_options options, struct weir_error *error)
{
    struct guard *guard = memory_new(sizeof *guard);
    guard->views = memory_copy(options.views, options.view_count * sizeof *options.views);
    guard->view_count = options.view_count;
    if (open_tls(guard, options.tls, error) &&
        (!is_set(options.access_file) || open_access(guard, options.access_file, error)) &&
        open_tokens(guard, &options, error) &&
        (!is_set(options.peer_key_file) || read_peer_key(guard, options.peer_key_file, error)))
        return guard;
    guard_close(guard);
    return NULL;
}

void guard_close(struct guard *guard)
{
    if (!guard)
        return;
    access_drop(guard->access);
    tls_close(guard->tls);
    jwks_free(guard->jwks);
    memory_free(guard->jwks_file);
    memory_free(guard->issuer);
    memory_free(guard->audience);
    memory_free(guard->access_file);
    if (guard->peer_key)
        gnutls_memset(guard->peer_key, 0, strlen(guard->peer_key));
    memory_free(guard->peer_key);
    memory_free(guard->views);
    memory_free(guard);
}

static void note_reload(struct guard *guard, const char *path, const struct weir_error *error)
{
    bool good = error->code == WEIR_OK;
    guard->reloads[good]++;
    if (good)
        log_info("guard", "%.200s is read again", path);
    else
        log_error("guard", "what was read before stays in force: %s", error->message);
}

static void refresh_tls(struct guard *guard)
{
    struct weir_error error = {0};
    bool changed = false;
    if (!tls_refresh(guard->tls, &changed, &error) || changed)
        note_reload(guard, "the certificate", &error);
}

static void refresh_access(struct guard *guard)
{
    struct weir_error error = {0};
    if (!file_changed(&guard->access_watch, guard->access_file))
        return;
    struct access *access = load_access(guard, &error);
    if (access) {
        access_drop(guard->access);
        guard->access = access;
    }
    note_reload(guard, guard->access_file, &error);
}

/* Tokens that were good may not be any more: connections show them anew. */
static void refresh_jwks(struct guard *guard)
{
    struct weir_error error = {0};
    if (!file_changed(&guard->jwks_watch, guard->jwks_file))
        return;
    struct jwks *jwks = jwks_load(guard->jwks_file, &error);
    if (jwks) {
        jwks_free(guard->jwks);
        guard->jwks = jwks;
        guard->jwks_number++;
    }
    note_reload(guard, guard->jwks_file, &error);
}

void guard_refresh(struct guard *guard)
{
    if (guard->access)
        refresh_access(guard);
    if (guard->tls)
        refresh_tls(guard);
    if (guard->jwks)
        refresh_jwks(guard);
}

struct tls *guard_tls(struct guard *guard)
{
    return guard->tls;
}

uint64_t guard_reloads(const struct guard *guard, bool good)
{
    return guard->reloads[good];
}

bool guard_is_on(const struct guard *guard)
{
    return guard->access != NULL;
}

const char *guard_peer_key(const struct guard *guard)
{
    return guard->peer_key;
}

/* ---- credentials ------------------------------------------------------------------------------------------------ */

static bool let_in(struct guard *guard, const struct grant *grant, weir_bytes id, struct pass *pass)
{
    if (!grant)
        return false;
    *pass = (struct pass){.grant = grant, .access = access_keep(guard->access)};
    snprintf(pass->id, sizeof pass->id, "%s%s%.*s", credential_name(grant->credential), id.size ? ":" : "",
             (int)id.size, (const char *)id.data);
    return true;
}

static bool judge_key(struct guard *guard, weir_bytes key, int64_t now_ms, struct pass *pass)
{
    weir_bytes id;
    if (!key_id(key, &id))
        return false;
    const struct grant *grant = access_find(guard->access, CREDENTIAL_KEY, id, now_ms);
    return grant && key_matches(key, grant->digest) && let_in(guard, grant, id, pass);
}

/* RFC 6750, 2.1; the scheme's case does not matter. data NULL: another scheme. */
static weir_bytes bearer(weir_bytes header)
{
    static const char scheme[] = "Bearer ";
    size_t size = sizeof scheme - 1;
    if (header.size <= size || strncasecmp(header.data, scheme, size) != 0)
        return (weir_bytes){0};
    return (weir_bytes){(const char *)header.data + size, header.size - size};
}

static bool judge_token(struct guard *guard, weir_bytes text, int64_t now_ms, struct pass *pass, int64_t *until_ms)
{
    const struct token_rules rules = {guard->jwks, guard->issuer, guard->audience};
    struct token token;
    weir_arena arena;
    arena_init(&arena);
    bool good = guard->jwks && token_read(text, &rules, now_ms, &arena, &token) &&
                let_in(guard, access_find(guard->access, CREDENTIAL_TOKEN, token.subject, now_ms), token.subject, pass);
    if (good && token.until_ms < *until_ms)
        *until_ms = token.until_ms;
    arena_done(&arena);
    return good;
}

/* until_ms: when it is over by itself, apart from the grant. */
static bool judge_header(struct guard *guard, weir_bytes header, int64_t now_ms, struct pass *pass, int64_t *until_ms)
{
    weir_bytes text = bearer(header), id;
    *until_ms = INT64_MAX;
    return key_id(text, &id) ? judge_key(guard, text, now_ms, pass) : judge_token(guard, text, now_ms, pass, until_ms);
}

static bool is_remembered(const struct guard *guard, const struct shown *shown, weir_bytes header, int64_t now_ms)
{
    return shown->pass.access == guard->access && shown->jwks_number == guard->jwks_number && shown->pass.grant &&
           now_ms < shown->until_ms && bytes_equal(buffer_bytes(&shown->authorization), header);
}

static void remember(const struct guard *guard, struct shown *shown, weir_bytes header, const struct pass *pass,
                     int64_t until_ms)
{
    shown_done(shown);
    buffer_append(&shown->authorization, header.data, header.size);
    shown->pass = *pass;
    shown->until_ms = until_ms < pass->grant->until_ms ? until_ms : pass->grant->until_ms;
    shown->jwks_number = guard->jwks_number;
    access_keep(pass->access);
}

static enum guard_verdict judge_shown(struct guard *guard, weir_bytes header, struct shown *shown, struct pass *pass)
{
    int64_t now_ms = clock_wall_ms(&clock_system);
    if (is_remembered(guard, shown, header, now_ms)) {
        *pass = shown->pass;
        access_keep(pass->access);
        return GUARD_KNOWN;
    }
    int64_t until_ms;
    if (!judge_header(guard, header, now_ms, pass, &until_ms))
        return GUARD_WRONG;
    remember(guard, shown, header, pass, until_ms);
    return GUARD_KNOWN;
}

static bool judge_name(struct guard *guard, enum credential credential, weir_bytes id, struct pass *pass)
{
    const struct grant *grant = access_find(guard->access, credential, id, clock_wall_ms(&clock_system));
    return let_in(guard, grant, id, pass);
}

enum guard_verdict guard_judge(struct guard *guard, const struct presented *presented, struct shown *shown,
                               struct pass *pass)
{
    *pass = (struct pass){0};
    if (presented->authorization.data)
        return judge_shown(guard, presented->authorization, shown, pass);
    if (presented->certificate &&
        judge_name(guard, CREDENTIAL_CERTIFICATE, bytes_of_text(presented->certificate), pass))
        return GUARD_KNOWN;
    if (judge_name(guard, CREDENTIAL_ANYONE, bytes_of_text(""), pass))
        return GUARD_KNOWN;
    return presented->certificate ? GUARD_WRONG : GUARD_UNKNOWN;
}

bool guard_speaks_for(struct guard *guard, weir_bytes text, struct pass *pass)
{
    enum credential credential;
    weir_bytes id = {0};
    *pass = (struct pass){0};
    if (text.size >= sizeof pass->id || !credential_of_text(text, &credential, &id))
        return false;
    if (!judge_name(guard, credential, id, pass))
        return false;
    if (pass->grant->role == ROLE_PEER)
        pass_done(pass);
    return pass->grant != NULL;
}

void pass_done(struct pass *pass)
{
    access_drop(pass->access);
    *pass = (struct pass){0};
}

void shown_done(struct shown *shown)
{
    if (shown->authorization.data)
        gnutls_memset(shown->authorization.data, 0, shown->authorization.size);
    buffer_done(&shown->authorization);
    pass_done(&shown->pass);
    *shown = (struct shown){0};
}

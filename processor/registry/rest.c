/* rest.c: see rest.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "registry/rest.h"

#include <stdatomic.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "schemas/base64.h"
#include "schemas/codec.h"

/* ---- settings ---- */

/* Of the address: host or [v6], with or without a port. */
static bool has_port(const char *host)
{
    const char *bracket = strrchr(host, ']'), *colon = strrchr(host, ':');
    return colon && colon > (bracket ? bracket : host);
}

static bool read_url(const char *url, size_t size, struct rest_server *out)
{
    static const char plain[] = "http://", tls[] = "https://";
    bool is_tls = size > sizeof tls - 1 && strncmp(url, tls, sizeof tls - 1) == 0;
    bool is_plain = size > sizeof plain - 1 && strncmp(url, plain, sizeof plain - 1) == 0;
    if (!is_tls && !is_plain)
        return false;
    const char *host = url + (is_tls ? sizeof tls : sizeof plain) - 1, *end = url + size;
    while (end > host && end[-1] == '/')
        end--;
    const char *path = memchr(host, '/', (size_t)(end - host));
    if (!path)
        path = end;
    char *address = memory_format("%.*s", (int)(path - host), host);
    out->is_tls = is_tls;
    out->prefix = memory_format("%.*s", (int)(end - path), path);
    out->address = has_port(address) ? memory_text(address) : memory_format("%s:%d", address, is_tls ? 443 : 80);
    bool is_good = *address && !strpbrk(address, "@ \t?#") && !strpbrk(out->prefix, " \t?#");
    memory_free(address);
    return is_good;
}

static bool read_servers(struct rest *rest, const char *urls, struct weir_error *error)
{
    for (const char *at = urls; *at;) {
        at += strspn(at, ", ");
        size_t size = strcspn(at, ", ");
        if (size == 0)
            break;
        if (rest->server_count == REST_SERVERS_MAX)
            return error_set(error, WEIR_INVALID, "schema.registry.url: more than %d servers", REST_SERVERS_MAX);
        if (!read_url(at, size, &rest->servers[rest->server_count++]))
            return error_set(
                error, WEIR_INVALID,
                "schema.registry.url: '%.*s' is not of the form http[s]://host[:port][/path], without credentials",
                (int)size, at);
        at += size;
    }
    return rest->server_count > 0 || error_set(error, WEIR_INVALID, "schema.registry.url: there is no server in it");
}

static char *authorization(const struct config *config)
{
    const char *user = config_text(config, "schema.registry.basic.auth.user.info");
    const char *token = config_text(config, "schema.registry.bearer.auth.token");
    struct buffer encoded = {0};
    if (*token)
        return memory_format("Authorization: Bearer %s\r\n", token);
    if (!*user)
        return memory_text("");
    base64_write((weir_bytes){user, strlen(user)}, &encoded);
    char *line = memory_format("Authorization: Basic %.*s\r\n", (int)encoded.size, encoded.data);
    buffer_done(&encoded);
    return line;
}

static bool has_line_break(const struct config *config, const char *key, struct weir_error *error)
{
    return strpbrk(config_text(config, key), "\r\n") && !error_set(error, WEIR_INVALID, "%s: a line break in it", key);
}

bool rest_init(struct rest *rest, const struct config *config, struct weir_error *error)
{
    *rest = (struct rest){
        .timeout_us = config_integer(config, "schema.registry.request.timeout.ms") * 1000,
        .tls = {.ca_file = config_text(config, "schema.registry.ssl.ca.location"),
                .certificate_file = config_text(config, "schema.registry.ssl.certificate.location"),
                .key_file = config_text(config, "schema.registry.ssl.key.location")},
    };
    if (has_line_break(config, "schema.registry.basic.auth.user.info", error) ||
        has_line_break(config, "schema.registry.bearer.auth.token", error))
        return false;
    char *credentials = authorization(config);
    rest->headers = memory_format("Accept: application/vnd.schemaregistry.v1+json, application/json\r\n"
                                  "Content-Type: application/vnd.schemaregistry.v1+json\r\n%s",
                                  credentials);
    memory_free(credentials);
    return read_servers(rest, config_text(config, "schema.registry.url"), error);
}

void rest_done(struct rest *rest)
{
    for (size_t i = 0; i < rest->server_count; i++) {
        memory_free(rest->servers[i].address);
        memory_free(rest->servers[i].prefix);
    }
    memory_free(rest->headers);
}

/* ---- questions ---- */

static bool ask_one(const struct rest *rest, const struct rest_server *server, const char *target, weir_bytes body,
                    struct rest_answer *answer, struct weir_error *error)
{
    char *path = memory_format("%s%s", server->prefix, target);
    struct http_reply reply;
    const struct http_call call = {.address = server->address,
                                   .method = body.data ? "POST" : "GET",
                                   .target = {path, strlen(path)},
                                   .headers = rest->headers,
                                   .body = body,
                                   .deadline_us = clock_monotonic_us(&clock_system) + rest->timeout_us,
                                   .bytes_max = REST_ANSWER_BYTES_MAX,
                                   .tls = server->is_tls ? &rest->tls : NULL};
    bool ok = http_call(&call, &reply, error);
    memory_free(path);
    answer->status = reply.status;
    answer->body = reply.body;
    reply.body = (struct buffer){0};
    http_reply_done(&reply);
    if (ok && (answer->status == 429 || answer->status >= 500))
        ok = error_set(error, WEIR_RETRY, "%s answers %u", server->address, answer->status);
    if (!ok)
        rest_answer_done(answer);
    return ok;
}

bool rest_ask(struct rest *rest, const char *target, weir_bytes body, struct rest_answer *answer,
              struct weir_error *error)
{
    size_t first = atomic_load(&rest->current);
    struct weir_error cause = {0};
    for (size_t i = 0; i < rest->server_count; i++) {
        size_t index = (first + i) % rest->server_count;
        cause = (struct weir_error){0};
        if (ask_one(rest, &rest->servers[index], target, body, answer, &cause)) {
            atomic_store(&rest->current, index);
            return true;
        }
    }
    return error_set(error, WEIR_RETRY, "%s", cause.message);
}

void rest_answer_done(struct rest_answer *answer)
{
    buffer_done(&answer->body);
    answer->body = (struct buffer){0};
}

struct rest_error {
    weir_bytes message;
    bool has_message;
};
static const struct weir_field error_fields[] = {{.name = "message",
                                                  .type = &weir_str_type,
                                                  .offset = offsetof(struct rest_error, message),
                                                  .presence = offsetof(struct rest_error, has_message)}};
static const struct weir_type error_type = {.name = "error",
                                            .kind = WEIR_KIND_RECORD,
                                            .size = sizeof(struct rest_error),
                                            .fields = error_fields,
                                            .field_count = 1};

const char *rest_message(const struct rest_answer *answer, weir_arena *arena)
{
    const struct rest_error *read =
        answer->body.size ? json_read(&error_type, buffer_bytes(&answer->body), arena, NULL) : NULL;
    if (read && read->has_message)
        return arena_bytes(arena, read->message).data;
    return arena_format(arena, "it answers %u", answer->status);
}

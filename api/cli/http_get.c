/* http_get.c: see http_get.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http_get.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"

enum { TIMEOUT_MS = 30000, HEADER_BYTES_MAX = 16 * 1024, BODY_BYTES_MAX = 256 * 1024 * 1024 };

static struct {
    struct buffer authorization; /* "" or a header */
    const char *ca_file;
} way;

static bool read_key(const char *path, struct buffer *out, struct weir_error *error)
{
    char line[HEADER_BYTES_MAX];
    FILE *file = fopen(path, "re");
    bool good = file && fgets(line, sizeof line, file);
    if (good)
        buffer_format(out, "Authorization: Bearer %.*s", (int)strcspn(line, "\r\n"), line);
    else
        error_set(error, WEIR_INVALID, "--key-file: %.200s: %s", path,
                  file ? "there is no key in it" : strerror(errno));
    if (file)
        fclose(file);
    explicit_bzero(line, sizeof line);
    return good;
}

bool http_way(const struct http_way *given, struct weir_error *error)
{
    const char *key = getenv("WEIR_API_KEY");
    way.ca_file = given->ca_file ? given->ca_file : getenv("WEIR_CA_FILE");
    buffer_clear(&way.authorization);
    if (given->key_file && !read_key(given->key_file, &way.authorization, error))
        return false;
    if (!given->key_file && key && *key)
        buffer_format(&way.authorization, "Authorization: Bearer %s", key);
    buffer_byte(&way.authorization, 0);
    return true;
}

static size_t take_body(char *data, size_t size, size_t count, void *self)
{
    struct http_answer *answer = self;
    if (answer->body.size + size * count > BODY_BYTES_MAX)
        return 0;
    buffer_append(&answer->body, data, size * count);
    return size * count;
}

static size_t take_header(char *data, size_t size, size_t count, void *self)
{
    struct http_answer *answer = self;
    if (size * count > 5 && strncasecmp(data, "link:", 5) == 0)
        answer->has_next = true;
    if (size * count > 17 && strncasecmp(data, "x-complete: false", 17) == 0)
        answer->is_incomplete = true;
    return size * count;
}

static bool perform(CURL *curl, const char *url, struct http_answer *answer, struct weir_error *error)
{
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, answer);
    CURLcode code = curl_easy_perform(curl);
    if (code != CURLE_OK)
        return error_set(error, WEIR_RETRY, "%.150s: %s", url, curl_easy_strerror(code));
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer->status);
    return true;
}

/* method: with a body other than POST; NULL: as the body says. */
static bool ask(const char *url, const char *accept, const char *method, const weir_bytes *body,
                struct http_answer *answer, struct weir_error *error)
{
    *answer = (struct http_answer){0};
    CURL *curl = curl_easy_init();
    if (!curl)
        return error_set(error, WEIR_FATAL, "libcurl cannot be initialised");
    char *header = memory_format("Accept: %s", accept);
    struct curl_slist *headers = curl_slist_append(NULL, header);
    if (body) {
        headers = curl_slist_append(headers, "Content-Type: application/json");
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body->size);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body->data);
    }
    if (method)
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    if (way.authorization.size > 1)
        headers = curl_slist_append(headers, way.authorization.data);
    if (way.ca_file)
        curl_easy_setopt(curl, CURLOPT_CAINFO, way.ca_file);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    bool ok = perform(curl, url, answer, error);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    memory_free(header);
    return ok;
}

bool http_get(const char *url, const char *accept, struct http_answer *answer, struct weir_error *error)
{
    return ask(url, accept, NULL, NULL, answer, error);
}

bool http_post(const char *url, const char *accept, weir_bytes body, struct http_answer *answer,
               struct weir_error *error)
{
    return ask(url, accept, NULL, &body, answer, error);
}

bool http_put(const char *url, const char *accept, weir_bytes body, struct http_answer *answer,
              struct weir_error *error)
{
    return ask(url, accept, "PUT", &body, answer, error);
}

void http_answer_done(struct http_answer *answer)
{
    buffer_done(&answer->body);
}

void http_escape(struct buffer *out, const char *text)
{
    static const char digits[] = "0123456789ABCDEF";
    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        bool is_plain = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || (*at >= '0' && *at <= '9') ||
                        strchr("-._~", *at);
        if (is_plain) {
            buffer_byte(out, *at);
        } else {
            buffer_byte(out, '%');
            buffer_byte(out, (unsigned char)digits[*at >> 4]);
            buffer_byte(out, (unsigned char)digits[*at & 15]);
        }
    }
}

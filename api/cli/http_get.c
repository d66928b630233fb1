/* http_get.c: see http_get.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http_get.h"

#include <curl/curl.h>

#include "base/error.h"
#include "base/memory.h"

enum { TIMEOUT_MS = 30000, BODY_BYTES_MAX = 256 * 1024 * 1024 };

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

static bool ask(const char *url, const char *accept, const weir_bytes *body, struct http_answer *answer,
                struct weir_error *error)
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
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    bool ok = perform(curl, url, answer, error);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    memory_free(header);
    return ok;
}

bool http_get(const char *url, const char *accept, struct http_answer *answer, struct weir_error *error)
{
    return ask(url, accept, NULL, answer, error);
}

bool http_post(const char *url, const char *accept, weir_bytes body, struct http_answer *answer,
               struct weir_error *error)
{
    return ask(url, accept, &body, answer, error);
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

/* exchange.c: see exchange.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "calls/exchange.h"

#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "calls/answer.h"

#define PLAIN_SCHEME "http://"

static const char agent[] = "weir/" WEIR_VERSION;

/* ---- life ---- */

/* What comes from records must not become a header of its own. */
static bool is_one_line(const struct weir_header *header)
{
    return !strpbrk(header->name, "\r\n") && !memchr(header->value.data, '\r', header->value.size) &&
           !memchr(header->value.data, '\n', header->value.size) && !memchr(header->value.data, 0, header->value.size);
}

static void add_header(struct exchange *exchange, const struct weir_header *header)
{
    char *line = memory_format("%s: %.*s", header->name, (int)header->value.size, (const char *)header->value.data);
    if (is_one_line(header))
        exchange->headers = curl_slist_append(exchange->headers, line);
    memory_free(line);
}

static bool is_usual_method(const char *method)
{
    static const char *const methods[] = {"POST", "GET", "PUT", "DELETE", "PATCH"};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (strcmp(method, methods[i]) == 0)
            return true;
    return false;
}

/* Headers that we write ourselves, or that say how the connection is used: whose request has one of its own means it instead. */
static bool is_of_the_connection(const char *name)
{
    static const char *const names[] = {"Host",       "User-Agent",        "Accept", "Content-Length",
                                        "Connection", "Transfer-Encoding", "Expect"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcasecmp(name, names[i]) == 0)
            return true;
    return false;
}

/* In the clear to a host that nothing else needs to be known of, a path as it stands on the wire, and nothing unusual. */
static bool is_plain(const struct weir_transport_request *request)
{
    size_t scheme = strlen(PLAIN_SCHEME);
    if (strncmp(request->url, PLAIN_SCHEME, scheme) != 0)
        return false;
    for (const char *at = request->url + scheme; *at; at++)
        if (*at <= ' ' || *at > '~' || *at == '@' || *at == '#')
            return false;
    for (size_t i = 0; i < request->headers.count; i++)
        if (is_of_the_connection(request->headers.items[i].name))
            return false;
    return is_usual_method(request->method);
}

static void write_header(struct buffer *text, const struct weir_header *header)
{
    if (!is_one_line(header))
        return;
    buffer_text(text, header->name);
    buffer_text(text, ": ");
    buffer_append(text, header->value.data, header->value.size);
    buffer_text(text, "\r\n");
}

static void write_plain(struct exchange *exchange, const struct weir_transport_request *request)
{
    struct buffer *text = &exchange->text;
    const char *authority = request->url + strlen(PLAIN_SCHEME);
    size_t size = strcspn(authority, "/?");
    const char *path = authority + size;
    exchange->origin = memory_format(PLAIN_SCHEME "%.*s", (int)size, authority);
    buffer_format(text, "%s %s%s HTTP/1.1\r\nHost: %.*s\r\nUser-Agent: %s\r\nAccept: */*\r\n", request->method,
                  *path == '/' ? "" : "/", path, (int)size, authority, agent);
    for (size_t i = 0; i < request->headers.count; i++)
        write_header(text, &request->headers.items[i]);
    buffer_format(text, "Content-Length: %zu\r\n\r\n", request->body.size);
    buffer_append(text, request->body.data, request->body.size);
}

struct exchange *exchange_new(const struct weir_transport_request *request, bool may_be_plain)
{
    struct exchange *exchange = memory_new(sizeof *exchange);
    exchange->id = request->id;
    exchange->timeout_ms = request->timeout_ms;
    if (may_be_plain && is_plain(request)) {
        write_plain(exchange, request);
        return exchange;
    }
    exchange->method = memory_text(request->method);
    exchange->url = memory_text(request->url);
    exchange->body = memory_copy(request->body.data ? request->body.data : "", request->body.size);
    exchange->body_size = request->body.size;
    exchange->headers = curl_slist_append(NULL, "Expect:"); /* no waiting for 100 Continue */
    for (size_t i = 0; i < request->headers.count; i++)
        add_header(exchange, &request->headers.items[i]);
    return exchange;
}

void exchange_free(struct exchange *exchange)
{
    curl_slist_free_all(exchange->headers);
    memory_free(exchange->method);
    memory_free(exchange->url);
    memory_free(exchange->body);
    memory_free(exchange->origin);
    buffer_done(&exchange->text);
    buffer_done(&exchange->answer);
    memory_free(exchange->error);
    memory_free(exchange);
}

/* ---- plain ---- */

CURL *exchange_connect(struct exchange *exchange)
{
    CURL *handle = exchange->handle = curl_easy_init();
    if (!handle)
        return NULL;
    curl_easy_setopt(handle, CURLOPT_URL, exchange->origin);
    curl_easy_setopt(handle, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, (long)exchange->timeout_ms);
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, exchange->curl_error);
    curl_easy_setopt(handle, CURLOPT_PRIVATE, exchange);
    return handle;
}

static void fail_by(struct exchange *exchange, CURLcode code)
{
    exchange_fail(exchange, *exchange->curl_error ? exchange->curl_error : curl_easy_strerror(code));
}

void exchange_disconnect(struct exchange *exchange, CURLcode code)
{
    curl_easy_cleanup(exchange->handle);
    exchange->handle = NULL;
    if (code != CURLE_OK)
        fail_by(exchange, code);
}

void exchange_answered(struct exchange *exchange, int status, struct buffer *body)
{
    const struct buffer before = exchange->answer;
    exchange->status = status;
    exchange->answer = *body;
    *body = before;
}

/* ---- on a handle ---- */

static size_t take_bytes(char *data, size_t one, size_t count, void *argument)
{
    struct exchange *exchange = argument;
    (void)one; /* always 1 */
    if (exchange->answer.size + count > ANSWER_BODY_BYTES_MAX)
        return 0; /* curl calls it a write error */
    buffer_append(&exchange->answer, data, count);
    return count;
}

CURL *exchange_handle_new(void)
{
    CURL *handle = curl_easy_init();
    if (!handle)
        return NULL;
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_USERAGENT, agent);
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_bytes);
    return handle;
}

void exchange_begin(struct exchange *exchange, CURL *handle)
{
    exchange->handle = handle;
    curl_easy_setopt(handle, CURLOPT_URL, exchange->url);
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE, (long)exchange->body_size);
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, exchange->body);
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, exchange->method);
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, exchange->headers);
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, (long)exchange->timeout_ms);
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, exchange->curl_error);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, exchange);
    curl_easy_setopt(handle, CURLOPT_PRIVATE, exchange);
}

void exchange_fail(struct exchange *exchange, const char *error)
{
    exchange->status = 0;
    exchange->error = memory_text(error);
}

void exchange_end(struct exchange *exchange, CURLcode code)
{
    curl_easy_getinfo(exchange->handle, CURLINFO_RESPONSE_CODE, &exchange->status);
    curl_easy_setopt(exchange->handle, CURLOPT_ERRORBUFFER, NULL);
    exchange->handle = NULL;
    if (code != CURLE_OK)
        fail_by(exchange, code);
}

/* ---- lists ---- */

void exchanges_append(struct exchanges *list, struct exchange *exchange)
{
    exchange->next = NULL;
    exchange->previous = list->last;
    *(list->last ? &list->last->next : &list->first) = exchange;
    list->last = exchange;
}

void exchanges_remove(struct exchanges *list, struct exchange *exchange)
{
    *(exchange->previous ? &exchange->previous->next : &list->first) = exchange->next;
    *(exchange->next ? &exchange->next->previous : &list->last) = exchange->previous;
}

void exchanges_free(struct exchanges *list)
{
    while (list->first) {
        struct exchange *exchange = list->first;
        exchanges_remove(list, exchange);
        exchange_free(exchange);
    }
}

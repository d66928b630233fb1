/* exchange.c: see exchange.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "calls/exchange.h"

#include <string.h>

#include "base/memory.h"

enum { ANSWER_BYTES_MAX = 1024 * 1024 };

/* ---- life ---- */

static void add_header(struct exchange *exchange, const struct weir_header *header)
{
    char *line = memory_format("%s: %.*s", header->name, (int)header->value.size, (const char *)header->value.data);
    bool is_one_line = !strpbrk(line, "\r\n"); /* what comes from records must not become a header of its own */
    if (is_one_line)
        exchange->headers = curl_slist_append(exchange->headers, line);
    memory_free(line);
}

struct exchange *exchange_new(const struct weir_transport_request *request)
{
    struct exchange *exchange = memory_new(sizeof *exchange);
    exchange->id = request->id;
    exchange->method = memory_text(request->method);
    exchange->url = memory_text(request->url);
    exchange->body = memory_copy(request->body.data ? request->body.data : "", request->body.size);
    exchange->body_size = request->body.size;
    exchange->timeout_ms = request->timeout_ms;
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
    memory_free(exchange->answer);
    memory_free(exchange->error);
    memory_free(exchange);
}

/* ---- on a handle ---- */

static size_t take_bytes(char *data, size_t one, size_t count, void *argument)
{
    struct exchange *exchange = argument;
    if (exchange->answer_size + count > ANSWER_BYTES_MAX)
        return 0; /* curl calls it a write error */
    exchange->answer = memory_grow(exchange->answer, &exchange->answer_capacity, exchange->answer_size + count, one);
    memcpy(exchange->answer + exchange->answer_size, data, count);
    exchange->answer_size += count;
    return count;
}

CURL *exchange_handle_new(void)
{
    CURL *handle = curl_easy_init();
    if (!handle)
        return NULL;
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_USERAGENT, "weir/" WEIR_VERSION);
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
        exchange_fail(exchange, *exchange->curl_error ? exchange->curl_error : curl_easy_strerror(code));
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

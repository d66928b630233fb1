/* http_call.c: see http_call.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "calls/http_call.h"

#include <curl/curl.h>
#include <pthread.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "calls/handle.h"
#include "weir.h"

enum { KEPT_US = 20 * 1000 * 1000, READ_BYTES = 256 * 1024 };

static int64_t now_us(void)
{
    return clock_monotonic_us(&clock_system);
}

/* ---- idle handles ---- */

struct kept {
    CURL *handle;
    char address[HANDLE_ADDRESS_BYTES];
    int64_t since_us;
};
static struct {
    pthread_mutex_t lock;
    struct kept items[HTTP_CALL_KEPT];
    size_t count;
} idle = {.lock = PTHREAD_MUTEX_INITIALIZER};

static CURL *drop_kept(size_t index)
{
    CURL *handle = idle.items[index].handle;
    idle.items[index] = idle.items[--idle.count];
    return handle;
}

/* NULL: none. */
static CURL *take_kept(const char *address)
{
    CURL *handle = NULL;
    pthread_mutex_lock(&idle.lock);
    for (size_t i = idle.count; i-- > 0;) {
        if (now_us() - idle.items[i].since_us > KEPT_US)
            curl_easy_cleanup(drop_kept(i));
        else if (!handle && strcmp(idle.items[i].address, address) == 0)
            handle = drop_kept(i);
    }
    pthread_mutex_unlock(&idle.lock);
    return handle;
}

/* The address is not longer than handle_is_address allows. */
static void keep(const char *address, CURL *handle)
{
    pthread_mutex_lock(&idle.lock);
    if (idle.count == HTTP_CALL_KEPT) {
        curl_easy_cleanup(handle);
    } else {
        struct kept *kept = &idle.items[idle.count++];
        kept->handle = handle;
        kept->since_us = now_us();
        memcpy(kept->address, address, strlen(address) + 1);
    }
    pthread_mutex_unlock(&idle.lock);
}

void http_call_forget(void)
{
    pthread_mutex_lock(&idle.lock);
    while (idle.count > 0)
        curl_easy_cleanup(drop_kept(idle.count - 1));
    pthread_mutex_unlock(&idle.lock);
}

/* ---- an answer ---- */

struct exchange {
    const struct http_call *call;
    struct http_reply *reply;
    CURL *handle;
    size_t got;
    bool is_too_large, is_not_taken;
    char message[CURL_ERROR_SIZE];
};

weir_bytes http_reply_field(const struct http_reply *reply, const char *name)
{
    size_t name_size = strlen(name);
    const char *at = reply->head.data, *end = at ? at + reply->head.size : NULL;
    while (at && at < end) {
        const char *line_end = memmem(at, (size_t)(end - at), "\r\n", 2);
        if (!line_end)
            break;
        if ((size_t)(line_end - at) > name_size && at[name_size] == ':' && strncasecmp(at, name, name_size) == 0) {
            for (at += name_size + 1; at < line_end && (*at == ' ' || *at == '\t');)
                at++;
            return (weir_bytes){at, (size_t)(line_end - at)};
        }
        at = line_end + 2;
    }
    return (weir_bytes){0};
}

/* libcurl ends the transfer when less is taken than was given. */
static size_t take_head(char *data, size_t one, size_t count, void *self)
{
    struct exchange *exchange = self;
    struct buffer *head = &exchange->reply->head;
    if (one * count > HTTP_CALL_HEAD_BYTES_MAX - head->size) {
        exchange->is_too_large = true;
        return 0;
    }
    buffer_append(head, data, one * count);
    return count;
}

static size_t take_body(char *data, size_t one, size_t count, void *self)
{
    struct exchange *exchange = self;
    const struct http_call *call = exchange->call;
    size_t size = one * count;
    long status = 0;
    curl_easy_getinfo(exchange->handle, CURLINFO_RESPONSE_CODE, &status);
    exchange->got += size;
    exchange->is_too_large = exchange->got > call->bytes_max;
    if (exchange->is_too_large)
        return 0;
    if (!call->take || status != 200)
        buffer_append(&exchange->reply->body, data, size);
    else
        exchange->is_not_taken = !call->take(call->self, data, size);
    return exchange->is_not_taken ? 0 : count;
}

/* ---- the call ---- */

static CURL *new_handle(void)
{
    CURL *handle = handle_new();
    if (!handle)
        return NULL;
    curl_easy_setopt(handle, CURLOPT_BUFFERSIZE, (long)READ_BYTES);
    curl_easy_setopt(handle, CURLOPT_MAXCONNECTS, 1L);
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, take_head);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
    return handle;
}

static void set_options(struct exchange *exchange, const char *url, const struct curl_slist *headers, int64_t left_ms)
{
    const struct http_call *call = exchange->call;
    CURL *handle = exchange->handle;
    curl_easy_setopt(handle, CURLOPT_URL, url);
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, (long)left_ms);
    curl_easy_setopt(handle, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)call->bytes_max);
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, exchange->message);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, exchange);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, exchange);
    if (call->body.data) {
        curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body.size);
        curl_easy_setopt(handle, CURLOPT_POSTFIELDS, call->body.data); /* and POST */
    } else {
        curl_easy_setopt(handle, CURLOPT_HTTPGET, 1L);
    }
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, call->method);
    handle_set_tls(handle, call->tls);
}

static bool fail(const struct exchange *exchange, CURLcode code, struct weir_error *error)
{
    const char *address = exchange->call->address;
    if (exchange->is_not_taken)
        return error_set(error, WEIR_FATAL, "%s: the answer cannot be kept", address);
    if (exchange->is_too_large || code == CURLE_FILESIZE_EXCEEDED)
        return error_set(error, WEIR_INVALID, "%s: an answer of more than %zu bytes", address,
                         exchange->call->bytes_max);
    bool is_malformed =
        code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_WEIRD_SERVER_REPLY;
    return error_set(error, is_malformed ? WEIR_INVALID : WEIR_RETRY, "%s: %s", address,
                     *exchange->message ? exchange->message : curl_easy_strerror(code));
}

static bool perform(struct exchange *exchange, struct weir_error *error)
{
    const struct http_call *call = exchange->call;
    int64_t left_ms = (call->deadline_us - now_us()) / 1000;
    if (left_ms <= 0)
        return fail(exchange, CURLE_OPERATION_TIMEDOUT, error);
    char *url = handle_url(call->address, call->target, call->tls);
    struct curl_slist *headers = handle_headers(call->headers);
    set_options(exchange, url, headers, left_ms);
    CURLcode code = curl_easy_perform(exchange->handle);
    long status = 0;
    curl_easy_getinfo(exchange->handle, CURLINFO_RESPONSE_CODE, &status);
    exchange->reply->status = (unsigned)status;
    curl_slist_free_all(headers);
    memory_free(url);
    return code == CURLE_OK || fail(exchange, code, error);
}

bool http_call(const struct http_call *call, struct http_reply *reply, struct weir_error *error)
{
    *reply = (struct http_reply){0};
    if (!handle_is_address(call->address))
        return error_set(error, WEIR_INVALID, "'%s' is no address of the form host:port", call->address);
    struct exchange exchange = {.call = call, .reply = reply, .handle = take_kept(call->address)};
    if (!exchange.handle)
        exchange.handle = new_handle();
    if (!exchange.handle)
        return error_set(error, WEIR_RETRY, "%s: libcurl gives no handle", call->address);
    bool ok = perform(&exchange, error);
    if (ok)
        keep(call->address, exchange.handle);
    else
        curl_easy_cleanup(exchange.handle);
    return ok;
}

void http_reply_done(struct http_reply *reply)
{
    buffer_done(&reply->head);
    buffer_done(&reply->body);
}

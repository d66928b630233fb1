/* http_transport.c: requests over HTTP with libcurl. One line is one thread with one multi handle, so that connections are
 * kept and nobody else waits. See weir_http_transport in weir.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include <curl/curl.h>
#include <pthread.h>
#include <string.h>

#include "base/memory.h"
#include "calls/curl.h"
#include "weir.h"

enum { ANSWER_BYTES_MAX = 1024 * 1024, WAIT_MS = 1000, CONNECTIONS_KEPT = 1024 };

struct exchange { /* one request and its result; in one list at a time */
    struct exchange *next;
    uint64_t id;
    CURL *handle;
    struct curl_slist *headers;
    char *body, *answer, *error;
    size_t answer_size, answer_capacity;
    char curl_error[CURL_ERROR_SIZE];
    long status;
};

struct line {
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    struct exchange *asked, *answered;
    bool stopping;
    CURLM *multi;            /* of the thread, but for curl_multi_wakeup */
    struct exchange *flying; /* of the thread */
};

/* ---- exchanges ---- */

static void free_exchange(struct exchange *exchange)
{
    curl_easy_cleanup(exchange->handle);
    curl_slist_free_all(exchange->headers);
    memory_free(exchange->body);
    memory_free(exchange->answer);
    memory_free(exchange->error);
    memory_free(exchange);
}

static void free_list(struct exchange *list)
{
    while (list) {
        struct exchange *next = list->next;
        free_exchange(list);
        list = next;
    }
}

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

static void add_header(struct exchange *exchange, const struct weir_header *header)
{
    char *line = memory_format("%s: %.*s", header->name, (int)header->value.size, (const char *)header->value.data);
    bool is_one_line = !strpbrk(line, "\r\n"); /* what comes from records must not become a header of its own */
    if (is_one_line)
        exchange->headers = curl_slist_append(exchange->headers, line);
    memory_free(line);
}

static void set_options(struct exchange *exchange, const struct weir_transport_request *request)
{
    CURL *handle = exchange->handle;
    curl_easy_setopt(handle, CURLOPT_URL, request->url);
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE, (long)request->body.size);
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, exchange->body);
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request->method);
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, exchange->headers);
    curl_easy_setopt(handle, CURLOPT_USERAGENT, "weir/" WEIR_VERSION);
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, exchange->curl_error);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_bytes);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, exchange);
    curl_easy_setopt(handle, CURLOPT_PRIVATE, exchange);
}

static struct exchange *new_exchange(const struct weir_transport_request *request)
{
    struct exchange *exchange = memory_new(sizeof *exchange);
    exchange->id = request->id;
    exchange->handle = curl_easy_init();
    exchange->body = memory_copy(request->body.data ? request->body.data : "", request->body.size);
    exchange->headers = curl_slist_append(NULL, "Expect:"); /* no waiting for 100 Continue */
    for (size_t i = 0; i < request->headers.count; i++)
        add_header(exchange, &request->headers.items[i]);
    if (exchange->handle)
        set_options(exchange, request);
    return exchange;
}

/* ---- the thread ---- */

static void take_out(struct exchange **list, const struct exchange *exchange)
{
    while (*list != exchange)
        list = &(*list)->next;
    *list = exchange->next;
}

static void append(struct exchange **list, struct exchange *exchange)
{
    while (*list)
        list = &(*list)->next;
    exchange->next = NULL;
    *list = exchange;
}

static void end_exchange(struct line *line, struct exchange *exchange, CURLcode code)
{
    curl_easy_getinfo(exchange->handle, CURLINFO_RESPONSE_CODE, &exchange->status);
    if (code != CURLE_OK) {
        exchange->status = 0;
        exchange->error = memory_text(*exchange->curl_error ? exchange->curl_error : curl_easy_strerror(code));
    }
    curl_multi_remove_handle(line->multi, exchange->handle);
    take_out(&line->flying, exchange);
    pthread_mutex_lock(&line->lock);
    append(&line->answered, exchange);
    pthread_mutex_unlock(&line->lock);
}

static void take_answers(struct line *line)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(line->multi, &left))) {
        struct exchange *exchange = NULL;
        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &exchange);
        end_exchange(line, exchange, message->data.result);
    }
}

static void start(struct line *line, struct exchange *exchange)
{
    append(&line->flying, exchange);
    curl_multi_add_handle(line->multi, exchange->handle);
}

/* False: it is time to stop. */
static bool take_requests(struct line *line)
{
    pthread_mutex_lock(&line->lock);
    struct exchange *asked = line->asked;
    bool goes_on = !line->stopping;
    line->asked = goes_on ? NULL : asked;
    pthread_mutex_unlock(&line->lock);
    while (goes_on && asked) {
        struct exchange *next = asked->next;
        start(line, asked);
        asked = next;
    }
    return goes_on;
}

static void *work(void *argument)
{
    struct line *line = argument;
    int running = 0;
    while (take_requests(line)) {
        curl_multi_perform(line->multi, &running);
        take_answers(line);
        curl_multi_poll(line->multi, NULL, 0, WAIT_MS, NULL);
    }
    return NULL;
}

/* ---- the transport ---- */

/* By itself libcurl keeps four connections per call under way (CURLMOPT_MAXCONNECTS), so at the end of every burst of calls it would close
 * those that the next one needs. */
static CURLM *new_multi(void)
{
    CURLM *multi = curl_multi_init();
    if (multi)
        curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_KEPT);
    return multi;
}

static void *open_line(void)
{
    curl_begin();
    struct line *line = memory_new(sizeof *line);
    pthread_mutex_init(&line->lock, NULL);
    line->multi = new_multi();
    if (line->multi && pthread_create(&line->thread, NULL, work, line) == 0)
        return line;
    curl_multi_cleanup(line->multi);
    pthread_mutex_destroy(&line->lock);
    memory_free(line);
    return NULL;
}

static bool send_request(void *self, const struct weir_transport_request *request)
{
    struct line *line = self;
    struct exchange *exchange = line ? new_exchange(request) : NULL;
    if (!exchange)
        return false;
    if (!exchange->handle) {
        free_exchange(exchange);
        return false;
    }
    pthread_mutex_lock(&line->lock);
    append(&line->asked, exchange);
    pthread_mutex_unlock(&line->lock);
    curl_multi_wakeup(line->multi);
    return true;
}

static const char *copy_text(weir_arena *arena, const char *text)
{
    size_t size = strlen(text) + 1;
    return memcpy(weir_arena_alloc(arena, size), text, size);
}

static bool take_result(void *self, weir_arena *arena, struct weir_transport_result *out)
{
    struct line *line = self;
    if (!line)
        return false;
    pthread_mutex_lock(&line->lock);
    struct exchange *exchange = line->answered;
    if (exchange)
        line->answered = exchange->next;
    pthread_mutex_unlock(&line->lock);
    if (!exchange)
        return false;
    *out = (struct weir_transport_result){.id = exchange->id, .status = (int32_t)exchange->status};
    out->body.data = memcpy(weir_arena_alloc(arena, exchange->answer_size + 1),
                            exchange->answer ? exchange->answer : "", exchange->answer_size);
    out->body.size = exchange->answer_size;
    out->error = exchange->error ? copy_text(arena, exchange->error) : NULL;
    free_exchange(exchange);
    return true;
}

static void close_line(void *self)
{
    struct line *line = self;
    pthread_mutex_lock(&line->lock);
    line->stopping = true;
    pthread_mutex_unlock(&line->lock);
    curl_multi_wakeup(line->multi);
    pthread_join(line->thread, NULL);
    for (struct exchange *exchange = line->flying; exchange; exchange = exchange->next)
        curl_multi_remove_handle(line->multi, exchange->handle);
    free_list(line->flying);
    free_list(line->asked);
    free_list(line->answered);
    curl_multi_cleanup(line->multi);
    pthread_mutex_destroy(&line->lock);
    memory_free(line);
}

const struct weir_transport weir_http_transport = {open_line, send_request, take_result, close_line};

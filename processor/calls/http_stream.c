/* http_stream.c: see http_stream.h. One multi handle of libcurl.
 * SPDX-License-Identifier: Apache-2.0 */
#include "calls/http_stream.h"

#include "base/error.h"
#include "base/memory.h"
#include "calls/handle.h"
#include "weir.h"

struct http_streams {
    CURLM *multi;
};

struct http_stream {
    struct http_streams *streams;
    CURL *handle;
    struct curl_slist *headers;
    bool (*take)(void *self, const void *data, size_t size);
    void *self;
    bool is_over;
    unsigned status;
    CURLcode code;
    char message[CURL_ERROR_SIZE];
};

struct http_streams *http_streams_new(void)
{
    struct http_streams *streams = memory_new(sizeof *streams);
    streams->multi = curl_multi_init();
    if (streams->multi)
        return streams;
    memory_free(streams);
    return NULL;
}

void http_streams_done(struct http_streams *streams)
{
    if (!streams)
        return;
    curl_multi_cleanup(streams->multi);
    memory_free(streams);
}

void http_streams_wake(struct http_streams *streams)
{
    curl_multi_wakeup(streams->multi);
}

static void end_streams(struct http_streams *streams)
{
    const CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(streams->multi, &left))) {
        struct http_stream *stream = NULL;
        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &stream);
        stream->is_over = true;
        stream->code = message->data.result;
    }
}

void http_streams_wait(struct http_streams *streams, int timeout_ms)
{
    int running = 0;
    curl_multi_poll(streams->multi, NULL, 0, timeout_ms, NULL);
    curl_multi_perform(streams->multi, &running);
    end_streams(streams);
}

static unsigned status_of(const struct http_stream *stream)
{
    long status = 0;
    curl_easy_getinfo(stream->handle, CURLINFO_RESPONSE_CODE, &status);
    return (unsigned)status;
}

/* What another status says is not wanted. */
static size_t take_body(char *data, size_t one, size_t count, void *self)
{
    struct http_stream *stream = self;
    stream->status = status_of(stream);
    if (stream->status != 200)
        return one * count;
    return stream->take(stream->self, data, one * count) ? one * count : CURL_WRITEFUNC_PAUSE;
}

static void set_options(struct http_stream *stream, const struct http_stream_call *call)
{
    CURL *handle = stream->handle;
    char *url = handle_url(call->address, call->target, call->tls);
    curl_easy_setopt(handle, CURLOPT_URL, url);
    memory_free(url);
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, stream->headers);
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, (long)call->connect_ms);
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, stream->message);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, stream);
    curl_easy_setopt(handle, CURLOPT_PRIVATE, stream);
    handle_set_tls(handle, call->tls);
}

struct http_stream *http_stream_open(struct http_streams *streams, const struct http_stream_call *call,
                                     struct weir_error *error)
{
    if (!handle_is_address(call->address)) {
        error_set(error, WEIR_INVALID, "'%s' is no address of the form host:port", call->address);
        return NULL;
    }
    struct http_stream *stream = memory_new(sizeof *stream);
    *stream = (struct http_stream){.streams = streams, .handle = handle_new(), .take = call->take, .self = call->self};
    if (!stream->handle) {
        memory_free(stream);
        error_set(error, WEIR_RETRY, "%s: libcurl gives no handle", call->address);
        return NULL;
    }
    stream->headers = handle_headers(call->headers);
    set_options(stream, call);
    curl_multi_add_handle(streams->multi, stream->handle);
    return stream;
}

void http_stream_go_on(struct http_stream *stream)
{
    if (!stream->is_over)
        curl_easy_pause(stream->handle, CURLPAUSE_CONT);
}

bool http_stream_is_over(const struct http_stream *stream, unsigned *status, const char **why)
{
    if (!stream->is_over)
        return false;
    *status = status_of(stream);
    *why = stream->code == CURLE_OK ? NULL : *stream->message ? stream->message : curl_easy_strerror(stream->code);
    return true;
}

void http_stream_close(struct http_stream *stream)
{
    if (!stream)
        return;
    curl_multi_remove_handle(stream->streams->multi, stream->handle);
    curl_easy_cleanup(stream->handle);
    curl_slist_free_all(stream->headers);
    memory_free(stream);
}

/* relay.c: see relay.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/relay.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"

enum {
    CONNECT_MS = 3000,
    SILENT_MS = 3 * LIMIT_HEARTBEAT_MS, /* so long nothing may come, not even a heartbeat */
    UNHEARD_MS = 10 * 1000,             /* the same of the first bytes, which come at once */
    TEXT_BYTES = 256 * 1024,            /* kept in front of a reader that does not take them */
    EVENT_BYTES_MAX = LIMIT_PAGE_BYTES, /* of one event */
};

/* The other instance waits while there are events that the reader has not taken. */
static bool take(void *self, const void *data, size_t size)
{
    struct relay *relay = self;
    size_t waiting = relay->text.size - relay->taken;
    *relay->has_news = true;
    relay->heard_us = clock_monotonic_us(&clock_system);
    struct event event;
    size_t skipped;
    const weir_bytes text = {relay->text.data + relay->taken, waiting};
    relay->is_paused = waiting > TEXT_BYTES && events_next(text, &event, &skipped) > 0;
    relay->is_too_large = relay->is_too_large || waiting > EVENT_BYTES_MAX;
    if (relay->is_paused || relay->is_too_large)
        return !relay->is_paused;
    buffer_append(&relay->text, data, size);
    return true;
}

static struct relay *new_relay(const char *address, struct peer_partitions partitions)
{
    size_t size = partitions.count * sizeof *partitions.items;
    struct relay *relay = memory_new(sizeof *relay + size);
    relay->address = memory_text(address);
    relay->partitions = (struct peer_partitions){(int32_t *)(relay + 1), partitions.count};
    memcpy(relay->partitions.items, partitions.items, size);
    return relay;
}

struct relay *relay_open(const struct relay_request *request, const char *address, struct peer_partitions partitions,
                         const char *last_id, bool *has_news)
{
    struct relay *relay = new_relay(address, partitions);
    struct weir_error error = {0};
    char *headers = memory_format("Accept: text/event-stream\r\n%s%s%s", *last_id ? "Last-Event-ID: " : "", last_id,
                                  *last_id ? "\r\n" : "");
    relay->has_news = has_news;
    relay->opened_us = clock_monotonic_us(&clock_system);
    const struct peer_stream call = {
        .address = address,
        .target = request->target,
        .partitions = partitions,
        .id = request->id,
        .principal = request->principal,
        .headers = headers,
        .connect_ms = CONNECT_MS,
        .take = take,
        .self = relay,
    };
    relay->stream = peer_stream_open(request->server, request->streams, &call, &error);
    memory_free(headers);
    if (relay->stream)
        return relay;
    log_line(LOG_DEBUG, "http", "changes of %s: %s", address, error.message);
    relay_close(relay);
    return NULL;
}

static void forget_taken(struct relay *relay)
{
    relay->text.size -= relay->taken;
    memmove(relay->text.data, relay->text.data + relay->taken, relay->text.size);
    relay->taken = 0;
}

bool relay_next(struct relay *relay, struct event *event)
{
    for (;;) {
        size_t skipped;
        const weir_bytes text = {relay->text.data + relay->taken, relay->text.size - relay->taken};
        size_t size = text.size > 0 ? events_next(text, event, &skipped) : 0;
        if (size > 0) {
            relay->taken += size;
            return true;
        }
        relay->taken += text.size > 0 ? skipped : 0;
        if (relay->taken > 0)
            forget_taken(relay);
        if (!relay->is_paused)
            return false;
        relay->is_paused = false;
        http_stream_go_on(relay->stream);
        if (relay->text.size == 0)
            return false;
    }
}

bool relay_is_over(const struct relay *relay, int64_t now_us)
{
    unsigned status;
    const char *why;
    if (relay->is_too_large)
        return true;
    if (relay->is_paused)
        return false;
    int64_t silent_us = now_us - (relay->heard_us ? relay->heard_us : relay->opened_us);
    if (silent_us > (relay->heard_us ? SILENT_MS : UNHEARD_MS) * INT64_C(1000))
        return true;
    if (!http_stream_is_over(relay->stream, &status, &why))
        return false;
    if (status != 200 || why)
        log_line(LOG_DEBUG, "http", "changes of %s: status %u%s%s", relay->address, status, why ? ", " : "",
                 why ? why : "");
    return true;
}

void relay_close(struct relay *relay)
{
    http_stream_close(relay->stream);
    buffer_done(&relay->text);
    memory_free(relay->address);
    memory_free(relay);
}

/* health.c: probes. They look at this process only: never at Kafka, a registry or another instance, so that a fault
 * elsewhere does not restart us. Loop's thread, as has_run is written there.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/handlers.h"
#include "http/json.h"
#include "http/server.h"

enum probe { PROBE_LIVE = 1, PROBE_READY = 2, PROBE_STARTED = 4 };

static bool app_passes(struct weir_http *server, size_t index, enum probe probe)
{
    enum weir_state state = weir_app_state(server->apps[index]);
    if (probe == PROBE_LIVE)
        return state != WEIR_ERROR && state != WEIR_PENDING_ERROR;
    if (state == WEIR_RUNNING)
        server->has_run[index] = true;
    return probe == PROBE_READY ? state == WEIR_RUNNING : server->has_run[index];
}

static bool is_draining(struct weir_http *server)
{
    return atomic_load(&server->draining);
}

static bool passes(struct weir_http *server, enum probe probe)
{
    bool good = probe != PROBE_READY || !is_draining(server);
    for (size_t i = 0; i < server->app_count; i++)
        good = good && app_passes(server, i, probe);
    return good;
}

static void write_text(struct request *request, enum probe probe)
{
    struct weir_http *server = request->server;
    struct buffer *out = &request->response.body;
    bool good = passes(server, probe);
    if (request_value(request, QUERY_VERBOSE)->number) {
        if (probe == PROBE_READY)
            buffer_format(out, "[%c] serving\n", is_draining(server) ? '-' : '+');
        for (size_t i = 0; i < server->app_count; i++)
            buffer_format(out, "[%c] app %s: %s%s\n", app_passes(server, i, probe) ? '+' : '-',
                          weir_app_name(server->apps[i]), weir_state_name(weir_app_state(server->apps[i])),
                          weir_is_paused(server->apps[i]) ? ", paused" : "");
    }
    buffer_text(out, good ? "ok\n" : "not ok\n");
    request->response.status = good ? 200 : 503;
    request->response.media = "text/plain; charset=utf-8";
}

void handle_livez(struct request *request)
{
    write_text(request, PROBE_LIVE);
}

void handle_readyz(struct request *request)
{
    write_text(request, PROBE_READY);
}

void handle_startupz(struct request *request)
{
    write_text(request, PROBE_STARTED);
}

static void write_json(struct request *request, unsigned probes)
{
    struct weir_http *server = request->server;
    struct buffer *out = &request->response.body;
    bool good = (!(probes & PROBE_LIVE) || passes(server, PROBE_LIVE)) &&
                (!(probes & PROBE_READY) || passes(server, PROBE_READY));
    buffer_format(out, "{\"status\":\"%s\",\"live\":%s,\"ready\":%s,\"started\":%s,\"draining\":%s,\"apps\":[",
                  good ? "UP" : "DOWN", passes(server, PROBE_LIVE) ? "true" : "false",
                  passes(server, PROBE_READY) ? "true" : "false", passes(server, PROBE_STARTED) ? "true" : "false",
                  is_draining(server) ? "true" : "false");
    for (size_t i = 0; i < server->app_count; i++) {
        buffer_text(out, i ? ",{\"name\":" : "{\"name\":");
        json_text(out, weir_app_name(server->apps[i]));
        buffer_text(out, ",\"state\":");
        json_text(out, weir_state_name(weir_app_state(server->apps[i])));
        buffer_format(out, ",\"paused\":%s}", weir_is_paused(server->apps[i]) ? "true" : "false");
    }
    buffer_text(out, "]}\n");
    request->response.status = good ? 200 : 503;
    request->response.media = "application/json";
}

void handle_health(struct request *request)
{
    write_json(request, PROBE_LIVE | PROBE_READY);
}

void handle_health_live(struct request *request)
{
    write_json(request, PROBE_LIVE);
}

void handle_health_ready(struct request *request)
{
    write_json(request, PROBE_READY);
}

/* world.c: users who come and go, their requests, and what they change.
 * SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <stdio.h>
#include <string.h>

const char *const platform_topics[] = {"sessions.events", "audit.events", "requests.events", "limits.questions", NULL};

static const struct {
    const char *path;
    int service;
} routes[] = {{"/orders/{id}", 0},   {"/orders", 0}, {"/products", 1},
              {"/products/{id}", 1}, {"/login", 2},  {"/reports/{name}", 3}};
enum { ROUTES = sizeof routes / sizeof *routes, SERVICES = 4, USERS = 80 };

struct platform {
    int64_t sessions, questions;
    int64_t bad_until_ms; /* a service is down until then */
    int bad_service;
};

static void send(struct simulation *simulation, const char *topic, const char *key, const char *value, int64_t at_ms)
{
    simulation_send(simulation, (struct simulation_event){topic, key, value, at_ms});
}

static void send_session(struct simulation *simulation, int64_t session, int user, const char *type, int64_t at_ms)
{
    char value[SIMULATION_TEXT_MAX], id[32], time[SIMULATION_TIME_MAX];
    snprintf(id, sizeof id, "user-%03d", user);
    snprintf(value, sizeof value,
             "{\"sessionId\":\"session-%llx-%06lld\",\"userId\":\"%s\",\"type\":\"%s\",\"ip\":\"192.0.2.%d\","
             "\"userAgent\":\"Mozilla/5.0\",\"timestamp\":\"%s\"}",
             (unsigned long long)simulation_seed(simulation), (long long)session, id, type, user % 250 + 1,
             simulation_time(at_ms, time));
    send(simulation, "sessions.events", id, value, at_ms);
}

static void send_audit(struct simulation *simulation, int user, int64_t at_ms)
{
    static const char *const actions[] = {"READ", "UPDATE", "DELETE", "EXPORT"};
    char value[SIMULATION_TEXT_MAX], id[32], time[SIMULATION_TIME_MAX];
    snprintf(id, sizeof id, "user-%03d", user);
    snprintf(value, sizeof value,
             "{\"actor\":\"%s\",\"action\":\"%s\",\"resource\":\"order-%lld\",\"outcome\":\"%s\",\"ip\":\"192.0.2.%d\","
             "\"timestamp\":\"%s\",\"details\":{\"fields\":[\"status\"]}}",
             id, actions[simulation_draw_popular(simulation, 4)], (long long)simulation_draw(simulation, 1, 300),
             simulation_happens(simulation, 50) ? "DENIED" : "OK", user % 250 + 1, simulation_time(at_ms, time));
    send(simulation, "audit.events", id, value, at_ms);
}

static int64_t draw_latency(struct simulation *simulation)
{
    int64_t chance = simulation_draw(simulation, 0, 99);
    if (chance < 80)
        return simulation_draw(simulation, 2, 60);
    return chance < 98 ? simulation_draw(simulation, 60, 400) : simulation_draw(simulation, 400, 5000);
}

/* The gateway asks before it lets the request in; now and then it hears no answer and asks again. */
static void send_question(struct simulation *simulation, const char *client, const char *route, int64_t at_ms)
{
    struct platform *platform = simulation_self(simulation);
    char value[SIMULATION_TEXT_MAX], time[SIMULATION_TIME_MAX];
    snprintf(
        value, sizeof value,
        "{\"questionId\":\"question-%llx-%06lld\",\"client\":\"%s\",\"route\":\"%s\",\"cost\":%d,\"askedAt\":\"%s\"}",
        (unsigned long long)simulation_seed(simulation), (long long)++platform->questions, client, route,
        strcmp(route, "/reports/{name}") == 0 ? 5 : 1, simulation_time(at_ms, time));
    send(simulation, "limits.questions", client, value, at_ms);
    if (simulation_happens(simulation, 20))
        send(simulation, "limits.questions", client, value, at_ms);
}

static void send_request(struct simulation *simulation, int user, int64_t at_ms)
{
    struct platform *platform = simulation_self(simulation);
    char value[SIMULATION_TEXT_MAX], id[32], time[SIMULATION_TIME_MAX];
    int route = simulation_draw_popular(simulation, ROUTES);
    bool is_down = routes[route].service == platform->bad_service && at_ms < platform->bad_until_ms;
    int status = simulation_happens(simulation, is_down ? 900 : 8) ? 503
                 : simulation_happens(simulation, 30)              ? 404
                                                                   : 200;
    snprintf(id, sizeof id, "user-%03d", user);
    send_question(simulation, id, routes[route].path, at_ms);
    snprintf(value, sizeof value,
             "{\"client\":\"%s\",\"route\":\"%s\",\"status\":%d,\"latencyMs\":%lld,\"timestamp\":\"%s\"}", id,
             routes[route].path, status, (long long)draw_latency(simulation), simulation_time(at_ms, time));
    send(simulation, "requests.events", id, value, at_ms);
}

/* A visit: a session with its requests; most people log out, some just go. */
static void visit(struct simulation *simulation, int user, int64_t now_ms)
{
    struct platform *platform = simulation_self(simulation);
    int64_t session = ++platform->sessions, at_ms = now_ms;
    int64_t requests = simulation_draw(simulation, 2, 14);
    send_session(simulation, session, user, "CREATED", at_ms);
    for (int64_t i = 0; i < requests; i++) {
        at_ms += simulation_draw(simulation, 200, 40000);
        send_request(simulation, user, at_ms);
        if (simulation_happens(simulation, 300))
            send_session(simulation, session, user, "ACCESSED", at_ms);
        if (simulation_happens(simulation, 250))
            send_audit(simulation, user, at_ms);
    }
    if (simulation_happens(simulation, 600))
        send_session(simulation, session, user, "ENDED", at_ms + 1000);
}

/* A program that knows no patience. */
static void hammer(struct simulation *simulation, int user, int64_t now_ms)
{
    for (int i = 0; i < 70; i++)
        send_request(simulation, user, now_ms + i * 100);
}

static void step(struct simulation *simulation, int64_t now_ms)
{
    struct platform *platform = simulation_self(simulation);
    if (now_ms >= platform->bad_until_ms && simulation_happens(simulation, 40)) {
        platform->bad_service = simulation_draw_popular(simulation, SERVICES);
        platform->bad_until_ms = now_ms + simulation_draw(simulation, 30000, 120000);
    }
    int user = 1 + simulation_draw_popular(simulation, USERS);
    if (simulation_happens(simulation, 15))
        hammer(simulation, user, now_ms);
    else
        visit(simulation, user, now_ms);
}

const struct simulation_world platform_world = {
    .self_size = sizeof(struct platform), .events_per_step = 23, .step = step};

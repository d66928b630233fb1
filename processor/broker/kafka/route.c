/* route.c: from a message to the place that holds its partition. The hot path compares one address and indexes one
 * array: librdkafka gives the messages of a topic the handle that we hold ourselves.
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "kafka.h"

struct kafka_route *kafka_routes_named(const struct kafka_routes *routes, const char *topic)
{
    for (size_t i = 0; i < routes->count; i++)
        if (strcmp(routes->items[i]->topic, topic) == 0)
            return routes->items[i];
    return NULL;
}

struct kafka_route *kafka_routes_add(struct kafka_routes *routes, rd_kafka_t *client, const char *topic)
{
    assert(!kafka_routes_named(routes, topic));
    struct kafka_route *route = memory_new(sizeof *route);
    route->topic = memory_text(topic);
    route->handle = rd_kafka_topic_new(client, topic, NULL);
    routes->items = memory_grow(routes->items, &routes->capacity, routes->count + 1, sizeof(struct kafka_route *));
    routes->items[routes->count++] = route;
    return route;
}

static struct kafka_route *find_by_handle(struct kafka_routes *routes, const rd_kafka_topic_t *handle)
{
    if (routes->latest < routes->count && routes->items[routes->latest]->handle == handle)
        return routes->items[routes->latest];
    for (size_t i = 0; i < routes->count; i++)
        if (routes->items[i]->handle == handle) {
            routes->latest = i;
            return routes->items[i];
        }
    return handle ? kafka_routes_named(routes, rd_kafka_topic_name(handle)) : NULL;
}

struct kafka_slot *kafka_routes_slot(struct kafka_routes *routes, const rd_kafka_message_t *message)
{
    struct kafka_route *route = find_by_handle(routes, message->rkt);
    return route ? kafka_route_slot(route, message->partition) : NULL;
}

struct kafka_slot *kafka_route_slot(const struct kafka_route *route, int32_t partition)
{
    return partition >= 0 && (size_t)partition < route->capacity ? route->slots[partition] : NULL;
}

struct kafka_slot *kafka_route_hold(struct kafka_route *route, int32_t partition)
{
    assert(partition >= 0 && !kafka_route_slot(route, partition));
    size_t before = route->capacity;
    route->slots = memory_grow(route->slots, &route->capacity, (size_t)partition + 1, sizeof(struct kafka_slot *));
    if (route->capacity > before)
        memset(route->slots + before, 0, (route->capacity - before) * sizeof(struct kafka_slot *));
    struct kafka_slot *slot = memory_new(sizeof *slot);
    slot->route = route;
    slot->group = route->group;
    slot->source = route->source;
    slot->partition = partition;
    slot->position = -1;
    route->slots[partition] = slot;
    return slot;
}

void kafka_route_drop(struct kafka_route *route, int32_t partition)
{
    struct kafka_slot *slot = kafka_route_slot(route, partition);
    if (!slot)
        return;
    kafka_shelf_done(&slot->shelf);
    free(slot);
    route->slots[partition] = NULL;
}

static void free_route(struct kafka_route *route)
{
    for (size_t i = 0; i < route->capacity; i++)
        kafka_route_drop(route, (int32_t)i);
    if (route->handle)
        rd_kafka_topic_destroy(route->handle);
    free(route->slots);
    free(route->topic);
    free(route);
}

void kafka_routes_done(struct kafka_routes *routes)
{
    for (size_t i = 0; i < routes->count; i++)
        free_route(routes->items[i]);
    free(routes->items);
    *routes = (struct kafka_routes){0};
}

/* saga.c: the graph of the topology `commerce-saga`.
 *
 * Three services that know each other by topics alone, and so may be replaced one by one: orders (by order id), the keeper of the
 * stock (one partition, so that an order over several SKUs is reserved in one step), and notifications (by order id).
 *
 * Topics are delivered at least once. So each service remembers, by order id, what it has done, and says the same
 * again: a request that comes twice is answered twice with one answer, an answer that comes twice decides once. The demands of
 * the keeper lie in one partition of one topic, so a keeper that is restarted reads them in the same order and decides the same.
 * A notification that was given up is forgotten, so that its dead letter can be replayed when the service is well again.
 * SPDX-License-Identifier: Apache-2.0 */
#include "saga.h"

#include "inventory_event.h"
#include "inventory_request.h"
#include "inventory_response.h"
#include "inventory_stock.h"
#include "notification_dead_letter.h"
#include "notification_event.h"
#include "notification_request.h"
#include "order_command.h"
#include "order_event.h"
#include "pieces.h"
#include "record/once.h"
#include "saga_parts.h"
#include "saga_views.h"

enum { CALLS_AT_ONCE = 256 };

static void keep_orders(weir_topology *t)
{
    weir_add_store(t, "saga-orders", &weir_str_type, &saga_order_type);
    weir_stream *commands = weir_from(t, "orders.commands", &weir_str_type, &order_command_type,
                                      .timestamp = order_command_time, .require_key = true);
    weir_stream *responses =
        weir_from(t, "inventory.responses", &weir_str_type, &inventory_response_type, .require_key = true);
    weir_stream *accepted =
        weir_process(weir_filter(commands, is_sound_command, .name = "sound-commands"), &accept_processor,
                     .stores = {"saga-orders"}, .value = &saga_step_type, .name = "accept-orders");
    weir_stream *decided = weir_process(responses, &decide_processor, .stores = {"saga-orders"},
                                        .value = &saga_step_type, .name = "decide-orders");
    weir_stream *steps = weir_merge(accepted, decided);
    weir_to(weir_flat_map_values(steps, &order_event_type, order_event_of_step, .name = "order-events"),
            "orders.events");
    weir_to(weir_flat_map_values(steps, &inventory_request_type, request_of_step, .name = "inventory-requests"),
            "inventory.requests");
    weir_to(
        weir_flat_map_values(steps, &notification_request_type, notification_of_step, .name = "notification-requests"),
        "notifications.requests");
}

/* What is asked of the stock and what is set of it, in one order for ever. A RELEASE never overtakes a RESERVE that is a
 * dead letter. */
static weir_stream *read_demands(weir_topology *t)
{
    weir_stream *requests = weir_from(t, "inventory.requests", &weir_str_type, &inventory_request_type,
                                      .require_key = true, .park = "saga-parked-requests");
    weir_stream *levels = weir_from(t, "inventory.stock", &weir_str_type, &inventory_stock_type, .require_key = true);
    weir_stream *asked = weir_map_values(weir_filter(requests, is_sound_request, .name = "sound-requests"),
                                         &stock_demand_type, demand_of_request, .name = "asked");
    weir_stream *set = weir_map_values(weir_filter(levels, is_sound_level, .name = "sound-levels"), &stock_demand_type,
                                       demand_of_level, .name = "set");
    return weir_repartition(weir_merge(asked, set), "saga-stock-demands", .partitions = 1);
}

static void keep_stock(weir_topology *t)
{
    weir_add_store(t, "saga-stock", &weir_str_type, &saga_stock_type);
    weir_add_store(t, "saga-reservations", &weir_str_type, &saga_reservation_type);
    weir_stream *news = weir_process(read_demands(t), &keeper_processor, .stores = {"saga-stock", "saga-reservations"},
                                     .key = &weir_str_type, .value = &stock_news_type, .name = "keep-stock");
    weir_to(weir_flat_map_values(news, &inventory_response_type, response_of_news, .name = "responses"),
            "inventory.responses");
    weir_to(weir_flat_map_values(news, &inventory_event_type, event_of_news, .name = "stock-events"),
            "inventory.events");
}

/* A call that is given up is a dead letter of its request, which can be replayed, beside what notifications.dlq says of it in its
 * own shape. There is no breaker: three attempts are promised, however the service does. */
static weir_stream *call_service(weir_stream *requests, const struct weir_transport *transport)
{
    return weir_call(requests, "saga-notifications", notification_call, .answer = notification_outcome_of,
                     .value = &notification_outcome_type, .retries = NOTIFICATION_ATTEMPTS - 1,
                     .first_retry = weir_seconds(2), .timeout = weir_seconds(5), .breaker_failures = INT32_MAX,
                     .concurrency = CALLS_AT_ONCE, .given_up = WEIR_DEAD_LETTER, .transport = transport);
}

static void tell_given_up(weir_stream *outcomes)
{
    static struct once once = {.store = "saga-notified", .identity = notification_outcome_identity};
    weir_stream *given_up = weir_filter(outcomes, is_notification_given_up, .name = "notifications-given-up");
    weir_stream *forgotten = weir_process(given_up, &forget_processor, .stores = {"saga-notified"}, .user = &once,
                                          .name = "notifications-anew");
    weir_to(weir_map_values(forgotten, &notification_dead_letter_type, dead_letter_of_outcome,
                            .name = "notification-letters"),
            "notifications.dlq");
}

static void notify(weir_topology *t, const struct weir_transport *transport)
{
    static struct once once = {.store = "saga-notified", .identity = notification_request_identity};
    weir_add_store(t, "saga-notified", &weir_str_type, &weir_i64_type);
    weir_stream *requests =
        weir_from(t, "notifications.requests", &weir_str_type, &notification_request_type, .require_key = true);
    weir_stream *asked = weir_process(requests, &once_processor, .stores = {"saga-notified"}, .user = &once,
                                      .name = "notifications-once");
    weir_stream *outcomes = call_service(asked, transport);
    weir_to(weir_map_values(outcomes, &notification_event_type, event_of_outcome, .name = "notification-events"),
            "notifications.events");
    tell_given_up(outcomes);
}

weir_topology *saga_topology_over(const struct weir_transport *transport)
{
    weir_topology *t = weir_topology_new("commerce-saga");
    keep_orders(t);
    keep_stock(t);
    notify(t, transport);
    return t;
}

weir_topology *saga_topology(void)
{
    return saga_topology_over(NULL);
}

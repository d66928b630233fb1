/* pieces.h: the pieces saga.c puts together. Private to this folder. */
#ifndef WEIR_TOPOLOGIES_SAGA_PIECES_H
#define WEIR_TOPOLOGIES_SAGA_PIECES_H
#include "weir.h"

/* orders.c: the life of an order, as steps; both need the store saga-orders. */
weir_timestamp_of order_command_time;
weir_predicate is_sound_command; /* else it is a dead letter that names the field, or counted as dropped */
extern const struct weir_processor accept_processor, decide_processor;

/* steps.c: what a step says on which topic. */
weir_visitor order_event_of_step, request_of_step, notification_of_step;

/* demands.c: what the keeper of the stock is asked. */
weir_predicate is_sound_request, is_sound_level; /* likewise */
weir_mapper demand_of_request, demand_of_level;

/* keeper.c: the stock and its reservations, in one partition; needs the stores saga-stock and saga-reservations. */
extern const struct weir_processor keeper_processor;
weir_visitor response_of_news, event_of_news;

/* notifications.c: the call of the notification service. */
enum { NOTIFICATION_ATTEMPTS = 3 };
/* Order and outcome, of a request and of what came of it. */
weir_bytes notification_request_identity(weir_context *, const struct weir_record *);
weir_bytes notification_outcome_identity(weir_context *, const struct weir_record *);
weir_requester notification_call;
weir_answerer notification_outcome_of;
weir_predicate is_notification_given_up;
weir_mapper event_of_outcome, dead_letter_of_outcome;
#endif

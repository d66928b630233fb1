/* pieces.h: the pieces continental.c puts together. Private to this folder. */
#ifndef WEIR_TOPOLOGIES_CONTINENTAL_PIECES_H
#define WEIR_TOPOLOGIES_CONTINENTAL_PIECES_H
#include "weir.h"

/* closings.c: the call of the contracts service. */
weir_bytes continental_identity(weir_context *, const struct weir_record *);
weir_timestamp_of continental_time;
weir_requester closing_request;
weir_answerer closing_outcome_of;
weir_mapper closing_begun;
weir_joiner contract_with_closing;
weir_predicate is_closed, is_given_up;

/* payments.c: what was paid, and how the service does. */
weir_bytes outcome_identity(weir_context *, const struct weir_record *);
weir_bytes counted_identity(weir_context *, const struct weir_record *); /* given up once, closed once */
weir_mapper assassin_of, everybody;
weir_aggregator add_assassin, rank_assassin, unrank_assassin, add_coins, add_closing;
weir_mapper ranked_of;
#endif

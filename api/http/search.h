/* search.h: searches that topologies declare (weir_search). */
#ifndef WEIR_HTTP_SEARCH_H
#define WEIR_HTTP_SEARCH_H
#include "http/request.h"
#include "weir.h"

/* The name of the view whose index answers the request, which is a search. False: it is answered with a problem. */
bool search_find_view(struct request *, weir_bytes *name);
#endif

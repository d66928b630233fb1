/* cors.h: pages of other origins (Fetch, "HTTP-CORS protocol"). None may ask unless http.cors.origins names it, exactly;
 * credentials are never sent along by a browser, because there are no cookies. */
#ifndef WEIR_HTTP_CORS_H
#define WEIR_HTTP_CORS_H
#include "http/request.h"

/* The request is a browser's question whether a page may ask; then it is answered. */
bool cors_preflight(struct request *);
/* Tells the browser that the page may read the answer, where that is so. */
void cors_allow(struct request *);
#endif

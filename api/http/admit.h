/* admit.h: who asks, and whether they may ask this. */
#ifndef WEIR_HTTP_ADMIT_H
#define WEIR_HTTP_ADMIT_H
#include "http/request.h"

/* The request has its route. False: it is answered, with 401, 403 or 429. Otherwise its pass says who asks. Loop's thread. */
bool admit(struct request *);
#endif

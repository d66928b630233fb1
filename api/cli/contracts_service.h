/* contracts_service.h: the contracts service of the demo: it closes whatever it is asked to, but now and then it is busy. */
#ifndef WEIR_CLI_CONTRACTS_SERVICE_H
#define WEIR_CLI_CONTRACTS_SERVICE_H

struct contracts_service;

/* Listens on a free port of 127.0.0.1 and tells continental by its environment variable, unless it is set already; so call it
 * while there is one thread. NULL: no socket can be had. */
struct contracts_service *contracts_service_start(void);
void contracts_service_stop(struct contracts_service *); /* NULL is fine */
#endif

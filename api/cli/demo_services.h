/* demo_services.h: the services that the systems of the demo call, contracts and notifications: they do whatever they are asked to,
 * but now and then they are busy. */
#ifndef WEIR_CLI_DEMO_SERVICES_H
#define WEIR_CLI_DEMO_SERVICES_H

struct demo_services;

/* Listens on a free port of 127.0.0.1 and tells the systems by their environment variables, unless these are set already; so call it
 * while there is one thread. NULL: no socket can be had. */
struct demo_services *demo_services_start(void);
void demo_services_stop(struct demo_services *); /* NULL is fine */
#endif

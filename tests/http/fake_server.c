/* fake_server.c: the REST door on two fake apps, until standard input ends. Prints the port, and that of the admin's door if there is one; reads commands, one per line:
 * "drain"; "change ROW [MORE]" (so many times more) and "delete ROW" for those who follow customer-totals; "hold FROM COUNT [PORT]" (these
 * partitions are here from now on, the others on the instance at that port; none: nowhere). Used by tests/http/run, tests/browser and the benchmark.
 * SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "fake_app.h"

static void obey(weir_http *http, const char *line)
{
    int row = 0, count = 0, port = 0;
    if (strcmp(line, "drain\n") == 0)
        weir_http_drain(http);
    else if (sscanf(line, "hold %d %d %d", &row, &count, &port) >= 2)
        fake_app_hold(row, count, port);
    else if (sscanf(line, "delete %d", &row) == 1)
        fake_app_change(row, true);
    else if (sscanf(line, "change %d %d", &row, &count) >= 1)
        for (int i = 0; i <= count; i++)
            fake_app_change(row, false);
}

int main(int argc, char **argv)
{
    weir_app *apps[] = {fake_app_new("orders", 0), fake_app_new("stock", 1)};
    struct weir_error error = {0};
    static const struct weir_report reports[] = {
        {"best-customers",
         "-- Best customers\n-- Who spent most,\n-- and on what tier.\n-- :customers integer = 3 At most so "
         "many\n-- :tier text = GOLD Of this tier\n-- :since timestamp = 2024-12-04 Last order\n"
         "SELECT key AS customer, spent, last_order FROM customer_totals WHERE tier = :tier AND "
         "last_order >= :since ORDER BY spent_units DESC, key LIMIT :customers"},
        {"totals",
         "-- Totals\n-- Of all customers.\n-- @board orders figures\n-- @es Totales\n-- @es De todos los clientes.\n"
         "-- @es =customers clientes\n-- @es =orders pedidos\n"
         "SELECT count(*) AS customers, sum(orders) AS orders FROM customer_totals"},
        {"revenue-per-minute",
         "-- Revenue per minute\n-- @board orders line\n-- @es Ingresos por minuto\n-- @es =minute minuto\n"
         "-- @es =revenue ingresos\n"
         "SELECT window_start AS minute, sum(sum_units) / 100.0 AS revenue FROM revenue GROUP BY 1 ORDER BY 1"},
        {"customers-per-tier",
         "-- Customers per tier\n-- @board orders bars\n-- @es Clientes por nivel\n-- @es =tier nivel\n"
         "-- @es =customers clientes\nSELECT tier, count(*) AS customers FROM customer_totals GROUP BY tier ORDER BY 2 "
         "DESC"},
        {"largest-orders",
         "-- Best customers now\n-- :customers integer = 5 At most so many\n-- @board orders table\n"
         "-- @es Mejores clientes ahora\n-- @es :customers Como mucho tantos\n-- @es =customer cliente\n-- @es =spent "
         "gastado\nSELECT key AS customer, spent FROM customer_totals ORDER BY spent_units DESC LIMIT :customers"},
        {"one-customer", "-- One customer\n-- :customer text Who\nSELECT * FROM customer_totals WHERE key = :customer"},
        {NULL, NULL}};
    struct weir_http_options options = {.reports = reports,
                                        .port = (uint16_t)(argc > 1 ? atoi(argv[1]) : 0),
                                        .address = argc > 2 ? argv[2] : NULL,
                                        .title = "Weir demo"};
    char line[32];
    signal(SIGPIPE, SIG_IGN);
    weir_http *http = weir_http_start(apps, 2, options, &error);
    if (!http) {
        fprintf(stderr, "%s\n", error.message);
        free(apps[0]);
        free(apps[1]);
        return 2;
    }
    printf("%u\n", (unsigned)weir_http_port(http));
    if (weir_http_admin_port(http))
        printf("%u\n", (unsigned)weir_http_admin_port(http));
    fflush(stdout);
    while (fgets(line, sizeof line, stdin))
        obey(http, line);
    weir_http_stop(http);
    free(apps[0]);
    free(apps[1]);
    return 0;
}

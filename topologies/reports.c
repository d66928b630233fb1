/* reports.c: see reports.h. The files are compiled in by the assembler.
 * SPDX-License-Identifier: Apache-2.0 */
#include "reports.h"

#ifndef WEIR_TOPOLOGIES_DIR
#error "WEIR_TOPOLOGIES_DIR is the folder topologies of the sources (CMakeLists.txt)"
#endif

#define REPORT(symbol, file)                                                                                           \
    __asm__(".pushsection .rodata\n"                                                                                   \
            ".global weir_report_" #symbol "\n.hidden weir_report_" #symbol "\nweir_report_" #symbol ":\n"             \
            ".incbin \"" WEIR_TOPOLOGIES_DIR "/" file "\"\n"                                                           \
            ".byte 0\n.popsection\n");                                                                                 \
    extern const char weir_report_##symbol[];

REPORT(conversion, "commerce/reports/conversion.sql")
REPORT(revenue_per_day, "commerce/reports/revenue-per-day.sql")
REPORT(top_products, "commerce/reports/top-products.sql")
REPORT(top_customers, "commerce/reports/top-customers.sql")
REPORT(cancellations, "commerce/reports/cancellations.sql")
REPORT(low_stock, "commerce/reports/low-stock.sql")
REPORT(orders_of_customer, "commerce/reports/orders-of-customer.sql")
REPORT(refused, "saga/reports/refused.sql")
REPORT(pending_notifications, "saga/reports/pending-notifications.sql")

const struct topology_report topologies_reports[] = {
    {"commerce", {"commerce-conversion", weir_report_conversion}},
    {"commerce", {"commerce-revenue-per-day", weir_report_revenue_per_day}},
    {"commerce", {"commerce-top-products", weir_report_top_products}},
    {"commerce", {"commerce-top-customers", weir_report_top_customers}},
    {"commerce", {"commerce-cancellations", weir_report_cancellations}},
    {"commerce", {"commerce-low-stock", weir_report_low_stock}},
    {"commerce", {"commerce-orders-of-customer", weir_report_orders_of_customer}},
    {"commerce-saga", {"saga-refused", weir_report_refused}},
    {"commerce-saga", {"saga-pending-notifications", weir_report_pending_notifications}},
    {NULL, {NULL, NULL}},
};

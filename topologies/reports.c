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

REPORT(commerce_figures, "commerce/reports/figures.sql")
REPORT(commerce_orders_per_minute, "commerce/reports/orders-per-minute.sql")
REPORT(commerce_revenue_per_hour, "commerce/reports/revenue-per-hour.sql")
REPORT(commerce_top_products, "commerce/reports/top-products.sql")
REPORT(commerce_stock, "commerce/reports/stock.sql")
REPORT(commerce_cancellations, "commerce/reports/cancellations.sql")
REPORT(commerce_top_customers, "commerce/reports/top-customers.sql")
REPORT(commerce_confirmation_time, "commerce/reports/confirmation-time.sql")
REPORT(commerce_conversion, "commerce/reports/conversion.sql")
REPORT(commerce_revenue_per_day, "commerce/reports/revenue-per-day.sql")
REPORT(commerce_low_stock, "commerce/reports/low-stock.sql")
REPORT(commerce_orders_of_customer, "commerce/reports/orders-of-customer.sql")
REPORT(saga_orders, "saga/reports/orders.sql")
REPORT(saga_refused, "saga/reports/refused.sql")
REPORT(saga_stock, "saga/reports/stock.sql")
REPORT(saga_pending_notifications, "saga/reports/pending-notifications.sql")
REPORT(saga_breakers, "saga/reports/breakers.sql")
REPORT(tradex_orders_per_status, "tradex/reports/orders-per-status.sql")
REPORT(tradex_sales_per_hour, "tradex/reports/sales-per-hour.sql")
REPORT(tradex_sales_per_category, "tradex/reports/sales-per-category.sql")
REPORT(tradex_users, "tradex/reports/users.sql")
REPORT(tradex_low_stock, "tradex/reports/low-stock.sql")
REPORT(platform_figures, "platform/reports/figures.sql")
REPORT(platform_requests_per_minute, "platform/reports/requests-per-minute.sql")
REPORT(platform_routes, "platform/reports/routes.sql")
REPORT(platform_rate_limits, "platform/reports/rate-limits.sql")
REPORT(platform_decisions, "platform/reports/decisions.sql")
REPORT(platform_sessions, "platform/reports/sessions.sql")
REPORT(platform_breakers, "platform/reports/breakers.sql")
REPORT(platform_audit, "platform/reports/audit.sql")
REPORT(continental_figures, "continental/reports/figures.sql")
REPORT(continental_leaderboard, "continental/reports/leaderboard.sql")
REPORT(continental_closings_per_minute, "continental/reports/closings-per-minute.sql")
REPORT(continental_coins_per_hour, "continental/reports/coins-per-hour.sql")
REPORT(continental_contracts, "continental/reports/contracts.sql")
REPORT(continental_breakers, "continental/reports/breakers.sql")
REPORT(aurore_figures, "aurore/reports/figures.sql")
REPORT(aurore_events_per_minute, "aurore/reports/events-per-minute.sql")
REPORT(aurore_events_per_hour, "aurore/reports/events-per-hour.sql")
REPORT(aurore_top_services, "aurore/reports/top-services.sql")
REPORT(aurore_latest_events, "aurore/reports/latest-events.sql")
REPORT(joins_demand, "joins/reports/demand.sql")
REPORT(joins_campaigns, "joins/reports/campaigns.sql")
REPORT(joins_waiting, "joins/reports/waiting.sql")

/* Those of a board stand in its order. */
const struct topology_report topologies_reports[] = {
    {"commerce", {"commerce-figures", weir_report_commerce_figures}},
    {"commerce", {"commerce-orders-per-minute", weir_report_commerce_orders_per_minute}},
    {"commerce", {"commerce-revenue-per-hour", weir_report_commerce_revenue_per_hour}},
    {"commerce", {"commerce-top-products", weir_report_commerce_top_products}},
    {"commerce", {"commerce-stock", weir_report_commerce_stock}},
    {"commerce", {"commerce-cancellations", weir_report_commerce_cancellations}},
    {"commerce", {"commerce-top-customers", weir_report_commerce_top_customers}},
    {"commerce", {"commerce-confirmation-time", weir_report_commerce_confirmation_time}},
    {"commerce", {"commerce-conversion", weir_report_commerce_conversion}},
    {"commerce", {"commerce-revenue-per-day", weir_report_commerce_revenue_per_day}},
    {"commerce", {"commerce-low-stock", weir_report_commerce_low_stock}},
    {"commerce", {"commerce-orders-of-customer", weir_report_commerce_orders_of_customer}},
    {"commerce-saga", {"saga-orders", weir_report_saga_orders}},
    {"commerce-saga", {"saga-refused", weir_report_saga_refused}},
    {"commerce-saga", {"saga-stock", weir_report_saga_stock}},
    {"commerce-saga", {"saga-pending-notifications", weir_report_saga_pending_notifications}},
    {"commerce-saga", {"saga-breakers", weir_report_saga_breakers}},
    {"tradex", {"tradex-orders-per-status", weir_report_tradex_orders_per_status}},
    {"tradex", {"tradex-sales-per-hour", weir_report_tradex_sales_per_hour}},
    {"tradex", {"tradex-sales-per-category", weir_report_tradex_sales_per_category}},
    {"tradex", {"tradex-users", weir_report_tradex_users}},
    {"tradex", {"tradex-low-stock", weir_report_tradex_low_stock}},
    {"platform", {"platform-figures", weir_report_platform_figures}},
    {"platform", {"platform-requests-per-minute", weir_report_platform_requests_per_minute}},
    {"platform", {"platform-routes", weir_report_platform_routes}},
    {"platform", {"platform-rate-limits", weir_report_platform_rate_limits}},
    {"platform", {"platform-decisions", weir_report_platform_decisions}},
    {"platform", {"platform-sessions", weir_report_platform_sessions}},
    {"platform", {"platform-breakers", weir_report_platform_breakers}},
    {"platform", {"platform-audit", weir_report_platform_audit}},
    {"continental", {"continental-figures", weir_report_continental_figures}},
    {"continental", {"continental-leaderboard", weir_report_continental_leaderboard}},
    {"continental", {"continental-closings-per-minute", weir_report_continental_closings_per_minute}},
    {"continental", {"continental-coins-per-hour", weir_report_continental_coins_per_hour}},
    {"continental", {"continental-contracts", weir_report_continental_contracts}},
    {"continental", {"continental-breakers", weir_report_continental_breakers}},
    {"aurore", {"aurore-figures", weir_report_aurore_figures}},
    {"aurore", {"aurore-events-per-minute", weir_report_aurore_events_per_minute}},
    {"aurore", {"aurore-events-per-hour", weir_report_aurore_events_per_hour}},
    {"aurore", {"aurore-top-services", weir_report_aurore_top_services}},
    {"aurore", {"aurore-latest-events", weir_report_aurore_latest_events}},
    {"joins", {"joins-demand", weir_report_joins_demand}},
    {"joins", {"joins-campaigns", weir_report_joins_campaigns}},
    {"joins", {"joins-waiting", weir_report_joins_waiting}},
    {NULL, {NULL, NULL}},
};

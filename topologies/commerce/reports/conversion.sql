-- Conversion rate
-- How many of the orders that were created have been confirmed, and how many cancelled.
-- @es Tasa de conversión
-- @es Cuántos de los pedidos creados se han confirmado y cuántos se han cancelado.
-- @es =created creados
-- @es =confirmed confirmados
-- @es =cancelled cancelados
-- @es =confirmed_percent % confirmados
-- @es =cancelled_percent % cancelados
WITH m AS (
    SELECT coalesce(max(count) FILTER (WHERE key = 'orders.created'), 0) AS created,
           coalesce(max(count) FILTER (WHERE key = 'orders.confirmed'), 0) AS confirmed,
           coalesce(max(count) FILTER (WHERE key = 'orders.cancelled'), 0) AS cancelled
    FROM commerce_metrics
    WHERE key IN ('orders.created', 'orders.confirmed', 'orders.cancelled')
)
SELECT created, confirmed, cancelled,
       round(100.0 * confirmed / nullif(created, 0), 2) AS confirmed_percent,
       round(100.0 * cancelled / nullif(created, 0), 2) AS cancelled_percent
FROM m

-- Orders and revenue
-- Since the first order.
-- @board commerce figures
-- @es Pedidos e ingresos
-- @es Desde el primer pedido.
-- @es =created creados
-- @es =confirmed confirmados
-- @es =cancelled cancelados
-- @es =confirmed_percent % confirmados
-- @es =revenue ingresos
-- @es =lost perdido
SELECT max(count) FILTER (WHERE key = 'orders.created') AS created,
       max(count) FILTER (WHERE key = 'orders.confirmed') AS confirmed,
       max(count) FILTER (WHERE key = 'orders.cancelled') AS cancelled,
       round(100.0 * max(count) FILTER (WHERE key = 'orders.confirmed') /
             max(count) FILTER (WHERE key = 'orders.created'), 1) AS confirmed_percent,
       max(amount_units) FILTER (WHERE key = 'revenue.confirmed') / 10000.0 AS revenue,
       max(amount_units) FILTER (WHERE key = 'revenue.lost') / 10000.0 AS lost
FROM commerce_metrics
WHERE key IN ('orders.created', 'orders.confirmed', 'orders.cancelled', 'revenue.confirmed', 'revenue.lost')

-- Revenue per day
-- What confirmed orders brought in, the latest days first.
-- :days integer = 30 At most so many days
-- @es Ingresos por día
-- @es Lo que trajeron los pedidos confirmados, los últimos días primero.
-- @es :days Como mucho tantos días
-- @es =day día
-- @es =orders pedidos
-- @es =revenue ingresos
-- @es =revenue_per_order ingresos por pedido
SELECT substr(window_start, 1, 10) AS day, count AS orders, amount_units / 10000.0 AS revenue,
       round(amount_units / 10000.0 / count, 2) AS revenue_per_order
FROM commerce_metrics_per_day
WHERE key = 'revenue.confirmed'
ORDER BY day DESC
LIMIT :days

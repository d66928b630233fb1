-- Revenue per hour
-- What confirmed orders brought in, and what was lost with cancelled ones, over a day.
-- @board commerce line
-- @es Ingresos por hora
-- @es Lo que trajeron los pedidos confirmados y lo que se perdió con los cancelados, en un día.
-- @es =hour hora
-- @es =revenue ingresos
-- @es =lost perdido
SELECT window_start AS hour,
       coalesce(max(amount_units) FILTER (WHERE key = 'revenue.confirmed'), 0) / 10000.0 AS revenue,
       coalesce(max(amount_units) FILTER (WHERE key = 'revenue.lost'), 0) / 10000.0 AS lost
FROM commerce_metrics_per_hour
WHERE key IN ('revenue.confirmed', 'revenue.lost') AND window_start >= strftime('%Y-%m-%dT%H:00:00.000Z', 'now', '-1 day')
GROUP BY hour
ORDER BY hour

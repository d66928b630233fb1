-- Orders per minute
-- The last hour, by the time of the events.
-- @board commerce line
-- @es Pedidos por minuto
-- @es La última hora, según la hora de los eventos.
-- @es =minute minuto
-- @es =created creados
-- @es =confirmed confirmados
-- @es =cancelled cancelados
SELECT window_start AS minute,
       coalesce(max(count) FILTER (WHERE key = 'orders.created'), 0) AS created,
       coalesce(max(count) FILTER (WHERE key = 'orders.confirmed'), 0) AS confirmed,
       coalesce(max(count) FILTER (WHERE key = 'orders.cancelled'), 0) AS cancelled
FROM commerce_metrics_per_minute
WHERE key IN ('orders.created', 'orders.confirmed', 'orders.cancelled') AND window_start >= strftime('%Y-%m-%dT%H:%M:00.000Z', 'now', '-1 hour')
GROUP BY minute
ORDER BY minute

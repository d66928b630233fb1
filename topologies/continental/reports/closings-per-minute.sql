-- Closings per minute
-- Over the last hour.
-- @board continental line
-- @es Cierres por minuto
-- @es Durante la última hora.
-- @es =minute minuto
-- @es =closed cerrados
-- @es =failed fallidos
-- @es =errors errores
SELECT window_start AS minute, closed, failed, errors
FROM continental_closings_per_minute
WHERE key = 'all' AND window_start >= strftime('%Y-%m-%dT%H:%M:00.000Z', 'now', '-1 hour')
ORDER BY minute

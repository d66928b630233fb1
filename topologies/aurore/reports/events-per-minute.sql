-- Events per minute
-- Over the last hour.
-- @board aurore line
-- @es Eventos por minuto
-- @es Durante la última hora.
-- @es =minute minuto
-- @es =events eventos
SELECT window_start AS minute, value AS events
FROM aurore_per_minute
WHERE key = 'all' AND window_start >= strftime('%Y-%m-%dT%H:%M:00.000Z', 'now', '-1 hour')
ORDER BY minute

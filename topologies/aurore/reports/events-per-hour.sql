-- Events per hour
-- Over a day.
-- @board aurore line
-- @es Eventos por hora
-- @es Durante un día.
-- @es =hour hora
-- @es =events eventos
SELECT window_start AS hour, value AS events
FROM aurore_per_hour
WHERE key = 'all' AND window_start >= strftime('%Y-%m-%dT%H:00:00.000Z', 'now', '-1 day')
ORDER BY hour

-- Events
-- All of them, the last hours, and the average.
-- @board aurore figures
-- @es Eventos
-- @es Todos, las últimas horas y la media.
-- @es =events eventos
-- @es =last_hour última hora
-- @es =last_day último día
-- @es =per_minute por minuto
-- @es =services servicios
SELECT events,
       (SELECT value FROM aurore_last_hour WHERE key = 'all' AND window_start = strftime('%Y-%m-%dT%H:%M:00.000Z', 'now', '-59 minutes')) AS last_hour,
       (SELECT value FROM aurore_last_day WHERE key = 'all' AND window_start = strftime('%Y-%m-%dT%H:00:00.000Z', 'now', '-23 hours')) AS last_day,
       round(events * 60000.0 / max(last_ms - first_ms, 60000)) AS per_minute,
       (SELECT count(*) FROM aurore_services) AS services
FROM aurore_total
WHERE key = 'all'

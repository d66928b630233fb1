-- Requests per minute
-- All routes, over the last hour.
-- @board platform line
-- @es Peticiones por minuto
-- @es Todas las rutas, durante la última hora.
-- @es =minute minuto
-- @es =requests peticiones
-- @es =errors errores
SELECT window_start AS minute, sum(requests) AS requests, sum(errors) AS errors
FROM platform_requests_per_minute
WHERE window_start >= strftime('%Y-%m-%dT%H:%M:00.000Z', 'now', '-1 hour')
GROUP BY minute
ORDER BY minute

-- Users and requests
-- Sessions now, and the latest full minute of requests.
-- @board platform figures
-- @es Usuarios y peticiones
-- @es Las sesiones de ahora y el último minuto completo de peticiones.
-- @es =users usuarios
-- @es =sessions sesiones
-- @es =requests peticiones
-- @es =error_percent % errores
-- @es =limited_clients clientes limitados
SELECT users, sessions,
       (SELECT sum(requests) FROM platform_requests_per_minute WHERE window_start = minute) AS requests,
       (SELECT round(100.0 * sum(errors) / sum(requests), 2) FROM platform_requests_per_minute WHERE window_start = minute) AS error_percent,
       (SELECT count(*) FROM platform_rate_limits WHERE NOT allow) AS limited_clients
FROM platform_concurrent_users, (SELECT strftime('%Y-%m-%dT%H:%M:00.000Z', 'now', '-1 minute') AS minute)
WHERE key = 'all'

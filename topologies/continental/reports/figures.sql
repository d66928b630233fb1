-- Contracts closed
-- The latest minute, and what waits for the service.
-- @board continental figures
-- @es Contratos cerrados
-- @es El último minuto, y lo que espera al servicio.
-- @es =closed cerrados
-- @es =failed fallidos
-- @es =service_errors errores del servicio
-- @es =mean_ms media ms
-- @es =p95_ms p95 ms
-- @es =waiting en espera
SELECT closed, failed, errors AS service_errors, meanMs AS mean_ms, p95Ms AS p95_ms,
       (SELECT count(*) FROM continental_calls) AS waiting
FROM continental_closings_per_minute
WHERE key = 'all'
ORDER BY window_start DESC
LIMIT 1

-- Routes
-- Load and latency of the latest hour with requests.
-- @board platform table
-- @es Rutas
-- @es Carga y latencia de la última hora con peticiones.
-- @es =route ruta
-- @es =requests peticiones
-- @es =per_second por segundo
-- @es =error_percent % errores
-- @es =p50_ms p50 ms
-- @es =p95_ms p95 ms
-- @es =p99_ms p99 ms
SELECT key AS route, requests, perSecond AS per_second, round(100 * errorRate, 2) AS error_percent,
       p50Ms AS p50_ms, p95Ms AS p95_ms, p99Ms AS p99_ms
FROM platform_requests_per_hour
WHERE window_start = (SELECT max(window_start) FROM platform_requests_per_hour)
ORDER BY requests DESC, key
LIMIT 10

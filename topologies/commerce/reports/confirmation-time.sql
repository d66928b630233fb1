-- From created to confirmed
-- Milliseconds that half, 95 and 99 of a hundred orders took at most, per hour.
-- @board commerce line
-- @es De creado a confirmado
-- @es Milisegundos que tardaron como mucho la mitad, 95 y 99 de cada cien pedidos, por hora.
-- @es =hour hora
-- @es =p50_ms p50 ms
-- @es =p95_ms p95 ms
-- @es =p99_ms p99 ms
SELECT window_start AS hour, p50_ms, p95_ms, p99_ms
FROM commerce_confirmation_time
WHERE key = 'all' AND window_start >= strftime('%Y-%m-%dT%H:00:00.000Z', 'now', '-1 day')
ORDER BY hour

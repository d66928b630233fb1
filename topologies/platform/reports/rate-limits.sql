-- Rate limits
-- The clients that were denied most.
-- @board platform table
-- @es Límites de peticiones
-- @es Los clientes más veces rechazados.
-- @es =client cliente
-- @es =allowed máximo
-- @es =remaining restantes
-- @es =reset reinicio
-- @es =denied rechazadas
SELECT key AS client, "limit" AS allowed, remaining, reset, denied
FROM platform_rate_limits
ORDER BY denied DESC, key
LIMIT 10

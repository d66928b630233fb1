-- Contracts service
-- The circuit breaker of each partition.
-- @board continental table
-- @es Servicio de contratos
-- @es El cortacircuitos de cada partición.
-- @es =breaker cortacircuitos
-- @es =state estado
-- @es =since desde
-- @es =opened abierto
-- @es =accepted aceptadas
SELECT key AS breaker, state, since, opened, accepted
FROM continental_calls_breaker
ORDER BY key

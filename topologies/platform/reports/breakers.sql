-- Circuit breakers
-- Per service.
-- @board platform table
-- @es Cortacircuitos
-- @es Por servicio.
-- @es =service servicio
-- @es =state estado
-- @es =since desde
-- @es =opened abierto
SELECT key AS service, state, since, opened
FROM platform_circuit_breakers
ORDER BY key

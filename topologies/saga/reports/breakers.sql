-- Notification service
-- The circuit breaker of each partition.
-- @board commerce-saga table
-- @es Servicio de notificaciones
-- @es El cortacircuitos de cada partición.
-- @es =breaker cortacircuitos
-- @es =state estado
-- @es =since desde
-- @es =opened abierto
-- @es =accepted aceptadas
SELECT key AS breaker, state, since, opened, accepted
FROM saga_notifications_breaker
ORDER BY key

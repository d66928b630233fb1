-- Latest audit records
-- @board platform table
-- @es Últimos registros de auditoría
-- @es =at hora
-- @es =actor actor
-- @es =action acción
-- @es =resource recurso
-- @es =outcome resultado
SELECT value_timestamp AS at, actor, action, resource, outcome
FROM platform_audit_by_time
ORDER BY key DESC
LIMIT 10

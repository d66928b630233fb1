-- Pending notifications
-- Which customers have not been told yet, and why.
-- @board commerce-saga table
-- @es Notificaciones pendientes
-- @es A qué clientes no se ha avisado todavía, y por qué.
-- @es =order_id pedido
-- @es =attempts intentos
-- @es =due prevista
-- @es =last_error último error
SELECT rtrim(rtrim(key, '0123456789'), '/') AS order_id, attempts, dueAt AS due, lastError AS last_error
FROM saga_notifications
ORDER BY attempts DESC, key
LIMIT 100

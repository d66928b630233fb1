-- Sessions per user
-- Who has most of them now.
-- @board platform bars
-- @es Sesiones por usuario
-- @es Quién tiene más ahora.
-- @es =user usuario
-- @es =sessions sesiones
SELECT key AS user, json_array_length(sessions) AS sessions
FROM platform_active_sessions
ORDER BY 2 DESC, key
LIMIT 10

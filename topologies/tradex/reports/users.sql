-- Users per role
-- @board tradex bars
-- @es Usuarios por rol
-- @es =role rol
-- @es =users usuarios
SELECT key AS role, value AS users
FROM tradex_users_per_role
ORDER BY users DESC, key

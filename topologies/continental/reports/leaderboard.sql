-- Leaderboard
-- Assassins by the coins they were paid.
-- @board continental table
-- @es Clasificación
-- @es Asesinos según las monedas cobradas.
-- @es =rank puesto
-- @es =assassin asesino
-- @es =eliminations eliminaciones
-- @es =coins monedas
SELECT json_extract(one.value, '$.rank') AS rank, json_extract(one.value, '$.assassinId') AS assassin,
       json_extract(one.value, '$.eliminations') AS eliminations, json_extract(one.value, '$.coins') AS coins
FROM continental_leaderboard, json_each(assassins) AS one
WHERE continental_leaderboard.key = 'all'
ORDER BY rank
LIMIT 10

-- Decisions on limits
-- Of POST /limits, by who was denied most.
-- @board platform table
-- @es Decisiones sobre límites
-- @es De POST /limits, según a quién se rechazó más.
-- @es =client cliente
-- @es =policy política
-- @es =allowed permitidas
-- @es =denied rechazadas
-- @es =remaining restantes
SELECT substr(key, 1, length(key) - length(policy) - 1) AS client, policy, allowed, denied,
       "limit" - coalesce((SELECT sum(json_extract(one.value, '$.cost')) FROM json_each(grants) AS one
                           WHERE json_extract(one.value, '$.at') > strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-60 seconds')), 0) AS remaining
FROM (SELECT *, CASE WHEN key LIKE '%/login' THEN 'login' ELSE 'default' END AS policy FROM platform_granted)
ORDER BY denied DESC, allowed DESC, key
LIMIT 10

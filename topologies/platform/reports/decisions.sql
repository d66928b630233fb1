-- Decisions on limits
-- What POST /limits said within the last hour, to whom it said no most; remaining: as of now.
-- @board platform table
-- @es Decisiones sobre límites
-- @es Lo que contestó POST /limits en la última hora, a quien más negó; restantes: en este momento.
-- @es =client cliente
-- @es =policy política
-- @es =allowed permitidas
-- @es =denied rechazadas
-- @es =remaining restantes
-- @es =latest última
SELECT substr(granted.key, 1, length(granted.key) - length(policy) - 1) AS client, policy, allowed, denied,
       "limit" - coalesce((SELECT sum(json_extract(one.value, '$.cost')) FROM json_each(grants) AS one
                           WHERE json_extract(one.value, '$.at') > strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-60 seconds')), 0) AS remaining,
       latest
FROM (SELECT key, grants, "limit", allowed, denied, latest, CASE WHEN key LIKE '%/login' THEN 'login' ELSE 'default' END AS policy
      FROM platform_granted) AS granted
ORDER BY denied DESC, allowed DESC, granted.key
LIMIT 10

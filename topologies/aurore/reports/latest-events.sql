-- Latest events
-- :events integer = 10 At most so many events
-- @board aurore table
-- @es Últimos eventos
-- @es :events Como mucho tantos eventos
-- @es =at hora
-- @es =service servicio
-- @es =message mensaje
SELECT value_timestamp AS at, service, message
FROM aurore_events_by_time
ORDER BY key DESC
LIMIT :events

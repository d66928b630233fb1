-- Top services
-- By all their events.
-- :services integer = 10 At most so many services
-- @board aurore bars
-- @es Servicios principales
-- @es Por todos sus eventos.
-- @es :services Como mucho tantos servicios
-- @es =service servicio
-- @es =events eventos
-- @es =last último
SELECT key AS service, events, last
FROM aurore_services
ORDER BY events DESC, key
LIMIT :services

-- Orders of the saga
-- By state: a pending one waits for its reservation.
-- @board commerce-saga figures
-- @es Pedidos de la saga
-- @es Por estado: los pendientes esperan su reserva.
-- @es =pending pendientes
-- @es =confirmed confirmados
-- @es =cancelled cancelados
-- @es =value valor
SELECT count(*) FILTER (WHERE status = 'PENDING') AS pending,
       count(*) FILTER (WHERE status = 'CONFIRMED') AS confirmed,
       count(*) FILTER (WHERE status = 'CANCELLED') AS cancelled,
       coalesce(sum(total_units) FILTER (WHERE status = 'CONFIRMED'), 0) / 10000.0 AS value
FROM saga_orders

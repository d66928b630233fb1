-- Orders of a customer
-- The latest orders of one customer, with their items.
-- :customer text Id of the customer
-- :since timestamp = 1970-01-01 Only orders created since then
-- @es Pedidos de un cliente
-- @es Los últimos pedidos de un cliente, con sus artículos.
-- @es :customer Identificador del cliente
-- @es :since Solo pedidos creados desde entonces
-- @es =order_id pedido
-- @es =status estado
-- @es =reason motivo
-- @es =total total
-- @es =created creado
-- @es =items artículos
SELECT order_id, status, reason, total, created, json_array_length(items) AS items
FROM commerce_orders
WHERE customer_id = :customer AND created >= :since
ORDER BY created DESC, order_id
LIMIT 100

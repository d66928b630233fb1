-- Top customers
-- The customers with the highest spend on confirmed orders.
-- :customers integer = 10 At most so many customers
-- @board commerce table
-- @es Mejores clientes
-- @es Los clientes que más han gastado en pedidos confirmados.
-- @es :customers Como mucho tantos clientes
-- @es =customer cliente
-- @es =orders pedidos
-- @es =spend gasto
-- @es =spend_per_order gasto por pedido
SELECT key AS customer, orders, spend_units / 10000.0 AS spend, round(spend_units / 10000.0 / orders, 2) AS spend_per_order
FROM commerce_customers
ORDER BY spend_units DESC, key
LIMIT :customers

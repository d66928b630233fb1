-- Demand per product
-- Units that were asked for, and orders that want more than there is.
-- @board joins table
-- @es Demanda por producto
-- @es Unidades pedidas, y pedidos que quieren más de lo que hay.
-- @es =orders pedidos
-- @es =units unidades
-- @es =short sin existencias
-- @es =sku SKU
SELECT key AS sku, orders, units, short
FROM joins_demand
ORDER BY units DESC, key
LIMIT 10

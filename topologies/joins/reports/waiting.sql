-- Waiting orders
-- Which products orders wait for.
-- @board joins bars
-- @es Pedidos en espera
-- @es A qué productos esperan los pedidos.
-- @es =orders pedidos
-- @es =units unidades
-- @es =sku SKU
SELECT key AS sku, orders, units
FROM joins_waiting_per_sku
ORDER BY orders DESC, key
LIMIT 10

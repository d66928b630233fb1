-- Orders per status
-- @board tradex bars
-- @es Pedidos por estado
-- @es =orders pedidos
-- @es =status estado
SELECT key AS status, value AS orders
FROM tradex_orders_per_status
ORDER BY orders DESC, key

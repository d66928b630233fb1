-- Refused orders
-- For want of which products orders were cancelled, and what they were worth.
-- :products integer = 10 At most so many products
-- @board commerce-saga bars
-- @es Pedidos rechazados
-- @es Por falta de qué productos se cancelaron pedidos y cuánto valían.
-- @es :products Como mucho tantos productos
-- @es =orders pedidos
-- @es =requested solicitadas
-- @es =worth valor
-- @es =sku SKU
SELECT sku, count(*) AS orders, sum(requested) AS requested, sum(total_units) / 10000.0 AS worth
FROM saga_orders
WHERE status = 'CANCELLED'
GROUP BY sku
ORDER BY orders DESC, sku
LIMIT :products

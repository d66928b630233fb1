-- Stock
-- Available units, the scarcest products first.
-- @board commerce bars
-- @es Existencias
-- @es Unidades disponibles, primero los productos más escasos.
-- @es =available disponibles
-- @es =sku SKU
SELECT key AS sku, available
FROM commerce_stock
ORDER BY available, key
LIMIT 10

-- Low stock
-- What will soon be out of stock.
-- :below integer = 20 Available units below this
-- @es Pocas existencias
-- @es Lo que se agotará pronto.
-- @es :below Menos unidades disponibles que estas
-- @es =available disponibles
-- @es =reserved reservadas
-- @es =quantity cantidad
-- @es =updated actualizado
-- @es =sku SKU
SELECT key AS sku, available, reserved, quantity, updated
FROM commerce_stock
WHERE available < :below
ORDER BY available, key

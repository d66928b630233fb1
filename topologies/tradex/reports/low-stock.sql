-- Low stock
-- What will soon be sold out.
-- @board tradex table
-- @es Pocas existencias
-- @es Lo que se agotará pronto.
-- @es =product producto
-- @es =name nombre
-- @es =category categoría
-- @es =price precio
-- @es =stock existencias
SELECT key AS product, name, category, price, stock
FROM tradex_low_stock
ORDER BY stock, key
LIMIT 10

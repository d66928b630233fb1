-- Top products
-- The products that brought in most.
-- :products integer = 10 At most so many products
-- @board commerce table
-- @es Productos principales
-- @es Los productos que más ingresos trajeron.
-- @es :products Como mucho tantos productos
-- @es =units unidades
-- @es =revenue ingresos
-- @es =percent_of_revenue % de los ingresos
-- @es =sku SKU
SELECT key AS sku, units, revenue_units / 10000.0 AS revenue,
       round(100.0 * revenue_units / sum(revenue_units) OVER (), 2) AS percent_of_revenue
FROM commerce_products
ORDER BY revenue_units DESC, key
LIMIT :products

-- Top products
-- The products that brought in most.
-- :products integer = 10 At most so many products
SELECT key AS sku, units, revenue_units / 10000.0 AS revenue,
       round(100.0 * revenue_units / sum(revenue_units) OVER (), 2) AS percent_of_revenue
FROM commerce_products
ORDER BY revenue_units DESC, key
LIMIT :products

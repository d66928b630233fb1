-- Refused orders
-- For want of which products orders were cancelled, and what they were worth.
-- :products integer = 10 At most so many products
SELECT sku, count(*) AS orders, sum(requested) AS requested, sum(total_units) / 10000.0 AS worth
FROM saga_orders
WHERE status = 'CANCELLED'
GROUP BY sku
ORDER BY orders DESC, sku
LIMIT :products

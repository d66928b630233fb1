-- Top customers
-- The customers with the highest spend on confirmed orders.
-- :customers integer = 10 At most so many customers
SELECT key AS customer, orders, spend_units / 10000.0 AS spend, round(spend_units / 10000.0 / orders, 2) AS spend_per_order
FROM commerce_customers
ORDER BY spend_units DESC, key
LIMIT :customers

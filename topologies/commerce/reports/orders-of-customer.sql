-- Orders of a customer
-- The latest orders of one customer, with their items.
-- :customer text Id of the customer
-- :since timestamp = 1970-01-01 Only orders created since then
SELECT order_id, status, reason, total, created, json_array_length(items) AS items
FROM commerce_orders
WHERE customer_id = :customer AND created >= :since
ORDER BY created DESC, order_id
LIMIT 100

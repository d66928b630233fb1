-- Low stock
-- What will soon be out of stock.
-- :below integer = 20 Available units below this
SELECT key AS sku, available, reserved, quantity, updated
FROM commerce_stock
WHERE available < :below
ORDER BY available, key
